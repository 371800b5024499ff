"""Expectations about every value of a column beside its others: their order, and what lies far off."""

# ruff: noqa: S608  names are quoted and values escaped where they become SQL (columns.py, literals.py)
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runner.expect.columns import MOMENTS, NUMBERS, Column, Kind
from runner.expect.compile.maps import mapped
from runner.expect.compiled import Compiled
from runner.expect.literals import Uncompiled, is_number, number
from runner.expect.scope import Scope

Kwargs = Mapping[str, Any]


def ordered(sign: str) -> Callable[[Kwargs, Scope], Compiled]:
    """No value is `sign` than the one before it, in the rows' order, nulls left out; `strictly`: none is as
    great either. Two infinities alike have no difference to Great Expectations, and are in order."""

    def compile(kwargs: Kwargs, scope: Scope) -> Compiled:
        column = scope.column(kwargs.get("column"), *NUMBERS, *MOMENTS, Kind.DECIMAL)
        strictly = kwargs.get("strictly")
        if strictly not in (None, True, False):
            raise Uncompiled("strictly is no truth")
        wrong = f"v {sign}{'=' * bool(strictly)} before"
        if column.kind is Kind.FLOAT:
            wrong += " AND NOT (v = before AND isinf(v))"
        return mapped(column, kwargs, scope, _after(column, scope, wrong))

    return compile


def _after(column: Column, scope: Scope, wrong: str) -> str:
    """Whether something is wrong with a value (v) and the one before it."""
    before = f"lag({column.sql}) OVER (ORDER BY {{at}}) AS before"
    pairs = f"SELECT {{at}} AS place, {column.sql} AS v, {before} FROM {{table}} WHERE {_kept(column, scope)}"
    return f"{{at}} IN (SELECT place FROM ({pairs}) WHERE {wrong})"


def _kept(column: Column, scope: Scope) -> str:
    return scope.rows(f"NOT {column.missing}")


def _whole(aggregate: str, column: Column, scope: Scope) -> str:
    """An aggregate over all values, as a value."""
    return f"(SELECT {aggregate} FROM {{table}} WHERE {_kept(column, scope)})"


def z_scores(kwargs: Kwargs, scope: Scope) -> Compiled:
    """The distance from the mean in sample standard deviations; where there is no spread, there is none."""
    column, threshold = _doubles(kwargs, scope), kwargs.get("threshold")
    if threshold is None or not is_number(threshold) or not isinstance(kwargs.get("double_sided"), bool):
        raise Uncompiled("threshold is no number, or double_sided no truth")
    mean, spread = (_whole(f"{word}({column.sql})", column, scope) for word in ("avg", "stddev_samp"))
    score = f"(({column.sql} - {mean}) / nullif({spread}, 0))"
    far = f"abs({score})" if kwargs["double_sided"] else score
    limit = number(float(abs(threshold) if kwargs["double_sided"] else threshold))
    return mapped(column, kwargs, scope, f"coalesce(NOT isnan({score}) AND {far} >= {limit}, false)")


def _doubles(kwargs: Kwargs, scope: Scope) -> Column:
    column = scope.column(kwargs.get("column"), *NUMBERS)
    if column.dtype == "float32" or column.nullable:
        raise Uncompiled("pandas computes float32 in 32 bits, and stumbles over no value of a nullable type")
    return column


def no_outliers(kwargs: Kwargs, scope: Scope) -> Compiled:
    """Tukey's fences about the quartiles (Exploratory Data Analysis, 1977), or a number of sample standard
    deviations about the mean; where those are not finite, nothing lies outside."""
    column, method = _doubles(kwargs, scope), kwargs.get("method", "iqr")
    multiplier = kwargs.get("multiplier", 1.5)
    if method not in ("iqr", "std") or not is_number(multiplier) or not 0 <= multiplier < float("inf"):
        raise Uncompiled("neither iqr nor std, or its multiplier is no number")
    fences = _fenced if method == "iqr" else _deviating
    return mapped(column, kwargs, scope, fences(column, scope, number(float(multiplier))))


def _fenced(column: Column, scope: Scope, times: str) -> str:
    value = f"{column.sql}::DOUBLE"
    low, high = (_whole(f"quantile_cont({value}, {share})", column, scope) for share in (0.25, 0.75))
    reach = f"{times} * ({high} - {low})"
    outside = f"{value} < {low} - {reach} OR {value} > {high} + {reach}"
    return f"(isfinite({low}) AND isfinite({high}) AND ({outside}))"


def _deviating(column: Column, scope: Scope, times: str) -> str:
    mean, spread = (_whole(f"{word}({column.sql})", column, scope) for word in ("avg", "stddev_samp"))
    far, reach = f"abs({column.sql} - {mean})", f"({times} * {spread})"
    outside = f"CASE WHEN {reach} <= 0 THEN {column.sql} <> {mean} ELSE {far} >= {reach} END"
    return f"coalesce(isfinite({mean}) AND isfinite({spread}) AND {outside}, false)"


COMPILERS = {
    "expect_column_values_to_be_increasing": ordered("<"),
    "expect_column_values_to_be_decreasing": ordered(">"),
    "expect_column_value_z_scores_to_be_less_than": z_scores,
    "expect_column_values_to_not_be_outliers": no_outliers,
}
