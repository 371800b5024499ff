"""Differences and commits in a repository without a checkout, by git's plumbing.

No file is ever written out: links, filters and attributes of the repository have no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner.adapters.git_remote import Remote
from runner.errors import InfrastructureError
from runner.merge.records import Blob, Change

AT_ONCE = 400  # words on one command line; an even number, as entries come in pairs
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
    # git removes entries in a work tree only, be it an empty one.
    places = {"GIT_DIR": ".", "GIT_WORK_TREE": "objects", "GIT_INDEX_FILE": "lockgate-index"}
    env = {**IDENTITY, **{name: str(remote.folder / place) for name, place in places.items()}}
    remote.local("read-tree", parent, env=env)
    _update(remote, env, ("--force-remove", "--"), [c.path for c in changes if c.after is None])
    put = [word for c in changes if c.after for word in ("--cacheinfo", _entry(c.path, c.after))]
    _update(remote, env, ("--add",), put)
    tree = remote.local("write-tree", env=env).strip()
    return remote.local("commit-tree", tree, "-p", parent, "-m", message, env=env).strip()


def _update(remote: Remote, env: Mapping[str, str], options: tuple[str, ...], words: Sequence[str]) -> None:
    for start in range(0, len(words), AT_ONCE):
        remote.local("update-index", *options, *words[start : start + AT_ONCE], env=env)


def _entry(path: str, blob: Blob) -> str:
    return f"{blob.mode},{blob.id},{path}"
