"""Values of a suite's JSON as SQL of a column's own type. Pure.

Raises Uncompiled where Great Expectations would compare what SQL would not, or otherwise.
"""

from __future__ import annotations

import math
from typing import Any

from runner.expect.columns import Column, Kind

EXACT = 2**53  # from here on, pandas' floats stand for several integers


class Uncompiled(Exception):
    """An expectation that is left to Great Expectations itself; the message says why."""


def literal(value: Any, column: Column) -> str:
    """The value as SQL that compares with the column as Python would."""
    if column.kind in (Kind.INTEGER, Kind.FLOAT) and is_number(value):
        return _number(value, column)
    if column.kind is Kind.TEXT and isinstance(value, str):
        return text(value)
    if column.kind is Kind.BOOLEAN and isinstance(value, bool):
        return "true" if value else "false"
    raise Uncompiled(f"{type(value).__name__} against a column of kind {column.kind}")


def text(value: str) -> str:
    """A string, whatever is in it but NUL, which SQL cannot hold."""
    if "\x00" in value:
        raise Uncompiled("a NUL in a text")
    return "'" + value.replace("'", "''") + "'"


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: float) -> str:
    """A finite or infinite number as a DOUBLE or an integer."""
    if isinstance(value, float) and math.isnan(value):
        raise Uncompiled("NaN as an argument")
    if isinstance(value, float) and math.isinf(value):
        return f"'{'-' if value < 0 else ''}inf'::DOUBLE"
    if isinstance(value, int) and abs(value) < EXACT:
        return str(value)
    if isinstance(value, float):
        return f"{value!r}::DOUBLE"
    raise Uncompiled("an integer beyond 2**53")


def _number(value: float, column: Column) -> str:
    if column.kind is Kind.INTEGER and isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    return number(value)
