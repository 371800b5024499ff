"""Expectations about the columns of a row together: values that all differ, and their sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from runner.expect.asks import Found
from runner.expect.columns import ALIKE, CATEGORY, NUMBERS, Column, Kind
from runner.expect.compile.cells import nulls
from runner.expect.compile.pairs import record, several
from runner.expect.compiled import Compiled
from runner.expect.literals import Uncompiled, is_number, number
from runner.expect.mapped import Mapped, mostly_of
from runner.expect.scope import Scope

Kwargs = Mapping[str, Any]
MOST = 7  # with more, numpy adds in another order


def unlike(kwargs: Kwargs, scope: Scope) -> Compiled:
    """No two columns of a row have one value; two nulls are alike."""
    columns, missing = _of_one_type(kwargs, scope)
    alike = " OR ".join(f"({_alike(a, b)})" for a, b in combinations(columns, 2))
    return _by_row(kwargs, scope, columns, missing, f"({alike})")


def alike(kwargs: Kwargs, scope: Scope) -> Compiled:
    """All columns of a row have one value; two nulls are alike."""
    columns, missing = _of_one_type(kwargs, scope)
    equal = " AND ".join(f"({_alike(columns[0], other)})" for other in columns[1:])
    return _by_row(kwargs, scope, columns, missing, f"NOT ({equal})")


def _of_one_type(kwargs: Kwargs, scope: Scope) -> tuple[list[Column], str | None]:
    columns, missing = several(kwargs, scope, *ALIKE)
    first = columns[0]
    mixed = any((column.kind, column.dtype) != (first.kind, first.dtype) for column in columns)
    if mixed or first.dtype == CATEGORY or first.nullable:
        raise Uncompiled("its columns are of several types")
    return columns, missing


def _alike(a: Column, b: Column) -> str:
    """Whether two values are equal, or both null: true or false, never null."""
    both = f"NOT {a.missing} AND NOT {b.missing} AND coalesce({a.sql} = {b.sql}, false)"
    return f"({a.missing} AND {b.missing}) OR ({both})"


def total(kwargs: Kwargs, scope: Scope) -> Compiled:
    """A row's sum is one number; with a null in it, it is none."""
    columns, missing = several(kwargs, scope, *NUMBERS)
    if any(c.nullable or c.dtype in ("float32", "uint64") for c in columns) or len(columns) > MOST:
        raise Uncompiled("its columns are no numbers of 64 bits, or too many")
    wanted = kwargs.get("sum_total")
    if wanted is None or not is_number(wanted):
        raise Uncompiled("sum_total is no number")
    added = " + ".join(_summand(column, columns) for column in columns)
    unexpected = f"({' OR '.join(c.missing for c in columns)} OR NOT ({added} = {number(wanted)}))"
    return _by_row(kwargs, scope, columns, missing, unexpected)


def _summand(column: Column, beside: Sequence[Column]) -> str:
    """Whole numbers are added as such, beside floats as floats."""
    whole = all(each.kind is Kind.INTEGER for each in beside)
    return f"{column.sql}::{'HUGEINT' if whole else 'DOUBLE'}"


def _by_row(
    kwargs: Kwargs, scope: Scope, columns: Sequence[Column], missing: str | None, unexpected: str
) -> Compiled:
    def present(found: Found, values: Sequence[Any]) -> Any:
        return record(columns, found, values)

    names = tuple(column.read(column.sql) for column in columns)
    ignored = "false" if missing is None else missing
    told = tuple(map(nulls, columns))
    return Mapped(scope, names, ignored, unexpected, mostly_of(kwargs), present, told).compiled()


COMPILERS = {
    "expect_multicolumn_values_to_be_equal": alike,
    "expect_select_column_values_to_be_unique_within_record": unlike,
    "expect_multicolumn_sum_to_equal": total,
}
