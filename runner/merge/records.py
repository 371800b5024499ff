"""The nouns of a merge. Frozen dataclasses, no I/O. Commits are 40 hex digits, branches short names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

SHORT = 12  # digits of a commit that people are shown


class Strategy(StrEnum):
    """How two histories become one. Only a fast-forward gives the very tree that was tested."""

    FAST_FORWARD = "fast-forward"
    THREE_WAY = "three-way"
    SQUASH = "squash"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The tested `commit`, to go from branch `source` into branch `target`; title and description are
    for the pull request."""

    commit: str
    source: str = "dev"
    target: str = "main"
    strategy: Strategy = Strategy.FAST_FORWARD
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a host has: the tips of both branches, and how the tested commit lies to them.

    known: the host has the commit at all. in_source, in_target: the branch contains it. forward: it
    contains the target's tip. conflicts: the files that an automatic merge could not merge."""

    source_tip: str
    target_tip: str
    known: bool = True
    in_source: bool = False
    in_target: bool = False
    forward: bool = False
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """The target's tip before and after. `how` says by what; notes are for people."""

    before: str
    after: str
    how: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's content by git's own digest, and its mode as git writes it, such as 100644."""

    id: str
    mode: str


@dataclass(frozen=True, slots=True)
class Change:
    """A file before and after; None where there is none."""

    path: str
    before: Blob | None
    after: Blob | None


@dataclass(frozen=True, slots=True)
class Undoing:
    """Take back what `commit` brought since `since` (both commits); `name` is the release, or the commit,
    as people know it. `target` is the branch that has it."""

    commit: str
    since: str
    name: str
    target: str = "main"

    @property
    def branch(self) -> str:
        """Where the revert goes: never straight onto the target."""
        return f"lockgate/revert-{self.commit}"

    @property
    def trailer(self) -> str:
        """By which a revert that was made already is known again."""
        return f"Lockgate-Revert: {self.since}..{self.commit}"

    @property
    def message(self) -> str:
        """The commit's message, which names the release."""
        what = f"This takes back what {self.name} brought since {self.since[:SHORT]}."
        return f"Revert {self.name}\n\n{what}\n\n{self.trailer}\n"


@dataclass(frozen=True, slots=True)
class Reverted:
    """The branch with the revert, its tip, the files that it changes, and its pull request if it has one."""

    branch: str
    commit: str
    paths: tuple[str, ...]
    pull_request: str = ""


class Host(Protocol):
    """Where the branches are. Every method raises LockgateError; a RefusedError has changed nothing."""

    @property
    def place(self) -> str:
        """Its name for people, without credentials."""

    def see(self, wanted: Wanted) -> Seen:
        """Look, without changing anything."""

    def merge(self, wanted: Wanted, seen: Seen) -> Merged:
        """Merge what `decide` allowed; either it happened as a whole, or the target is as it was."""

    def undoable(self, undoing: Undoing) -> tuple[Change, ...]:
        """What a revert would change in the target; empty where it is taken back already."""

    def revert(self, undoing: Undoing) -> Reverted:
        """Offer the revert on a branch of its own. Found again where it was made already."""
