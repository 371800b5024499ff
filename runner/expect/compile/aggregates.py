"""Expectations about one number of a column: extremes, sums, means, quantiles."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from runner.expect.asks import MEDIAN, Found, Quantiles, Scalar
from runner.expect.bounds import Bounds
from runner.expect.columns import MOMENTS, NUMBERS, Column, Kind
from runner.expect.compile.cells import absent, shown, told
from runner.expect.compiled import Compiled, Examples, Result
from runner.expect.facts import Of
from runner.expect.literals import Uncompiled, is_number
from runner.expect.mapped import plain
from runner.expect.scope import Scope

Kwargs = Mapping[str, Any]
EXTREMES = {"min": Of.LEAST, "max": Of.GREATEST}


def aggregate(function: str) -> Callable[[Kwargs, Scope], Compiled]:
    """One aggregate of the values that are not null, between bounds."""

    def compile(kwargs: Kwargs, scope: Scope) -> Compiled:
        column, bounds = scope.column(kwargs.get("column"), *NUMBERS), Bounds.of(kwargs)
        _require_double(column)
        kept = scope.rows(f"NOT {column.missing}")
        ask = Scalar(function.format(column.sql), kept, scope.means(Of.AGGREGATE, column))

        def conclude(found: Found, examples: Examples) -> Result:
            return bounds.judged(shown(column, found, found[ask]))

        return Compiled((ask, *told(column)), conclude)

    return compile


def extreme(function: str) -> Callable[[Kwargs, Scope], Compiled]:
    """The least or the greatest of the values that are not null, between bounds."""

    def compile(kwargs: Kwargs, scope: Scope) -> Compiled:
        column = scope.column(kwargs.get("column"), *NUMBERS, *MOMENTS, Kind.DECIMAL)
        bounds = _narrowed(Bounds.of(kwargs, column), column)
        ask = _extreme(function, column, scope)

        def conclude(found: Found, examples: Examples) -> Result:
            if found[ask] is None and column.kind in (Kind.TIME, Kind.INSTANT):
                return bounds.none, plain({"observed_value": absent(column)})
            success, result = bounds.judged(shown(column, found, found[ask]))
            return success, plain(result)

        return Compiled((ask, *told(column)), conclude)

    return compile


def _extreme(function: str, column: Column, scope: Scope) -> Scalar:
    """A moment is fetched as a text, in which moments have another order: the extreme is found first."""
    kept, means = scope.rows(f"NOT {column.missing}"), scope.means(EXTREMES[function], column)
    if column.kind not in MOMENTS:
        return Scalar(f"{function}({column.sql})", kept, means)
    return Scalar(column.read(f"{function}(CASE WHEN {kept} THEN {column.sql} END)"), means=means)


def _narrowed(bounds: Bounds, column: Column) -> Bounds:
    """Of floats of 32 bits the extreme is one of 32, which numpy compares with bounds of as many."""
    if column.dtype != "float32":
        return bounds
    return replace(bounds, low=_single(bounds.low), high=_single(bounds.high))


def _single(value: float | None) -> float | None:
    """The nearest float of 32 bits."""
    if value is None:
        return None
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _require_double(column: Column) -> None:
    """pandas adds floats of 32 bits up in 32 bits, in an order of its own."""
    if column.dtype == "float32":
        raise Uncompiled("pandas computes float32 in 32 bits")


def _require_some(column: Column) -> None:
    """Of no values of a nullable type, pandas' quantiles are none that Great Expectations could compare."""
    if column.nullable:
        raise Uncompiled(f"quantiles of {column.dtype}")


def total(kwargs: Kwargs, scope: Scope) -> Compiled:
    """The sum, which is 0 over no rows."""
    column, bounds = scope.column(kwargs.get("column"), *NUMBERS), Bounds.of(kwargs)
    _require_double(column)
    kept = scope.rows(f"NOT {column.missing}")
    ask = Scalar(f"sum({column.sql})", kept, scope.means(Of.AGGREGATE, column))

    def conclude(found: Found, examples: Examples) -> Result:
        value = 0 if found[ask] is None else found[ask]
        return bounds.judged(shown(column, found, _whole(column, value)))

    return Compiled((ask, *told(column)), conclude)


def _whole(column: Column, value: Any) -> Any:
    return int(value) if column.kind is Kind.INTEGER else float(value)


def median(kwargs: Kwargs, scope: Scope) -> Compiled:
    column, bounds = scope.column(kwargs.get("column"), *NUMBERS), Bounds.of(kwargs)
    _require_double(column)
    _require_some(column)
    ask = Quantiles(column.sql, (0.5,), MEDIAN, scope.rows(f"NOT {column.missing}"))

    def conclude(found: Found, examples: Examples) -> Result:
        return bounds.judged(found[ask][0])

    return Compiled((ask,), conclude)


def quantiles(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), *NUMBERS)
    _require_double(column)
    _require_some(column)
    wanted, ranges = _ranges(kwargs.get("quantile_ranges"))
    relative = kwargs.get("allow_relative_error", False)
    method = "nearest" if relative is False else relative
    if method not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise Uncompiled("allow_relative_error is no interpolation")
    ask = Quantiles(column.sql, wanted, method, scope.rows(f"NOT {column.missing}"))

    def conclude(found: Found, examples: Examples) -> Result:
        values = [shown(column, found, value) for value in found[ask]]
        fits = [_fits(value, *pair) for value, pair in zip(values, ranges, strict=True)]
        seen = {"quantiles": list(wanted), "values": values}
        return all(fits), {"observed_value": seen, "details": {"success_details": fits}}

    return Compiled((ask, *told(column)), conclude)


def _ranges(told: Any) -> tuple[tuple[float, ...], list[tuple[float, float]]]:
    if not isinstance(told, Mapping):
        raise Uncompiled("quantile_ranges is no object")
    wanted, ranges = told.get("quantiles"), told.get("value_ranges")
    if (
        not isinstance(wanted, list)
        or not isinstance(ranges, list)
        or len(wanted) != len(ranges)
        or not wanted
    ):
        raise Uncompiled("quantiles and value_ranges do not fit")
    if not all(is_number(q) and 0 <= q <= 1 for q in wanted):
        raise Uncompiled("a quantile is no share")
    if not all(
        isinstance(pair, list) and len(pair) == 2 and all(b is None or is_number(b) for b in pair)
        for pair in ranges
    ):
        raise Uncompiled("a value range is no pair of numbers")
    ends = (-float("inf"), float("inf"))
    filled = [[e if b is None else b for b, e in zip(pair, ends, strict=True)] for pair in ranges]
    return tuple(wanted), [(low, high) for low, high in filled]


def _fits(value: float | None, low: float, high: float) -> bool:
    """Within the range, or as close to an end as Great Expectations forgives: by 1e-4 of it."""
    if value is None:
        return False
    return low <= value <= high or _close(value, low) or _close(value, high)


def _close(value: float, bound: float) -> bool:
    return value == bound or abs(value - bound) <= 1e-8 + 1e-4 * abs(bound) < float("inf")


COMPILERS = {
    "expect_column_min_to_be_between": extreme("min"),
    "expect_column_max_to_be_between": extreme("max"),
    "expect_column_mean_to_be_between": aggregate("avg({})"),
    "expect_column_stdev_to_be_between": aggregate("stddev_samp({})"),
    "expect_column_sum_to_be_between": total,
    "expect_column_median_to_be_between": median,
    "expect_column_quantile_values_to_be_between": quantiles,
}
