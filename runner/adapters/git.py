"""Version control: which commit is judged, and whether the tree is that commit's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from runner.adapters import shell
from runner.errors import InfrastructureError


@dataclass(frozen=True, slots=True)
class Source:
    """The commit (40 hex digits, '' where there is none), the branch, and whether the tree is clean.

    `tree` is git's own digest of the folder at that commit, `edits` one of what differs from it in
    tracked files: what somebody commits elsewhere in the repository moves neither."""

    commit: str = ""
    branch: str = ""
    clean: bool | None = None
    tree: str = ""
    edits: str = ""

    def moved_to(self, now: Source) -> str:
        """What happened to the folder's source since; '' if it is still the same."""
        if self.tree != now.tree:
            was = self.commit[:12] or "no commit"
            return f"it was that of {was} when the run began, now it is that of {now.commit[:12]}"
        return "" if self.edits == now.edits else "a file was edited while the run went on"


def source(root: Path) -> Source:
    """What git says of the folder's own subtree; nothing where there is no git or no commit."""
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if not commit:
        return Source()
    changed = _git(root, "status", "--porcelain", "--untracked-files=normal", "--", ".")
    edits = hashlib.sha256((_git(root, "diff", "HEAD", "--", ".") or "").encode("utf-8", "replace"))
    branch = _git(root, "rev-parse", "--abbrev-ref", "HEAD") or ""
    tree = _git(root, "rev-parse", "HEAD:./") or ""
    return Source(commit, branch, changed == "", tree, edits.hexdigest())


def _git(root: Path, *words: str) -> str | None:
    try:
        done = shell.run(["git", "-C", str(root), *words], env=shell.tool_env(), timeout=30)
    except InfrastructureError:
        return None
    return done.output.strip() if done.code == 0 else None
