"""The SQL of the fused scan, in DuckDB's dialect. Pure.

Each number has two SQLs: a bold one, several times faster where there are no conditions to look at, which is
right unless it is NaN; and a careful one, which is right whatever the values are.
"""

from __future__ import annotations

from collections.abc import Sequence

from runner.expect.asks import ALL_ROWS, Ask, Distinct, Scalar
from runner.expect.columns import Column, Kind
from runner.expect.facts import Of
from runner.expect.scope import conjunction

EXTREMES = {Of.LEAST: "min", Of.GREATEST: "max"}


def bold(ask: Scalar) -> str:
    """SQL's own nulls are skipped by its aggregates; NaN is not, and shows in what they give."""
    fact = ask.means
    if fact is None or fact.column is None:
        return careful(ask)
    if fact.of in EXTREMES:
        return fact.column.read(f"{EXTREMES[fact.of]}({fact.column.sql})")
    if fact.of is Of.AGGREGATE:
        return ask.sql
    return _counted(fact.of, fact.column) or careful(ask)


def _counted(of: Of, column: Column) -> str:
    """Nulls and values as counts that several asks share."""
    values, nan = f"count({column.sql})", f"coalesce(count_if(isnan({column.sql})), 0)"
    has_nan = column.kind is Kind.FLOAT
    if of is Of.PRESENT:
        return f"{values} - {nan}" if has_nan else values
    if of is Of.MISSING:
        return f"count(*) - {values} + {nan}" if has_nan else f"count(*) - {values}"
    return ""


def careful(ask: Scalar) -> str:
    """A count of conditions is several times faster than a filtered count of rows; over none it is null."""
    if ask.where == ALL_ROWS:
        return ask.sql
    if ask.sql == "count(*)":
        return f"coalesce(count_if({ask.where}), 0)"
    return f"{ask.sql} FILTER (WHERE {ask.where})"


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
