"""Expectations about every value of a column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runner.expect.asks import Found
from runner.expect.bounds import Bounds
from runner.expect.columns import ALIKE, KNOWN, MOMENTS, NUMBERS, PLAIN, Column, Kind
from runner.expect.compile.cells import held, told
from runner.expect.compiled import Compiled
from runner.expect.facts import Fact, Of
from runner.expect.literals import Uncompiled, edge, is_number, literal, number
from runner.expect.mapped import Mapped, mostly_of
from runner.expect.moments import written
from runner.expect.regex import searched
from runner.expect.scope import Scope

Kwargs = Mapping[str, Any]


def mapped(
    column: Column,
    kwargs: Kwargs,
    scope: Scope,
    unexpected: str,
    *,
    all: bool = False,
    bad: Fact | None = None,
) -> Compiled:
    """A column's expectation by the condition of what is unexpected, over values that are not null (`all`:
    over nulls too); `bad` is what the number of unexpected ones means, where that has a name."""

    def present(found: Found, values: Sequence[Any]) -> Any:
        return held(column, found, values[0])

    ignored, shown = None if all else column.missing, (column.read(column.sql),)
    judged = bad or scope.means(Of.JUDGED, column)
    means = scope.means(Of.ROWS) if all else scope.means(Of.PRESENT, column), judged
    return Mapped(
        scope, shown, ignored, unexpected, mostly_of(kwargs), present, told(column), means
    ).compiled()


def not_null(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), *KNOWN)
    return mapped(column, kwargs, scope, column.missing, all=True, bad=scope.means(Of.MISSING, column))


def null(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), *ALIKE)
    bad = scope.means(Of.PRESENT, column)
    return mapped(column, kwargs, scope, f"NOT {column.missing}", all=True, bad=bad)


def between(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), *NUMBERS, *MOMENTS, Kind.DECIMAL)
    bounds = Bounds.of(kwargs, column)
    inside = within(_double(column), bounds, lambda bound, up: bound_of(bound, column, up))
    return mapped(column, kwargs, scope, f"NOT ({inside})", bad=scope.means(Of.OUTSIDE, column, bounds))


def bound_of(bound: Any, column: Column, upward: bool) -> str:
    """A bound as SQL; `upward`: where it is none of the column's numbers, the next one above will do."""
    return written(bound, column) if column.kind in MOMENTS else edge(bound, column, upward=upward)


def within(sql: str, bounds: Bounds, write: Callable[[Any, bool], str]) -> str:
    """Whether an expression is within bounds, of which one is there at least; `write` is told whether the
    bound may be rounded up."""
    low, high = bounds.low, bounds.high
    if bounds.none:
        raise Uncompiled("neither bound is given")
    strict, strictly = bounds.strict_low, bounds.strict_high
    above = [] if low is None else [f"{sql} {'>' if strict else '>='} {write(low, not strict)}"]
    below = [] if high is None else [f"{sql} {'<' if strictly else '<='} {write(high, strictly)}"]
    return " AND ".join(above + below)


def in_set(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), *PLAIN)
    return mapped(column, kwargs, scope, f"NOT {member(column, kwargs.get('value_set'))}")


def not_in_set(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), *PLAIN)
    return mapped(column, kwargs, scope, member(column, kwargs.get("value_set")))


def member(column: Column, values: Any) -> str:
    """Whether a value is of a set, of one kind with the column; raises Uncompiled for any other."""
    if not isinstance(values, list) or not values:
        raise Uncompiled("value_set is no list, or empty")
    listed = ", ".join(literal(value, column) for value in values)
    return f"({_double(column)} IN ({listed}))"


def _double(column: Column) -> str:
    """Great Expectations compares a float of 32 bits as one of 64: 0.1 is none of them, and lies above it."""
    return f"{column.sql}{'::DOUBLE' * (column.dtype == 'float32')}"


def lengths_between(kwargs: Kwargs, scope: Scope) -> Compiled:
    column, bounds = scope.column(kwargs.get("column"), Kind.TEXT), Bounds.of_count(kwargs)
    return mapped(
        column,
        kwargs,
        scope,
        f"NOT ({within(f'length({column.sql})', bounds, lambda bound, up: number(bound))})",
    )


def lengths_equal(kwargs: Kwargs, scope: Scope) -> Compiled:
    column, value = scope.column(kwargs.get("column"), Kind.TEXT), kwargs.get("value")
    if value is None or not is_number(value):
        raise Uncompiled("value is no number")
    return mapped(column, kwargs, scope, f"length({column.sql}) <> {number(value)}")


def matches(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), Kind.TEXT)
    return mapped(column, kwargs, scope, f"NOT {searched(column.sql, kwargs.get('regex'))}")


def matches_not(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), Kind.TEXT)
    return mapped(column, kwargs, scope, searched(column.sql, kwargs.get("regex")))


def matches_list(kwargs: Kwargs, scope: Scope) -> Compiled:
    column, joined = scope.column(kwargs.get("column"), Kind.TEXT), kwargs.get("match_on", "any")
    if joined not in ("any", "all"):
        raise Uncompiled("match_on is neither any nor all")
    found = (" OR " if joined == "any" else " AND ").join(_all_searched(column, kwargs))
    return mapped(column, kwargs, scope, f"NOT ({found})")


def matches_none(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), Kind.TEXT)
    return mapped(column, kwargs, scope, f"({' OR '.join(_all_searched(column, kwargs))})")


def _all_searched(column: Column, kwargs: Kwargs) -> list[str]:
    patterns = kwargs.get("regex_list")
    if not isinstance(patterns, list) or not patterns:
        raise Uncompiled("regex_list is no list, or empty")
    return [searched(column.sql, pattern) for pattern in patterns]


COMPILERS = {
    "expect_column_values_to_not_be_null": not_null,
    "expect_column_values_to_be_null": null,
    "expect_column_values_to_be_between": between,
    "expect_column_values_to_be_in_set": in_set,
    "expect_column_values_to_not_be_in_set": not_in_set,
    "expect_column_value_lengths_to_be_between": lengths_between,
    "expect_column_value_lengths_to_equal": lengths_equal,
    "expect_column_values_to_match_regex": matches,
    "expect_column_values_to_not_match_regex": matches_not,
    "expect_column_values_to_match_regex_list": matches_list,
    "expect_column_values_to_not_match_regex_list": matches_none,
}
