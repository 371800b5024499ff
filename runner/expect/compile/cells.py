"""A column's values as pandas would hold them, which is how Great Expectations shows them."""

from __future__ import annotations

from typing import Any

from runner.expect.asks import Found, Scalar
from runner.expect.columns import MOMENTS, NUMBERS, Column, Kind
from runner.expect.facts import Fact, Of
from runner.expect.moments import iso

NAN = float("nan")  # the one that all of pandas' texts share; numbers have one each


class NotATime(str):
    """pandas' NaT: a text to Great Expectations' JSON, without an order, equal to itself alone."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __lt__(self, other: object) -> bool:
        return False

    __gt__ = __le__ = __ge__ = __lt__


DIGITS = {"ms": 3, "us": 6, "ns": 9}  # of a time's fraction, by its unit
NAT = NotATime("NaT")


def nulls(column: Column) -> Scalar:
    """How many nulls a column has in the whole table: what makes pandas read integers as floats."""
    return Scalar("count(*)", column.missing, Fact(Of.MISSING, column))


def told(column: Column) -> tuple[Scalar, ...]:
    """What `shown` has to know of a column: whether pandas reads its whole numbers as floats."""
    return (nulls(column),) if column.kind is Kind.INTEGER else ()


def shown(column: Column, found: Found, value: Any) -> Any:
    """A fetched value as pandas would hold it, a moment as the text of it; None for a null. Raises Uncompiled
    for a moment that has no such text."""
    if value is None or value != value:
        return None
    if column.kind in MOMENTS:
        return iso(value, column)
    floats = column.kind is Kind.INTEGER and not column.nullable and found[nulls(column)]
    return float(value) if floats else value


def absent(column: Column) -> float | str | None:
    """A null as pandas holds it, which its counts of values tell: each null number is a NaN of its own."""
    if column.nullable:
        return None
    if column.kind in NUMBERS:
        return float("nan")
    if column.kind is Kind.TEXT:
        return NAN
    return NAT if column.dtype.startswith("datetime64") else None


def held(column: Column, found: Found, value: Any) -> Any:
    """A value as pandas would hold it, a null too."""
    seen = shown(column, found, value)
    return absent(column) if seen is None else seen


def paired(column: Column, found: Found, value: Any) -> Any:
    """A value as a column's array holds it: numpy tells times with all digits of their unit, and no zone."""
    seen = held(column, found, value)
    if column.kind not in (Kind.TIME, Kind.INSTANT):
        return seen
    if value is None:
        return NotATime(seen)
    whole, _, fraction = seen.removesuffix("+00:00").partition(".")
    return f"{whole}.{fraction.ljust(9, '0')[: DIGITS[column.dtype.removeprefix('datetime64[')[:2]]]}"
