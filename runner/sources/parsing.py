"""Values that a service tells as texts -> what psycopg would have given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runner.errors import InfrastructureError
from runner.expect.columns import Column, Kind

READ: Mapping[Kind, Callable[[str], Any]] = {
    Kind.TIME: dt.datetime.fromisoformat,
    Kind.INSTANT: lambda said: dt.datetime.fromisoformat(said).astimezone(dt.UTC),
    Kind.DATE: dt.date.fromisoformat,
}


def _itself(value: Any) -> Any:
    return value


def parsed_rows(
    columns: Sequence[Column], rows: Sequence[Sequence[Any]], where: str
) -> list[tuple[Any, ...]]:
    """Rows with moments for their texts. Raises InfrastructureError for a text that is none: a year that
    Python has not."""
    reads: list[Callable[[Any], Any]] = [READ.get(column.kind, _itself) for column in columns]
    try:
        return [
            tuple(None if value is None else read(value) for read, value in zip(reads, row, strict=True))
            for row in rows
        ]
    except (ValueError, OverflowError):  # their messages hold values
        told = "a time is beyond what Python holds: the years 1 to 9999"
        raise InfrastructureError(told, where=where) from None
