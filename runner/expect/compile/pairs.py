"""Expectations about several columns of a row."""

# ruff: noqa: S608  names are quoted and values escaped where they become SQL (columns.py, literals.py)
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.expect.asks import Distinct, Found, Rows, Uniqueness
from runner.expect.columns import NUMBERS, Column, Kind
from runner.expect.compile.maps import absent, nulls, shown
from runner.expect.compiled import Compiled, Examples, Result
from runner.expect.literals import Uncompiled
from runner.expect.mapped import Mapped, counted, mostly_of
from runner.expect.scope import Scope, conjunction

Kwargs = Mapping[str, Any]


def greater(kwargs: Kwargs, scope: Scope) -> Compiled:
    a, b = _pair(kwargs, scope)
    sign = ">=" if kwargs.get("or_equal") else ">"
    return _paired(kwargs, scope, a, b, f"{a.sql} {sign} {b.sql}")


def equal(kwargs: Kwargs, scope: Scope) -> Compiled:
    a, b = _pair(kwargs, scope)
    return _paired(kwargs, scope, a, b, f"{a.sql} = {b.sql}")


def _pair(kwargs: Kwargs, scope: Scope) -> tuple[Column, Column]:
    a, b = (
        scope.column(kwargs.get(name), *NUMBERS, Kind.TEXT, Kind.TIME) for name in ("column_A", "column_B")
    )
    both_numbers = a.kind in NUMBERS and b.kind in NUMBERS
    if a.kind is not b.kind and not both_numbers:
        raise Uncompiled(f"{a.kind} against {b.kind}")
    if both_numbers and a.dtype != b.dtype:
        raise Uncompiled(f"{a.dtype} against {b.dtype}")
    return a, b


def _paired(kwargs: Kwargs, scope: Scope, a: Column, b: Column, expected: str) -> Compiled:
    ignored = kwargs.get("ignore_row_if", "both_values_are_missing")
    joined = {"both_values_are_missing": "AND", "either_value_is_missing": "OR"}.get(ignored)
    if joined is None:
        raise Uncompiled(f"ignore_row_if is {ignored!r}")
    if Kind.TIME in (a.kind, b.kind):
        raise Uncompiled("pairs of times")

    def present(found: Found, values: Sequence[Any]) -> Any:
        pairs = ((column, shown(column, found, value)) for column, value in zip((a, b), values, strict=True))
        return tuple(absent(column) if value is None else value for column, value in pairs)

    missing = f"({a.missing} {joined} {b.missing})"
    unexpected = f"({a.missing} OR {b.missing} OR NOT ({expected}))"
    return Mapped(
        scope, (a.sql, b.sql), missing, unexpected, mostly_of(kwargs), present, (nulls(a), nulls(b))
    ).compiled()


def compound_unique(kwargs: Kwargs, scope: Scope) -> Compiled:
    """Exact uniqueness of combinations; rows of nulls alone are ignored unless told otherwise."""
    columns, missing = several(kwargs, scope)
    where = scope.where if missing is None else scope.rows(f"NOT {missing}")
    # Two nulls are alike to pandas, NaN or not.
    keys = tuple(f"CASE WHEN {c.missing} THEN NULL ELSE {c.sql} END" for c in columns)
    ask, mostly = Distinct(keys, where), mostly_of(kwargs)

    def rows(found: Found) -> Rows | None:
        if not found[ask].shared:
            return None
        packed = f"row({', '.join(keys)})"
        among = f"{packed} IN (SELECT {packed} FROM {{table}} WHERE {where} GROUP BY ALL HAVING count(*) > 1)"
        return Rows(tuple(c.sql for c in columns), conjunction(where, among), scope.examples)

    def conclude(found: Found, examples: Examples) -> Result:
        told: Uniqueness = found[ask]
        success = not told.rows or (float(told.rows) - told.shared) / told.rows >= mostly
        return success, counted(
            found[scope.count], told.rows, told.shared, [record(columns, found, row) for row in examples]
        )

    return Compiled((scope.count, ask, *map(nulls, columns)), conclude, rows)


def several(kwargs: Kwargs, scope: Scope) -> tuple[list[Column], str | None]:
    """The columns of column_list, and which rows are ignored."""
    names, ignored = kwargs.get("column_list"), kwargs.get("ignore_row_if", "all_values_are_missing")
    if not isinstance(names, list) or len(names) < 2 or len(set(map(str, names))) < len(names):
        raise Uncompiled("column_list is no list of different columns")
    columns = [scope.column(name, *NUMBERS, Kind.TEXT) for name in names]
    if ignored == "never":
        return columns, None
    joined = {"all_values_are_missing": " AND ", "any_value_is_missing": " OR "}.get(ignored)
    if joined is None:
        raise Uncompiled(f"ignore_row_if is {ignored!r}")
    return columns, f"({joined.join(c.missing for c in columns)})"


def record(columns: Sequence[Column], found: Found, row: Sequence[Any]) -> tuple[Any, dict[str, Any]]:
    shown_values = {c.name: shown(c, found, value) for c, value in zip(columns, row[1:], strict=True)}
    return row[0], {
        name: absent(c) if v is None else v
        for (name, v), c in zip(shown_values.items(), columns, strict=True)
    }


COMPILERS = {
    "expect_compound_columns_to_be_unique": compound_unique,
    "expect_column_pair_values_a_to_be_greater_than_b": greater,
    "expect_column_pair_values_to_be_equal": equal,
}
