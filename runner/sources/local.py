"""Files in the solution's folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.errors import InfrastructureError, UsageError
from runner.sources.globs import Wanted, is_hidden, wanted
from runner.sources.listing import MOST_FILES, Item, chosen, require_plain

OUTSIDE = "a table lies inside the solution's folder, or in S3"
HINT = "was its prepare step run?"


@dataclass(frozen=True, slots=True)
class Local:
    """A file, a folder or a glob below `root`."""

    root: Path
    where: str
    wanted: Wanted

    def items(self) -> tuple[Item, ...]:
        if self.wanted.is_one:
            path = self._one()
            return (Item(path.name, path.stat().st_size),)
        base = inside(self.root, self.root / self.wanted.base, self.where)
        if not base.is_dir():
            raise InfrastructureError("there is no such folder", where=self.where, hint=HINT)
        return chosen(self._walked(base), self.wanted, self.where)

    def brought(self, items: tuple[Item, ...], scratch: Path) -> tuple[Path, ...]:
        base = self.root / self.wanted.base
        if self.wanted.is_one:
            return (self._one(),)
        return tuple(inside(self.root, base / item.name, self.where) for item in items)

    def _one(self) -> Path:
        path = inside(self.root, self.root / self.wanted.base, self.where)
        if not path.is_file():
            raise InfrastructureError("there is no such file", where=self.where, hint=HINT)
        return path

    def _walked(self, base: Path) -> Iterator[Item]:
        """The files below the base. A link to a folder is refused, since what it leads to would be missing
        and nobody told."""
        seen, below = 0, [base]
        while below:
            for entry in os.scandir(below.pop()):
                seen += 1
                if seen > 2 * MOST_FILES:
                    raise InfrastructureError(f"more than {seen - 1:,} names lie there", where=self.where)
                name = Path(entry).relative_to(base).as_posix()
                if not entry.is_dir():
                    yield self._item(name, Path(entry))
                elif self._leads(entry, name):
                    below.append(Path(entry))

    def _leads(self, entry: os.DirEntry[str], name: str) -> bool:
        """Whether files that are wanted may lie in a folder."""
        require_plain(entry.name, self.where)
        if is_hidden(entry.name) or not (self.wanted.leads(name) or self.wanted.fits(name)):
            return False
        if entry.is_symlink():
            raise UsageError(f"{name} is a link to a folder", where=self.where)
        if not self.wanted.leads(name):
            raise InfrastructureError(f"{name} is a folder", where=self.where)
        return True

    def _item(self, name: str, path: Path) -> Item:
        if not self.wanted.fits(name):
            return Item(name, 0)
        if not inside(self.root, path, self.where).is_file():
            raise InfrastructureError(f"{name} is no file", where=self.where)
        return Item(name, path.stat().st_size)


def local(root: Path, source: str) -> Local:
    """What a source asks for below `root`."""
    path = root / source
    return Local(root, source, wanted(source, is_folder=path.is_dir(), is_file=path.is_file()))


def inside(root: Path, path: Path, where: str) -> Path:
    """The real path; raises UsageError where it leaves `root`."""
    real = path.resolve()
    if not real.is_relative_to(root.resolve()):
        raise UsageError(OUTSIDE, where=where)
    return real
