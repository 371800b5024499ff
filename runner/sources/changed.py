"""`partitions: changed`: of a table's files, those that the last run that passed did not have.

A file is known by its name and by what identifies its content: its sha256, or in S3 its ETag and size, for
which nothing is fetched. Both are hashed together with what is asked of the table, so that a file that other
expectations were asked of counts as changed. Where nothing is known of earlier runs, or nothing has changed,
all files are judged: less evidence is never more of a pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.sources.listing import Item

# More than these are not remembered one by one: their table is judged whole each time.
MOST = 10_000
SHOWN = 32  # hexadecimal digits


@dataclass(frozen=True, slots=True)
class Before:
    """What the last run that passed knew of a table's files; without a `run`, `why` nothing is known."""

    run: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    why: str = "no earlier run"


@dataclass(frozen=True, slots=True)
class Part:
    """The files that are judged. `files`: what identifies each of all files, where it is asked for; `told`:
    which part this is, in words, '' where nobody asked."""

    items: tuple[Item, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    told: str = ""
    is_whole: bool = True

    def facts(self) -> dict[str, Any]:
        """For the manifest and for later runs."""
        facts: dict[str, Any] = {"part": self.told} if self.told else {}
        facts |= {} if self.is_whole else {"partitions": "changed"}
        return facts | ({"files": dict(self.files)} if self.files else {})


def changed(items: tuple[Item, ...], content: Callable[[Item], str], asked: str, before: Before) -> Part:
    """What is judged of these files. `content` identifies a file's; `asked` is a digest of all that is asked
    of the table."""
    count = f"all {len(items):,} files"
    if len(items) > MOST:
        return Part(items, told=f"{count}: too many to be remembered")
    known = {item.name: identity(item.name, content(item), asked) for item in items}
    if not before.run:
        return Part(items, known, f"{count}: {before.why}")
    new = tuple(item for item in items if before.files.get(item.name) != known[item.name])
    if not new:
        return Part(items, known, f"{count}: unchanged since run {before.run}")
    if len(new) == len(items):
        return Part(items, known, f"{count}: each is new since run {before.run}")
    told = f"{len(new):,} of {len(items):,} files: the others are as in run {before.run}"
    return Part(new, known, told, is_whole=False)


def identity(name: str, content: str, asked: str) -> str:
    """A file's name, what identifies its content, and what is asked of it, as one digest."""
    return hashlib.sha256("\0".join((name, content, asked)).encode()).hexdigest()[:SHOWN]
