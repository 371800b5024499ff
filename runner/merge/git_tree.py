"""Differences and commits in a repository without a checkout, by git's plumbing.

No file is ever written out: links, filters and attributes of the repository have no part in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from runner.adapters.git_remote import Remote
from runner.errors import InfrastructureError
from runner.merge.records import Blob, Change

AT_ONCE = 200  # files on one command line
NONE = "0" * 40
IDENTITY = {
    name: value
    for who in ("AUTHOR", "COMMITTER")
    for name, value in ((f"GIT_{who}_NAME", "Lockgate"), (f"GIT_{who}_EMAIL", "lockgate@localhost"))
}


def differences(remote: Remote, before: str, after: str) -> list[Change]:
    """What changed between two commits, file by file."""
    told = remote.local("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", before, after)
    fields = told.split("\0")
    if len(fields) % 2 != 1 or fields[-1]:
        raise InfrastructureError("git's list of differences does not parse", where=remote.shown)
    return [_change(head, path) for head, path in zip(fields[:-1:2], fields[1::2], strict=True)]


def _change(head: str, path: str) -> Change:
    """From ':100644 100755 BLOB BLOB M'."""
    if "\ufffd" in path:  # it was not UTF-8, so it cannot be named again
        raise InfrastructureError(f"the name of a file is not UTF-8: {path[:200]}", hint="use git revert")
    old_mode, new_mode, old, new = head.removeprefix(":").split(" ")[:4]
    return Change(path, _blob(old, old_mode), _blob(new, new_mode))


def _blob(digest: str, mode: str) -> Blob | None:
    return None if digest == NONE else Blob(digest, mode)


def commit(remote: Remote, parent: str, message: str, changes: Sequence[Change]) -> str:
    """A commit on top of `parent`, in the scratch repository alone; its digest."""
    env = {"GIT_INDEX_FILE": str(remote.folder / "lockgate-index"), **IDENTITY}
    remote.local("read-tree", parent, env=env)
    for start in range(0, len(changes), AT_ONCE):
        words = [word for change in changes[start : start + AT_ONCE] for word in _words(change)]
        remote.local("update-index", "--add", *words, env=env)
    tree = remote.local("write-tree", env=env).strip()
    return remote.local("commit-tree", tree, "-p", parent, "-m", message, env=env).strip()


def _words(change: Change) -> list[str]:
    if change.after is None:
        return ["--force-remove", change.path]
    return ["--cacheinfo", f"{change.after.mode},{change.after.id},{change.path}"]
