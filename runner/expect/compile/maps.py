"""Expectations about every value of a column."""

# ruff: noqa: S608  names are quoted and values escaped where they become SQL (columns.py, literals.py)
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from runner.expect.asks import Distinct, Found, Rows, Scalar, Uniqueness
from runner.expect.bounds import Bounds
from runner.expect.columns import NUMBERS, Column, Kind
from runner.expect.compiled import Compiled, Examples, Result
from runner.expect.literals import Uncompiled, is_number, literal, number
from runner.expect.mapped import Mapped, counted, mostly_of
from runner.expect.regex import searched
from runner.expect.scope import Scope

Kwargs = Mapping[str, Any]
COMPARED = (*NUMBERS, Kind.TEXT)
LISTED = (*NUMBERS, Kind.TEXT, Kind.BOOLEAN)


def nulls(column: Column) -> Scalar:
    """How many nulls a column has in the whole table: what makes pandas read integers as floats."""
    return Scalar("count(*)", column.missing)


NAN = float("nan")  # the one that all of pandas' texts share; numbers have one each


def shown(column: Column, found: Found, value: Any) -> Any:
    """A value as pandas would hold it."""
    if value is None or value != value:
        return None
    return float(value) if column.kind is Kind.INTEGER and found[nulls(column)] else value


def absent(column: Column) -> float | None:
    """A null as pandas holds it, which its counts of values tell: each null number is a NaN of its own."""
    return {Kind.TEXT: NAN, Kind.BOOLEAN: None}.get(column.kind, float("nan"))


def mapped(column: Column, kwargs: Kwargs, scope: Scope, unexpected: str) -> Compiled:
    """A column's expectation by the condition of what is unexpected, over values that are not null."""

    def present(found: Found, values: Sequence[Any]) -> Any:
        return shown(column, found, values[0])

    return Mapped(
        scope, (column.sql,), column.missing, unexpected, mostly_of(kwargs), present, (nulls(column),)
    ).compiled()


def not_null(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), *LISTED)
    return Mapped(
        scope, (column.sql,), None, column.missing, mostly_of(kwargs), lambda found, values: absent(column)
    ).compiled()


def null(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), *LISTED)

    def present(found: Found, values: Sequence[Any]) -> Any:
        return shown(column, found, values[0])

    unexpected = f"NOT {column.missing}"
    return Mapped(
        scope, (column.sql,), None, unexpected, mostly_of(kwargs), present, (nulls(column),)
    ).compiled()


def between(kwargs: Kwargs, scope: Scope) -> Compiled:
    column, bounds = scope.column(kwargs.get("column"), *NUMBERS), Bounds.of(kwargs)
    inside = within(_double(column), bounds, lambda bound: literal(bound, replace(column, dtype="")))
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
    column = scope.column(kwargs.get("column"), *LISTED)
    return mapped(column, kwargs, scope, f"NOT {member(column, kwargs.get('value_set'))}")


def not_in_set(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), *LISTED)
    return mapped(column, kwargs, scope, member(column, kwargs.get("value_set")))


def member(column: Column, values: Any) -> str:
    """Whether a value is of a set, of one kind with the column; raises Uncompiled for any other."""
    if not isinstance(values, list) or not values:
        raise Uncompiled("value_set is no list, or empty")
    listed = ", ".join(literal(value, replace(column, dtype="")) for value in values)
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


def unique(kwargs: Kwargs, scope: Scope) -> Compiled:
    """Exact uniqueness: of a value that several rows share, all are unexpected."""
    column, mostly = scope.column(kwargs.get("column"), *LISTED), mostly_of(kwargs)
    where = scope.rows(f"NOT {column.missing}")
    ask = Distinct((column.sql,), where)

    def rows(found: Found) -> Rows | None:
        shared: Uniqueness = found[ask]
        if not shared.shared:
            return None
        shares = f"SELECT {column.sql} FROM {{table}} WHERE {where} GROUP BY 1 HAVING count(*) > 1"
        return Rows((column.sql,), f"{where} AND {column.sql} IN ({shares})", scope.examples)

    def conclude(found: Found, examples: Examples) -> Result:
        told: Uniqueness = found[ask]
        success = not told.rows or (float(told.rows) - told.shared) / told.rows >= mostly
        listed = [(row[0], shown(column, found, row[1])) for row in examples]
        return success, counted(found[scope.count], told.rows, told.shared, listed)

    return Compiled((scope.count, ask, nulls(column)), conclude, rows)


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
    "expect_column_values_to_be_unique": unique,
}
