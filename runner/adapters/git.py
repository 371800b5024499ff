"""Version control: which commit is judged, and whether the tree is that commit's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from runner.adapters import shell
from runner.errors import InfrastructureError


@dataclass(frozen=True, slots=True)
class Source:
    """The commit (40 hex digits, '' where there is none), the branch, and whether the tree is clean."""

    commit: str = ""
    branch: str = ""
    clean: bool | None = None
    changes: str = ""  # digest of what differs from the commit in tracked files

    def moved_to(self, now: Source) -> str:
        """What happened to the source since; '' if it is still the same."""
        if self.commit != now.commit:
            return (
                f"the commit was {self.commit[:12] or 'none'} when the run began, now it is {now.commit[:12]}"
            )
        return "" if self.changes == now.changes else "a file was edited while the run went on"


def source(root: Path) -> Source:
    """What git says of the folder's own subtree; nothing where there is no git or no commit."""
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if not commit:
        return Source()
    changed = _git(root, "status", "--porcelain", "--untracked-files=normal", "--", ".")
    edits = hashlib.sha256(
        (_git(root, "diff", "HEAD", "--", ".") or "").encode("utf-8", "replace")
    ).hexdigest()
    return Source(commit, _git(root, "rev-parse", "--abbrev-ref", "HEAD") or "", changed == "", edits)


def _git(root: Path, *words: str) -> str | None:
    try:
        done = shell.run(["git", "-C", str(root), *words], env=shell.tool_env(), timeout=30)
    except InfrastructureError:
        return None
    return done.output.strip() if done.code == 0 else None
