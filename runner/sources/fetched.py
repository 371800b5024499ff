"""Rows that were fetched from a database -> the frame that pandas would make of such columns in Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from runner.errors import InfrastructureError
from runner.expect.columns import Column, Kind
from runner.text import reason

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

BATCH = 10_000
MOST_BYTES = 2 * 2**30


def framed(columns: Sequence[Column], batches: Iterable[Sequence[Sequence[Any]]], where: str) -> pd.DataFrame:
    """A frame whose index counts from 0. Raises InfrastructureError for more than 2 GiB, or a value that is
    none of its column's."""
    parts: list[list[Any]] = [[] for _ in columns]
    size = 0
    for rows in batches:
        for column, part, values in zip(columns, parts, zip(*rows, strict=True), strict=True):
            part.append(_array(column, values, where))
            size += getattr(part[-1], "nbytes", 100 * len(values))
        if size > MOST_BYTES:
            raise InfrastructureError(f"over {MOST_BYTES >> 30} GiB of values were fetched", where=where)
    return _frame(columns, parts)


def _frame(columns: Sequence[Column], parts: Sequence[list[Any]]) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    series: list[pd.Series[Any]] = []
    for column, part in zip(columns, parts, strict=True):
        kind = _type(column)
        if kind is None:
            series.append(pd.Series([value for values in part for value in values], dtype=object))
        else:
            series.append(pa.chunked_array(part, kind).to_pandas())
    frame = pd.concat(series, axis=1) if series else pd.DataFrame()
    return frame.set_axis([column.name for column in columns], axis=1)


def _array(column: Column, values: Sequence[Any], where: str) -> Any:
    import pyarrow as pa

    kind = _type(column)
    if kind is None:
        return list(values)
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, OverflowError, ValueError, TypeError) as error:
        raise InfrastructureError(f"column {column.name!r}: {reason(error)}", where=where) from None


def _type(column: Column) -> pa.DataType | None:
    """Arrow's type of a column; None for one of Python's objects."""
    import pyarrow as pa

    return {
        Kind.INTEGER: pa.int64(),
        Kind.FLOAT: pa.float64(),
        Kind.BOOLEAN: pa.bool_(),
        Kind.TEXT: pa.string(),
        Kind.TIME: pa.timestamp("us"),
        Kind.INSTANT: pa.timestamp("us", "UTC"),
        Kind.DATE: pa.date32(),
    }.get(column.kind)
