"""A column's values as pandas would hold them, which is how Great Expectations shows them."""

from __future__ import annotations

from typing import Any

from runner.expect.asks import Found, Scalar
from runner.expect.columns import Column, Kind

NAN = float("nan")  # the one that all of pandas' texts share; numbers have one each


def nulls(column: Column) -> Scalar:
    """How many nulls a column has in the whole table: what makes pandas read integers as floats."""
    return Scalar("count(*)", column.missing)


def shown(column: Column, found: Found, value: Any) -> Any:
    """A value as pandas would hold it; None for a null."""
    if value is None or value != value:
        return None
    return float(value) if column.kind is Kind.INTEGER and found[nulls(column)] else value


def absent(column: Column) -> float | None:
    """A null as pandas holds it, which its counts of values tell: each null number is a NaN of its own."""
    return {Kind.TEXT: NAN, Kind.BOOLEAN: None}.get(column.kind, float("nan"))


def held(column: Column, found: Found, value: Any) -> Any:
    """A value as pandas would hold it, a null too."""
    seen = shown(column, found, value)
    return absent(column) if seen is None else seen
