"""Expectations about several columns of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.expect.asks import Found
from runner.expect.columns import NUMBERS, Column, Kind
from runner.expect.compile.cells import held, nulls
from runner.expect.compiled import Compiled
from runner.expect.literals import Uncompiled
from runner.expect.mapped import Mapped, mostly_of
from runner.expect.scope import Scope

Kwargs = Mapping[str, Any]


def greater(kwargs: Kwargs, scope: Scope) -> Compiled:
    a, b = _pair(kwargs, scope)
    sign = ">=" if kwargs.get("or_equal") else ">"
    return _paired(kwargs, scope, a, b, f"{a.sql} {sign} {b.sql}")


def equal(kwargs: Kwargs, scope: Scope) -> Compiled:
    a, b = _pair(kwargs, scope)
    return _paired(kwargs, scope, a, b, f"{a.sql} = {b.sql}")


def _pair(kwargs: Kwargs, scope: Scope) -> tuple[Column, Column]:
    a, b = (scope.column(kwargs.get(name), *NUMBERS, Kind.TEXT) for name in ("column_A", "column_B"))
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

    def present(found: Found, values: Sequence[Any]) -> Any:
        return tuple(held(column, found, value) for column, value in zip((a, b), values, strict=True))

    missing = f"({a.missing} {joined} {b.missing})"
    unexpected = f"({a.missing} OR {b.missing} OR NOT ({expected}))"
    return Mapped(
        scope, (a.sql, b.sql), missing, unexpected, mostly_of(kwargs), present, (nulls(a), nulls(b))
    ).compiled()


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


def record(columns: Sequence[Column], found: Found, values: Sequence[Any]) -> dict[str, Any]:
    """A row's values by their columns' names, as pandas would hold them."""
    return {c.name: held(c, found, value) for c, value in zip(columns, values, strict=True)}


COMPILERS = {
    "expect_column_pair_values_a_to_be_greater_than_b": greater,
    "expect_column_pair_values_to_be_equal": equal,
}
