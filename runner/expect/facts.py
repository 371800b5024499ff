"""What a number of the scan means, beside the SQL that says it: then others can say it, too. Pure.

A Parquet footer knows nothing of SQL, and one meaning has several SQLs, of which an engine takes its fastest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from runner.expect.bounds import Bounds
from runner.expect.columns import Column, Kind
from runner.expect.literals import EXACT


class Of(StrEnum):
    """A fact about the whole table; a value is 'present' where pandas does not call it null (NaN is null)."""

    ROWS = "rows"
    MISSING = "missing"
    PRESENT = "present"
    OUTSIDE = "outside"
    JUDGED = "judged"
    LEAST = "least"
    GREATEST = "greatest"
    AGGREGATE = "aggregate"


@dataclass(frozen=True, slots=True)
class Fact:
    """How many rows (ROWS), how many values of a column are MISSING, PRESENT, present and OUTSIDE of bounds,
    or JUDGED by a condition on nothing but the value; its LEAST or GREATEST present value; or another
    AGGREGATE of those, which skips SQL's nulls."""

    of: Of
    column: Column | None = None
    bounds: Bounds | None = None


def is_ordered(column: Column) -> bool:
    """Whether the extremes of a column tell of all its values: those of floats and of signed integers do."""
    return column.kind is Kind.FLOAT or (column.kind is Kind.INTEGER and column.dtype.startswith("int"))


def all_hold(bounds: Bounds, extremes: Sequence[Any]) -> bool:
    """Whether no value is outside of bounds, by the extremes (none: there are no values). Never so of
    integers that pandas' floats blur."""
    blurred = any(isinstance(value, int) and abs(value) >= EXACT for value in extremes)
    return not blurred and all(map(bounds.hold, extremes))
