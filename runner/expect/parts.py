"""Several Parquet files as one table: rows counted through all of them, partitions' values as columns."""

# ruff: noqa: S608  names are quoted and values escaped where they become SQL (columns.py, literals.py)
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from runner.expect.columns import quoted
from runner.expect.literals import escaped

# DuckDB's names for a row's position in its file, and for its file's in the list.
AT, FILE = "file_row_number", "file_index"
Partition = int | str | None


@dataclass(frozen=True, slots=True)
class Parts:
    """Files of one schema, in their order. `rows`: how many each has; `folders`: partition column -> its
    value in each file."""

    paths: tuple[Path, ...]
    rows: tuple[int, ...] = (0,)
    folders: Mapping[str, tuple[Partition, ...]] = field(default_factory=dict)

    def relation(self) -> str:
        """The table in DuckDB's SQL, with the column AT."""
        files = f"read_parquet([{', '.join(escaped(str(path)) for path in self.paths)}], {AT} = true)"
        if len(self.paths) == 1 and not self.folders:
            return files
        before = _of_file([str(at) for at in (0, *accumulate(self.rows[:-1]))], "BIGINT")
        added = [f"{_values(each)} AS {quoted(name)}" for name, each in self.folders.items()]
        chosen = ", ".join([f"* REPLACE ({AT} + {before} AS {AT})", *added])
        return f"(SELECT {chosen} FROM {files})"


def _values(values: Sequence[Partition]) -> str:
    if all(value is None or isinstance(value, int) for value in values):
        return _of_file(["NULL" if value is None else str(value) for value in values], "BIGINT")
    return _of_file(["NULL" if value is None else escaped(str(value)) for value in values], "VARCHAR")


def _of_file(literals: Sequence[str], type: str) -> str:
    """What of a list belongs to the row's file."""
    if len(set(literals)) == 1:
        return f"{literals[0]}::{type}"
    return f"([{', '.join(literals)}]::{type}[])[{FILE}::BIGINT + 1]"
