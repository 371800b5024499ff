"""A table that is one file or many, wherever they lie: read as Parquet, into which all else is rewritten."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.adapters.files import sha256_file
from runner.adapters.tables import read_frame
from runner.errors import InfrastructureError
from runner.expect.asks import Asked
from runner.expect.columns import Column, column_of
from runner.expect.duck import DuckTable, columns_of
from runner.expect.footer import Trusting, footer_of
from runner.expect.literals import Uncompiled
from runner.expect.parts import FILE, Partition, Parts
from runner.sources.changed import Part
from runner.sources.formats import CSV, PARQUET, Format, format_of_all
from runner.sources.globs import WILD
from runner.sources.listing import Item, Place, difference
from runner.sources.local import local
from runner.sources.parquet import rows_of
from runner.sources.partitions import folders_of, repeated, types_of
from runner.sources.unpacking import unpacked

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Files:
    """A table's files as they were when it was opened. `items` are all of them, `part` those that are judged;
    what has to be fetched or rewritten goes into `scratch`. If `trusted`, Parquet's footers are believed."""

    place: Place
    items: tuple[Item, ...]
    part: Part
    scratch: Path
    trusted: bool = False

    def columns(self) -> Mapping[str, Column] | Uncompiled:
        return self._columns

    @cached_property
    def _columns(self) -> Mapping[str, Column] | Uncompiled:
        parts = self._parts
        if find_spec("duckdb") is None:
            return Uncompiled("DuckDB is not installed")
        try:
            found = columns_of(parts.paths[0])
        except Uncompiled as why:
            return why
        if len(parts.paths) > 1 and FILE in map(str.lower, found):
            return Uncompiled(f"a column is called {FILE}, as DuckDB calls the files' positions")
        return found | {name: column_of(name, type) for name, type in types_of(parts.folders).items()}

    def asked(self) -> Asked:
        return self._asked

    @cached_property
    def _asked(self) -> Asked:
        table = DuckTable.of(replace(self._parts, paths=tuple(map(self._tame, self._parts.paths))))
        return Trusting(footer_of(self._parts.paths), table) if self.trusted else table

    def _tame(self, path: Path) -> Path:
        """The same file by a name that DuckDB does not take for a glob."""
        if not WILD.search(str(path)):
            return path
        link = self.scratch / f"{hashlib.sha256(str(path).encode()).hexdigest()}.parquet"
        if not link.is_symlink():
            link.symlink_to(path)
        return link

    def frame(self) -> pd.DataFrame:
        import pandas as pd

        frames = [read_frame(path, name) for name, path in self.named_parts().items()]
        frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
        return frame.assign(**self.partitions([len(each) for each in frames]))

    def named_parts(self) -> Mapping[str, Path]:
        """The table's Parquet files in their order, by the names that people know them by."""
        return dict(zip(self._names, self._parts.paths, strict=True))

    def rows(self) -> Sequence[int]:
        """How many rows each file has."""
        return self._parts.rows

    def partitions(self, rows: Sequence[int]) -> Mapping[str, pd.Series[Any]]:
        """The columns that folders' names make, for so many rows of each file."""
        return repeated(self._parts.folders, rows)

    def digest(self) -> str:
        """Of one file its bytes' sha256; of many that of the lines `name NUL sha256`. A file that is not
        judged stands there with what identifies it. What was fetched is listed again."""
        if changed := difference(self.items, self.place.items()):
            raise InfrastructureError(changed, where=self.place.where)
        if len(self.items) == 1:
            return self._sha256(self._at_hand[0])
        known = dict(self.part.files)
        known |= {
            item.name: self._sha256(path) for item, path in zip(self.part.items, self._at_hand, strict=True)
        }
        lines = "".join(f"{item.name}\0{known[item.name]}\n" for item in self.items)
        return hashlib.sha256(lines.encode()).hexdigest()

    def size(self) -> int:
        return sum(item.size for item in self.items)

    def facts(self) -> Mapping[str, Any]:
        return self.part.facts()

    @property
    def _names(self) -> tuple[str, ...]:
        """What people know the files by: a single one by what lockgate.yml calls it."""
        names, where = tuple(item.name for item in self.part.items), self.place.where
        return (where,) if len(self.items) == 1 and where.endswith(names[0]) else names

    @cached_property
    def _at_hand(self) -> tuple[Path, ...]:
        folder = self.scratch / "fetched"
        folder.mkdir(exist_ok=True)
        return self.place.brought(self.part.items, folder)

    @cached_property
    def _parts(self) -> Parts:
        """The table as Parquet. Raises InfrastructureError, naming the first file that does not fit."""
        names = [item.name for item in self.items]
        form = format_of_all(names)
        folders = self._folders()
        files = dict(zip(self._names, self._at_hand, strict=True))
        if form.kind != PARQUET:
            files = dict(zip(files, self._rewritten(form, files), strict=True))
        rows = rows_of(files)
        parts = Parts(tuple(files.values()), rows, folders)
        if folders:
            self._require_apart(parts)
        return parts

    def _folders(self) -> dict[str, tuple[Partition, ...]]:
        """The partitions of the files that are judged, of the types that those of all files give them."""
        found, judged = folders_of([item.name for item in self.items], self.place.where), set(self.part.items)
        at = [n for n, item in enumerate(self.items) if item in judged]
        return {name: tuple(values[n] for n in at) for name, values in found.items()}

    def _rewritten(self, form: Format, files: Mapping[str, Path]) -> tuple[Path, ...]:
        from runner.sources import delimited, json_lines

        folder = self.scratch / "rewritten"
        folder.mkdir(exist_ok=True)
        if form.packed:
            files = {
                name: unpacked(path, folder / f"{n:06}.txt", name)
                for n, (name, path) in enumerate(files.items())
            }
        return delimited.rewritten(files, folder) if form.kind == CSV else json_lines.rewritten(files, folder)

    def _require_apart(self, parts: Parts) -> None:
        import pyarrow.parquet as pq

        names = {name.lower() for name in pq.read_schema(parts.paths[0]).names}
        for name in parts.folders:
            if name.lower() in names:
                told = f"{name!r} is a column of the files and a partition, too"
                raise InfrastructureError(told, where=self.place.where)

    def _sha256(self, path: Path) -> str:
        try:
            return sha256_file(path)
        except OSError as error:
            raise InfrastructureError(f"cannot be read: {error.strerror}", where=self.place.where) from None


def file_at(path: Path, scratch: Path | None = None) -> Files:
    """A table that is one file; one of Parquet needs no folder for what has to be rewritten."""
    place = local(path.parent, path.name)
    items = place.items()
    return Files(place, items, Part(items), scratch or path.parent)
