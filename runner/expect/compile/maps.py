"""Expectations about every value of a column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runner.expect.asks import Found
from runner.expect.bounds import Bounds
from runner.expect.columns import NUMBERS, PLAIN, Column, Kind
from runner.expect.compile.cells import held, nulls
from runner.expect.compiled import Compiled
from runner.expect.literals import Uncompiled, is_number, literal, number
from runner.expect.mapped import Mapped, mostly_of
from runner.expect.regex import searched
from runner.expect.scope import Scope

Kwargs = Mapping[str, Any]


def mapped(column: Column, kwargs: Kwargs, scope: Scope, unexpected: str, *, all: bool = False) -> Compiled:
    """A column's expectation by the condition of what is unexpected, over values that are not null (`all`:
    over nulls too)."""

    def present(found: Found, values: Sequence[Any]) -> Any:
        return held(column, found, values[0])

    ignored = None if all else column.missing
    return Mapped(
        scope, (column.sql,), ignored, unexpected, mostly_of(kwargs), present, (nulls(column),)
    ).compiled()


def not_null(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), *PLAIN)
    return mapped(column, kwargs, scope, column.missing, all=True)


def null(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), *PLAIN)
    return mapped(column, kwargs, scope, f"NOT {column.missing}", all=True)


def between(kwargs: Kwargs, scope: Scope) -> Compiled:
    column, bounds = scope.column(kwargs.get("column"), *NUMBERS), Bounds.of(kwargs)
    inside = within(_double(column), bounds, lambda bound: literal(bound, column))
    return mapped(column, kwargs, scope, f"NOT ({inside})")


def within(sql: str, bounds: Bounds, write: Callable[[float], str]) -> str:
    """Whether an expression is within bounds, of which one is there at least."""
    low, high = bounds.low, bounds.high
    if low is None and high is None:
        raise Uncompiled("neither bound is given")
    above = [] if low is None else [f"{sql} {'>' if bounds.strict_low else '>='} {write(low)}"]
    below = [] if high is None else [f"{sql} {'<' if bounds.strict_high else '<='} {write(high)}"]
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
    column, bounds = scope.column(kwargs.get("column"), Kind.TEXT), Bounds.of(kwargs)
    return mapped(column, kwargs, scope, f"NOT ({within(f'length({column.sql})', bounds, number)})")


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
