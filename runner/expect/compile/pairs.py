"""Expectations about several columns of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.expect.asks import Found
from runner.expect.columns import CATEGORY, NUMBERS, PLAIN, Column, Kind
from runner.expect.compile.cells import held, nulls, paired
from runner.expect.compiled import Compiled
from runner.expect.literals import Uncompiled, literal
from runner.expect.mapped import Mapped, mostly_of
from runner.expect.scope import Scope

Kwargs = Mapping[str, Any]
OBJECTS = (Kind.BOOLEAN, Kind.DATE, Kind.DECIMAL)  # to pandas, where one is null


def greater(kwargs: Kwargs, scope: Scope) -> Compiled:
    a, b = _comparable(kwargs, scope)
    sign = ">=" if kwargs.get("or_equal") else ">"
    return _paired(kwargs, scope, a, b, f"({a.missing} OR {b.missing} OR NOT ({_compared(a, sign, b)}))")


def equal(kwargs: Kwargs, scope: Scope) -> Compiled:
    a, b = _comparable(kwargs, scope)
    return _paired(kwargs, scope, a, b, f"({a.missing} OR {b.missing} OR NOT ({_compared(a, '=', b)}))")


def in_set(kwargs: Kwargs, scope: Scope) -> Compiled:
    """Both values together are one of the pairs of a set, of which a null is null."""
    a, b = (scope.column(kwargs.get(name), *PLAIN) for name in ("column_A", "column_B"))
    if "float32" in (a.dtype, b.dtype) or a.nullable or b.nullable:
        raise Uncompiled("floats of 32 bits, or pandas' nullable types")
    pairs = kwargs.get("value_pairs_set")
    if (
        not isinstance(pairs, list)
        or not pairs
        or not all(isinstance(p, list) and len(p) == 2 for p in pairs)
    ):
        raise Uncompiled("value_pairs_set is no list of pairs, or empty")
    found = " OR ".join(f"({_is(a, one)} AND {_is(b, other)})" for one, other in pairs)
    return _paired(kwargs, scope, a, b, f"NOT ({found})")


def _is(column: Column, value: Any) -> str:
    if value is None:
        return column.missing
    return f"(NOT {column.missing} AND {column.sql} = {literal(value, column)})"


def _comparable(kwargs: Kwargs, scope: Scope) -> tuple[Column, Column]:
    """Columns of one kind, or of numbers. pandas compares objects one by one, and fails where one is null."""
    objects = kwargs.get("ignore_row_if") == "either_value_is_missing"
    kinds = (*NUMBERS, Kind.TEXT, Kind.TIME, Kind.INSTANT, *(OBJECTS if objects else ()))
    a, b = (scope.column(kwargs.get(name), *kinds) for name in ("column_A", "column_B"))
    if a.kind is not b.kind and not (a.kind in NUMBERS and b.kind in NUMBERS):
        raise Uncompiled(f"{a.kind} against {b.kind}")
    of_units = a.kind is Kind.TIME and a.dtype != b.dtype
    if of_units or any(column.dtype == CATEGORY or column.nullable for column in (a, b)):
        raise Uncompiled(f"{a.dtype} against {b.dtype}")
    return a, b


def _compared(a: Column, sign: str, b: Column) -> str:
    """Numbers of two types are compared as numpy does, beside a float in 64 bits."""
    cast = "::DOUBLE" if a.dtype != b.dtype and Kind.FLOAT in (a.kind, b.kind) else ""
    return f"{a.sql}{cast} {sign} {b.sql}{cast}"


def _paired(kwargs: Kwargs, scope: Scope, a: Column, b: Column, unexpected: str) -> Compiled:
    if a == b:
        raise Uncompiled("a column beside itself")

    def present(found: Found, values: Sequence[Any]) -> Any:
        return tuple(paired(column, found, value) for column, value in zip((a, b), values, strict=True))

    missing, columns = _ignored(kwargs, a, b), (a.read(a.sql), b.read(b.sql))
    told = (nulls(a), nulls(b))
    return Mapped(scope, columns, missing, unexpected, mostly_of(kwargs), present, told).compiled()


def _ignored(kwargs: Kwargs, a: Column, b: Column) -> str:
    ignored = kwargs.get("ignore_row_if", "both_values_are_missing")
    if ignored == "neither":
        return "false"
    joined = _joined(ignored, {"both_values_are_missing": "AND", "either_value_is_missing": "OR"})
    return f"({a.missing} {joined} {b.missing})"


def several(kwargs: Kwargs, scope: Scope, *kinds: Kind) -> tuple[list[Column], str | None]:
    """The columns of column_list, of these kinds, and which rows are ignored."""
    names, ignored = kwargs.get("column_list"), kwargs.get("ignore_row_if", "all_values_are_missing")
    if not isinstance(names, list) or len(names) < 2 or len(set(map(str, names))) < len(names):
        raise Uncompiled("column_list is no list of different columns")
    columns = [scope.column(name, *kinds) for name in names]
    if ignored == "never":
        return columns, None
    joined = _joined(ignored, {"all_values_are_missing": " AND ", "any_value_is_missing": " OR "})
    return columns, f"({joined.join(c.missing for c in columns)})"


def _joined(ignored: Any, words: Mapping[str, str]) -> str:
    if not isinstance(ignored, str) or ignored not in words:
        raise Uncompiled(f"ignore_row_if is {ignored!r}")
    return words[ignored]


def record(columns: Sequence[Column], found: Found, values: Sequence[Any]) -> dict[str, Any]:
    """A row's values by their columns' names, as pandas would hold them."""
    return {c.name: held(c, found, value) for c, value in zip(columns, values, strict=True)}


COMPILERS = {
    "expect_column_pair_values_to_be_in_set": in_set,
    "expect_column_pair_values_a_to_be_greater_than_b": greater,
    "expect_column_pair_values_to_be_equal": equal,
}
