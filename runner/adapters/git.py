"""Version control: which commit is judged, and whether the tree is that commit's.

Where git says nothing (no git in the image, a source archive without its .git), who started the
run says it: LOCKGATE_COMMIT and LOCKGATE_BRANCH, else what CodeBuild sets.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from runner.adapters import shell
from runner.errors import InfrastructureError, UsageError

COMMIT, BRANCH = "LOCKGATE_COMMIT", "LOCKGATE_BRANCH"
# An S3 source's is an object's version, a webhook's may be a tag: such are no commit and no branch.
CODEBUILD_COMMIT, CODEBUILD_BRANCH = "CODEBUILD_RESOLVED_SOURCE_VERSION", "CODEBUILD_WEBHOOK_HEAD_REF"
HEADS = "refs/heads/"
# git-check-ref-format(1), as far as a name without spaces and controls goes.
BRANCH_NAME = re.compile(r"(?!-)[^\x00-\x20\x7f-\x9f~^:?*\[\\\u2028\u2029]{1,250}")
DETACHED = "HEAD"


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


def source(
    root: Path, environ: Mapping[str, str] = os.environ, look: Callable[[Path], Source] | None = None
) -> Source:
    """What is judged: what git says (`look`: checkout, or glance), and where it says nothing, what the
    environment does.

    git's word is evidence and stands against CodeBuild's. LOCKGATE_COMMIT was given for this very
    run: raises UsageError where it is no commit, or another one than git's."""
    found, commit, branch = (look or checkout)(root), _given_commit(environ), _given_branch(environ)
    if not found.commit:
        return Source(commit or _codebuild_commit(environ), branch)
    if commit and commit != found.commit:
        raise UsageError(
            f"it says {commit[:12]}, but the checkout is at {found.commit[:12]}",
            where=COMMIT,
            hint="unset it: git knows the commit of a checkout",
        )
    return replace(found, branch=branch or DETACHED) if found.branch == DETACHED else found


def _given_commit(environ: Mapping[str, str]) -> str:
    given = environ.get(COMMIT, "").lower()
    if given and not re.fullmatch("[0-9a-f]{40}", given):
        raise UsageError(f"{given[:80]!r} is no commit", where=COMMIT, hint="give all 40 hex digits")
    return given


def _codebuild_commit(environ: Mapping[str, str]) -> str:
    told = environ.get(CODEBUILD_COMMIT, "")
    return told if re.fullmatch("[0-9a-f]{40}", told) else ""


def _given_branch(environ: Mapping[str, str]) -> str:
    given = environ.get(BRANCH, "")
    if given and not BRANCH_NAME.fullmatch(given):
        raise UsageError(f"{given[:80]!r} is no branch", where=BRANCH, hint="give its name, such as dev")
    told = environ.get(CODEBUILD_BRANCH, "")
    name = told.removeprefix(HEADS)
    return given or (name if told.startswith(HEADS) and BRANCH_NAME.fullmatch(name) else "")


def checkout(root: Path) -> Source:
    """What git says of the folder's own subtree; nothing where there is no git or no commit."""
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if not commit:
        return Source()
    changed = _git(root, "status", "--porcelain", "--untracked-files=normal", "--", ".")
    edits = hashlib.sha256((_git(root, "diff", "HEAD", "--", ".") or "").encode("utf-8", "replace"))
    branch = _git(root, "rev-parse", "--abbrev-ref", "HEAD") or ""
    tree = _git(root, "rev-parse", "HEAD:./") or ""
    return Source(commit, branch, changed == "", tree, edits.hexdigest())


def glance(root: Path) -> Source:
    """Commit, branch and whether the tree is clean, in one call of git: for who does not ask again
    later whether the source has moved."""
    told = _git(root, "status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--", ".")
    lines = (told or "").splitlines()
    heads = dict(line[2:].partition(" ")[::2] for line in lines if line.startswith("# branch."))
    commit, branch = heads.get("branch.oid", ""), heads.get("branch.head", "")
    if not re.fullmatch("[0-9a-f]{40}", commit):
        return Source()
    clean = all(line.startswith("#") for line in lines)
    return Source(commit, DETACHED if branch == "(detached)" else branch, clean)


def listed(root: Path) -> tuple[str, ...] | None:
    """The files of a folder that version control knows or would take (relative, without what is
    ignored); None where there is no git."""
    found = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")
    if found is None:
        return None
    names = [name for name in found.split("\0") if name]
    return tuple(name for name in names if (root / name).is_file())


def ignored(root: Path) -> tuple[str, ...]:
    """The files and folders below that version control is told to leave out; none where there is no git."""
    found = _git(
        root, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory", "--", "."
    )
    return tuple(name.rstrip("/") for name in (found or "").split("\0") if name)


def remote_url(root: Path, name: str = "origin") -> str:
    """Where a checkout pushes to by that name, '' where there is no such remote; it may hold credentials."""
    return _git(root, "remote", "get-url", "--push", "--", name) or ""


def _git(root: Path, *words: str) -> str | None:
    try:
        done = shell.run(["git", "-C", str(root), *words], env=shell.tool_env(), timeout=30)
    except InfrastructureError:
        return None
    return done.output.strip() if done.code == 0 else None
