"""Expectations that no value, or no combination of values, stands in two rows."""

# ruff: noqa: S608  names are quoted and values escaped where they become SQL (columns.py, literals.py)
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runner.expect.asks import Distinct, Found, Rows, Uniqueness
from runner.expect.columns import ALIKE, Column
from runner.expect.compile.cells import nulls, shown
from runner.expect.compile.pairs import record, several
from runner.expect.compiled import Compiled, Examples, Result
from runner.expect.mapped import counted, enough, mostly_of
from runner.expect.scope import Scope, conjunction

Kwargs = Mapping[str, Any]
Present = Callable[[Found, Sequence[Any]], Any]


def unique(kwargs: Kwargs, scope: Scope) -> Compiled:
    """Of a value that several rows share, all are unexpected."""
    column = scope.column(kwargs.get("column"), *ALIKE)
    where = scope.rows(f"NOT {column.missing}")
    return _differing(kwargs, scope, [column], (column.sql,), where, lambda f, row: shown(column, f, row[0]))


def compound_unique(kwargs: Kwargs, scope: Scope) -> Compiled:
    """Combinations; rows of nulls alone are ignored unless told otherwise."""
    columns, missing = several(kwargs, scope, *ALIKE)
    where = scope.where if missing is None else scope.rows(f"NOT {missing}")
    # Two nulls are alike to pandas, NaN or not.
    keys = tuple(f"CASE WHEN {c.missing} THEN NULL ELSE {c.sql} END" for c in columns)
    return _differing(kwargs, scope, columns, keys, where, lambda f, row: record(columns, f, row))


def _differing(
    kwargs: Kwargs,
    scope: Scope,
    columns: Sequence[Column],
    keys: tuple[str, ...],
    where: str,
    present: Present,
) -> Compiled:
    """No two rows of a condition have equal keys; `present` shows the columns' values of one that does."""
    ask, mostly = Distinct(keys, where), mostly_of(kwargs)
    wanted = Rows(
        tuple(c.read(c.sql) for c in columns), conjunction(where, _shared(keys, where)), scope.examples
    )

    def conclude(found: Found, examples: Examples) -> Result:
        told: Uniqueness = found[ask]
        listed = [(row[0], present(found, row[1:])) for row in examples]
        success = enough(told.rows, told.shared, mostly)
        return success, counted(found[scope.count], told.rows, told.shared, listed)

    def rows(found: Found) -> Rows | None:
        return wanted if found[ask].shared else None

    return Compiled((scope.count, ask, *map(nulls, columns)), conclude, rows)


def _shared(keys: Sequence[str], where: str) -> str:
    """Whether another row of the condition has the same keys."""
    key = keys[0] if len(keys) == 1 else f"row({', '.join(keys)})"
    return f"{key} IN (SELECT {key} FROM {{table}} WHERE {where} GROUP BY 1 HAVING count(*) > 1)"


COMPILERS = {
    "expect_column_values_to_be_unique": unique,
    "expect_compound_columns_to_be_unique": compound_unique,
}
