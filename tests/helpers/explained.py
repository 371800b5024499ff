"""Where Great Expectations on pandas is wrong (docs/data.md): which differences that explains, and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from helpers.sameness import same

from runner.expect.literals import EXACT
from runner.stages.tables.suite import named_columns


@dataclass(frozen=True)
class Touched:
    """What the columns are that an expectation names."""

    integers: bool = False  # whether its column is of whole numbers
    blurred: bool = False  # whether one of its columns is, has nulls, and values that a float cannot hold
    big: bool = False  # whether its column has whole numbers that a float cannot hold
    wraps: bool = False  # whether two of its column's whole numbers differ by more than its type holds
    single: bool = False  # whether one of its columns is of floats of 32 bits
    size: float = 0.0  # of the values of a column of numbers, all together


@dataclass(frozen=True)
class Difference:
    """A compiled expectation whose answer is not Great Expectations'."""

    seed: int
    type: str
    kwargs: Mapping[str, Any]
    ours: Any
    theirs: Any
    touched: Touched = field(default=Touched())


def touched(kwargs: Mapping[str, Any], table: pa.Table) -> Touched:
    """What the columns of a table are that an expectation with these arguments looks at."""
    column, condition = kwargs.get("column"), str(kwargs.get("row_condition"))
    named = [n for n in table.column_names if n in named_columns(kwargs) or n in condition]
    numbers = _integers(table, column)
    return Touched(
        integers=column in table.column_names and pa.types.is_integer(table.schema.field(column).type),
        blurred=any(_blurs(table, name) for name in named),
        big=any(abs(number) >= EXACT for number in numbers),
        wraps=_wraps(table, column, numbers),
        single=any(pa.types.is_float32(table.schema.field(name).type) for name in named),
        size=_size(table, column),
    )


def _integers(table: pa.Table, column: Any) -> list[int]:
    """A column's whole numbers, if it is one of them."""
    if column not in table.column_names or not pa.types.is_integer(table.schema.field(column).type):
        return []
    return [value for value in table.column(column).to_pylist() if value is not None]


def _wraps(table: pa.Table, column: Any, numbers: list[int]) -> bool:
    """Whether a difference of two of them is none of their type's numbers."""
    if not numbers:
        return False
    kind, spread = table.schema.field(column).type, max(numbers) - min(numbers)
    return spread > 0 if pa.types.is_unsigned_integer(kind) else spread >= 2 ** (kind.bit_width - 1)


def _size(table: pa.Table, column: Any) -> float:
    """The sum of a column's finite numbers without their signs."""
    if column not in table.column_names:
        return 0.0
    kind = table.schema.field(column).type
    if not pa.types.is_floating(kind) and not pa.types.is_integer(kind):
        return 0.0
    values = table.column(column).to_pylist()
    return math.fsum(abs(value) for value in values if value is not None and math.isfinite(value))


def _blurs(table: pa.Table, column: str) -> bool:
    """Whether pandas reads whole numbers as floats that stand for several of them."""
    numbers = _integers(table, column)
    return len(numbers) < len(table) and any(abs(value) >= EXACT for value in numbers)


def with_columns(difference: Difference, path: Any) -> Difference:
    """With what its columns are in its table."""
    found = touched(difference.kwargs, pq.read_table(path))
    return Difference(**{**vars(difference), "touched": found})


def explained(difference: Difference) -> str:
    """Why Great Expectations is wrong there, or ''."""
    if difference.theirs["raised"]:
        return ""
    return next((why for why, holds in CAUSES.items() if holds(difference)), "")


def _cancelled(difference: Difference) -> bool:
    """Whether two finite sums differ by no more than their terms' last digits."""
    return "column_sum" in difference.type and not difference.touched.integers and _close(difference)


def _averaged(difference: Difference) -> bool:
    """Whether two means of big whole numbers differ by no more than the digits that floats of them lose."""
    return "column_mean" in difference.type and difference.touched.big and _close(difference)


def _close(difference: Difference) -> bool:
    ours, theirs = (each["result"]["observed_value"] for each in (difference.ours, difference.theirs))
    if ours is None or theirs is None or not (math.isfinite(ours) and math.isfinite(theirs)):
        return False
    return abs(ours - theirs) <= 1e-12 * difference.touched.size


def _wrapped(difference: Difference) -> bool:
    """Whether two sums differ by what 64 bits cannot hold."""
    if "column_sum" not in difference.type or not difference.touched.integers:
        return False
    ours, theirs = (each["result"]["observed_value"] for each in (difference.ours, difference.theirs))
    return isinstance(ours, int) and not -(2**63) <= ours < 2**63 and (ours - int(theirs)) % 2**64 == 0


def _rounded(difference: Difference) -> bool:
    """Whether numbers of 32 bits, rounded in so many, are theirs."""
    return difference.touched.single and same(
        _singles(difference.ours), _singles(_nameless(difference.theirs))
    )


def _nameless(theirs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: theirs[name] for name in ("success", "result")}


def _singles(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _singles(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_singles(each) for each in value]
    if not isinstance(value, float) or value != value:
        return value
    with np.errstate(over="ignore"):
        return float(np.round(np.float32(value), 15))


def _interpolated(difference: Difference) -> bool:
    linear = "quantile" in difference.type and difference.kwargs.get("allow_relative_error") == "linear"
    quartiles = "outliers" in difference.type and difference.touched.wraps
    return difference.touched.integers and (linear or quartiles)


CAUSES: dict[str, Callable[[Difference], bool]] = {
    "pandas reads whole numbers beyond 2**53 beside nulls as floats, which merges them": lambda each: (
        each.touched.blurred
    ),
    "a float of 32 bits is rounded to 15 digits in 32 bits": _rounded,
    "a sum of floats that cancel depends on the order of adding": _cancelled,
    "pandas' differences of integers wrap around": lambda each: (
        "creasing" in each.type and each.touched.wraps
    ),
    "numpy interpolates whole numbers in their own few bits": _interpolated,
    "quartiles of integers beyond 2**53 are floats": lambda each: (
        "outliers" in each.type and each.touched.big
    ),
    "pandas' sum of integers wraps around": _wrapped,
    "a mean of integers beyond 2**53 adds floats of them": _averaged,
}
