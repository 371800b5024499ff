"""The SQL of the fused scan, in DuckDB's dialect. Pure.

Each number has two SQLs: a bold one, faster since it looks at no conditions, which may leave its question
open (NaN among the values, a value out of bounds); and a careful one, which answers whatever the values are.
"""

# ruff: noqa: S608  names are quoted and values escaped where they become SQL (columns.py, literals.py)
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runner.expect.asks import ALL_ROWS, Ask, Distinct, Scalar
from runner.expect.columns import Column, Kind, quoted
from runner.expect.facts import Of, all_hold, is_ordered
from runner.expect.scope import conjunction

EXTREMES = {Of.LEAST: "min", Of.GREATEST: "max"}


def bold(ask: Scalar) -> str:
    """SQL's own nulls are skipped by its aggregates; NaN is not, and shows in what they give: it is the
    greatest of all."""
    fact = ask.means
    if fact is None or fact.column is None:
        return careful(ask)
    if fact.of in EXTREMES:
        return fact.column.read(f"{EXTREMES[fact.of]}({fact.column.sql})")
    if fact.of is Of.OUTSIDE:
        return (
            f"[min({fact.column.sql}), max({fact.column.sql})]" if is_ordered(fact.column) else careful(ask)
        )
    if fact.of is Of.AGGREGATE:
        return ask.sql
    return careful(ask) if fact.of is Of.JUDGED else _counted(fact.of, fact.column)


def _counted(of: Of, column: Column) -> str:
    """Nulls or values as counts that several asks share; null where NaN would count among the values."""
    count = f"count({column.sql})" if of is Of.PRESENT else f"count(*) - count({column.sql})"
    return f"if(isnan(max({column.sql})), NULL, {count})" if column.kind is Kind.FLOAT else count


def settled(ask: Scalar, value: Any) -> tuple[Any, ...]:
    """What the bold SQL's value answers, or (): it leaves the ask open."""
    if bold(ask) == careful(ask):
        return (value,)
    fact = ask.means
    if fact is not None and fact.of is Of.OUTSIDE and fact.bounds is not None:
        extremes = [each for each in value if each is not None]
        return (0,) if all_hold(fact.bounds, extremes) else ()
    is_count = fact is not None and fact.of in (Of.PRESENT, Of.MISSING)
    return () if value != value or (is_count and value is None) else (value,)


def careful(ask: Scalar) -> str:
    """A count of conditions is several times faster than a filtered count of rows; over none it is null."""
    if ask.where == ALL_ROWS:
        return ask.sql
    if ask.sql == "count(*)":
        return f"coalesce(count_if({ask.where}), 0)"
    return f"{ask.sql} FILTER (WHERE {ask.where})"


def by_value(asks: Sequence[Scalar]) -> dict[Column, list[Scalar]]:
    """Columns of texts that are judged one by one, with all that the different texts and their numbers
    tell."""
    told = [(ask, ask.means.of, ask.means.column) for ask in asks if ask.means and ask.means.column]
    judged = {column for _, of, column in told if of is Of.JUDGED and column.kind is Kind.TEXT}
    found: dict[Column, list[Scalar]] = {}
    for ask, of, column in told:
        if column in judged and of in (Of.JUDGED, Of.PRESENT, Of.MISSING):
            found.setdefault(column, []).append(ask)
    return found


def of_values(column: Column, source: str) -> str:
    """Each different value of a column, and how many rows have it."""
    return f"(SELECT {column.sql}, count(*) AS {_number(column)} FROM {source} GROUP BY 1)"


def weighed(ask: Scalar, column: Column) -> str:
    """A count of rows by a column's value alone, over `of_values`."""
    return f"coalesce(sum({_number(column)}) FILTER (WHERE {ask.where}), 0)::BIGINT"


def _number(column: Column) -> str:
    """A name that is not the column's."""
    return quoted(f"{column.name} rows")


def hashed(ask: Distinct) -> str:
    """Keys as 64 bits: equal ones have equal hashes."""
    return f"hash({', '.join(ask.keys)})"


def present(column: Column) -> str:
    """The condition of a column's values that are not null, as asks have it."""
    return conjunction(f"NOT {column.missing}")


def known(asks: Sequence[Scalar], rows: int, counted: dict[str, int]) -> dict[Ask, int]:
    """What needs no scan: the number of rows, and what follows from numbers of rows by their conditions."""
    found: dict[Ask, int] = {}
    for ask in asks:
        fact = ask.means
        if ask.sql == "count(*)" and ask.where in counted:
            found[ask] = counted[ask.where]
        elif fact and fact.of is Of.MISSING and fact.column and present(fact.column) in counted:
            found[ask] = rows - counted[present(fact.column)]
    return found
