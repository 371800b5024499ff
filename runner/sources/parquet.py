"""Parquet files found fit to be read as one table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import InfrastructureError
from runner.text import reason

if TYPE_CHECKING:
    import pyarrow as pa

# Writers of honest tables stay far below. Nesting is bounded by Arrow, and so is a footer's size.
MOST_COLUMNS = 20_000


def rows_of(files: Mapping[str, Path]) -> tuple[int, ...]:
    """How many rows each file has, by the name that people know it by. Raises InfrastructureError for the
    first that is no Parquet, has too many columns, or has another schema than the first file."""
    first: tuple[str, pa.Schema] | None = None
    counts = []
    for name, path in files.items():
        rows, schema = _footer(name, path)
        first = first or (name, schema)
        if different := _difference(first[1], schema):
            raise InfrastructureError(f"its schema is not that of {first[0]}: {different}", where=name)
        counts.append(rows)
    return tuple(counts)


def _footer(name: str, path: Path) -> tuple[int, pa.Schema]:
    import pyarrow.parquet as pq

    try:
        found = pq.read_metadata(path)
        if found.num_columns > MOST_COLUMNS:
            raise ValueError(f"it has {found.num_columns:,} columns, more than {MOST_COLUMNS:,}")
        return found.num_rows, found.schema.to_arrow_schema()
    except Exception as error:  # readers of hostile files raise whatever they like
        raise InfrastructureError(f"cannot be read: {reason(error)}", where=name) from None


def _difference(one: pa.Schema, other: pa.Schema) -> str:
    """The first way in which a schema differs from another, '' if none."""
    if one.equals(other):
        return ""
    for field in one:
        if field.name not in other.names:
            return f"there is no column {field.name!r}"
        if (found := other.field(field.name).type) != field.type:
            return f"column {field.name!r} is {found}, and there {field.type}"
    if more := [name for name in other.names if name not in one.names]:
        return f"there is one column more, {more[0]!r}"
    return "its columns stand in another order" if one.names != other.names else ""
