"""What lies where a table's files are expected: names, sizes, and what tells one content from another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runner.errors import InfrastructureError
from runner.sources.globs import LOGS, Wanted

MOST_FILES = 100_000


@dataclass(frozen=True, slots=True)
class Item:
    """A file by its name below the table's base; `tag` is what S3 calls its content, '' elsewhere."""

    name: str
    size: int
    tag: str = ""


class Place(Protocol):
    """Where a table's files lie. Each method raises InfrastructureError where it cannot say, and UsageError
    for what may not be read."""

    @property
    def where(self) -> str:
        """What lockgate.yml calls it."""

    def items(self) -> tuple[Item, ...]:
        """What lies there now, sorted by name, at least one."""

    def brought(self, items: tuple[Item, ...], scratch: Path) -> tuple[Path, ...]:
        """The files at hand."""


def chosen(items: Iterable[Item], wanted: Wanted, where: str) -> tuple[Item, ...]:
    """The files that are wanted, sorted. Raises InfrastructureError where there are none or too many, or a
    log beside them says which are the table's."""
    found = []
    for item in items:
        require_plain(item.name, where)
        found += [item] if wanted.fits(item.name) else []
        if len(found) > MOST_FILES:
            raise InfrastructureError(f"there are more than {MOST_FILES:,} files", where=where)
    if not found:
        raise InfrastructureError("there are no files", where=where, hint="was its prepare step run?")
    return tuple(sorted(found, key=lambda item: item.name))


def require_plain(name: str, where: str) -> None:
    """Raise InfrastructureError for what belongs to a table whose log says which files are live, and for a
    name that is no text."""
    if not name.isascii() and name != name.encode("utf-8", "replace").decode("utf-8"):
        raise InfrastructureError(f"the name {name!r} is not UTF-8", where=where)
    for log in LOGS.keys() & set(name.split("/")):
        told = f"it is {LOGS[log]}, and its files alone do not say which rows it has"
        raise InfrastructureError(told, where=where)


def difference(before: tuple[Item, ...], now: tuple[Item, ...]) -> str:
    """The first file that was added, removed or changed between two listings; '' if none was."""
    old, new = ({item.name: item for item in items} for items in (before, now))
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            return f"{name} was removed"
        if name not in old:
            return f"{name} was added"
        if old[name] != new[name]:
            return f"{name} was changed"
    return ""
