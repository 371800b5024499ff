"""A real bare git repository for tests: branches, commits from dicts of files, merges. Plumbing alone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "t"), ("EMAIL", "t@example.invalid"), ("DATE", "2026-11-22T10:00:00Z"))
}
Files = Mapping[str, str | None]


def new_repository(path: Path) -> BareRepository:
    """An empty one, that hands out any commit, as the large hosts do."""
    made = BareRepository(path)
    made.git("init", "--quiet", "--bare", "--initial-branch=main", str(path), at=None)
    made.git("config", "uploadpack.allowAnySHA1InWant", "true")
    return made


class BareRepository:
    """A repository at `path`; commits are 40 hex digits."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(
        self, *words: str, at: Path | str | None = "", stdin: bytes = b"", index: str = ""
    ) -> tuple[int, bytes]:
        """git's exit status and output."""
        place = [] if at is None else ["-C", str(self.path)]
        env = {"PATH": os.environ["PATH"], "HOME": "/nowhere", **IDENTITY}
        if index:
            env["GIT_INDEX_FILE"] = index
        done = subprocess.run(["git", *place, *words], capture_output=True, input=stdin, env=env)
        return done.returncode, done.stdout if done.returncode in (0, 1) else done.stderr

    def git(self, *words: str, at: Path | str | None = "", stdin: bytes = b"", index: str = "") -> str:
        """git's output; it has to succeed."""
        code, out = self.run(*words, at=at, stdin=stdin, index=index)
        assert code == 0, (words, out)
        return out.decode().strip()

    def refs(self) -> dict[str, str]:
        """Every branch and its commit."""
        lines = self.git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads").splitlines()
        return dict(line.split(" ") for line in lines)

    def tip(self, branch: str) -> str:
        """A branch's commit, '' where there is none."""
        code, out = self.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
        return out.decode().strip() if code == 0 else ""

    def move(self, branch: str, commit: str) -> None:
        """Put a branch somewhere, wherever it was."""
        self.git("update-ref", f"refs/heads/{branch}", commit)

    def swap(self, branch: str, commit: str, expected: str) -> bool:
        """Compare-and-swap of a branch."""
        return self.run("update-ref", f"refs/heads/{branch}", commit, expected)[0] == 0

    def commit(self, branch: str, files: Files, message: str = "", parents: tuple[str, ...] = ()) -> str:
        """A commit on a branch (made where it is new) with some files put, or deleted (None)."""
        parents = parents or tuple(filter(None, [self.tip(branch)]))
        blobs = {
            path: None if text is None else self.blob(text.encode("utf-8", "surrogateescape"))
            for path, text in files.items()
        }
        tree = self.tree(parents[0] if parents else "", {p: b and ("100644", b) for p, b in blobs.items()})
        made = self.made(tree, message or f"{sorted(files)}", *parents)
        self.move(branch, made)
        return made

    def blob(self, content: bytes) -> str:
        """Keep a file's content; its digest."""
        return self.git("hash-object", "-w", "--stdin", stdin=content)

    def tree(self, base: str, entries: Mapping[str, tuple[str, str] | str | None]) -> str:
        """A tree from a commit's ('' for none) with entries (mode, blob) put, or removed (None)."""
        index = str(self.path / "index-of-tests")
        self.git("read-tree", base or "--empty", index=index)
        lines = [
            f"{entry[0]} {entry[1]}\t{path}" if entry else f"0 {'0' * 40}\t{path}"
            for path, entry in entries.items()
        ]
        self.git("update-index", "--index-info", stdin="\n".join(lines).encode(), index=index)
        return self.git("write-tree", index=index)

    def made(self, tree: str, message: str, *parents: str) -> str:
        """A commit that is on no branch yet."""
        words = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", tree, *words, "-F", "-", stdin=message.encode())

    def show(self, branch: str) -> dict[str, str]:
        """A branch's files."""
        names = self.git("ls-tree", "-r", "--name-only", branch).splitlines()
        return {name: self.git("cat-file", "blob", f"{branch}:{name}") for name in names}

    def contains(self, ancestor: str, commit: str) -> bool:
        """Whether a commit is in another one's history."""
        return self.run("merge-base", "--is-ancestor", ancestor, commit)[0] == 0

    def base(self, one: str, other: str) -> str:
        """The merge base, '' where there is none."""
        code, out = self.run("merge-base", one, other)
        return out.decode().strip() if code == 0 else ""

    def three_way(self, ours: str, theirs: str) -> tuple[str, list[str]]:
        """The merged tree and the files that conflict."""
        code, out = self.run("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs)
        assert code in (0, 1), out
        fields = out.decode().split("\0")
        return fields[0], fields[1:-1]
