"""Values of a suite's JSON as SQL of a column's own type. Pure.

Raises Uncompiled where Great Expectations would compare what SQL would not, or otherwise.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, InvalidOperation
from typing import Any

from runner.expect.columns import Column, Kind

EXACT = 2**53  # from here on, pandas' floats stand for several integers
ENDLESS = 2**1023  # from about here on, an integer is no float
DIGITS = 38  # of a decimal in SQL
PLACES = ("{table}", "{at}")  # what asks write for a table and a row's position (asks.py)


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
    """A string, whatever is in it but NUL and halves of characters, which SQL cannot hold, and what asks call
    something else."""
    if any(sign == "\x00" or "\ud800" <= sign <= "\udfff" for sign in value):
        raise Uncompiled("a text that SQL cannot hold")
    if any(place in value for place in PLACES):
        raise Uncompiled("a text that asks cannot hold")
    return escaped(value)


def escaped(value: str) -> str:
    """A string as SQL that no ask holds: a table's files and its partitions."""
    return "'" + value.replace("'", "''") + "'"


def is_number(value: Any) -> bool:
    """Whether it is a number, and none that a float cannot hold at all."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or abs(value) < ENDLESS


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


def edge(value: float, column: Column, *, upward: bool) -> str:
    """A bound as SQL. Of a decimal's, the next number of as many places that is not below (`upward`) or not
    above the bound, which no value of the column lies between: SQL would compare in floats."""
    if not math.isfinite(value) or column.kind not in (Kind.DECIMAL, Kind.INTEGER):
        return number(value)
    if column.kind is Kind.DECIMAL:
        return f"{_rounded(value, column.places, ROUND_CEILING if upward else ROUND_FLOOR):f}"
    # Great Expectations compares int64 in floats, other integers one by one, exactly.
    exact = value.is_integer() and abs(value) < (EXACT if column.dtype == "int64" else 2**64)
    return str(int(value)) if exact else number(value)


def _rounded(value: float, places: int, rounding: str) -> Decimal:
    try:
        return Decimal(value).quantize(Decimal(1).scaleb(-places), rounding, Context(prec=DIGITS))
    except InvalidOperation:
        raise Uncompiled("a bound of more digits than a decimal has") from None
