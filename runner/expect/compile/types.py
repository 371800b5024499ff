"""Expectations about a column's type, which pandas tells by the column alone where it holds numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.expect.asks import Found
from runner.expect.columns import CATEGORY, KNOWN, NUMBERS, TYPES, Column, Kind
from runner.expect.compile.cells import nulls
from runner.expect.compiled import Compiled, Examples, Result
from runner.expect.literals import Uncompiled
from runner.expect.scope import Scope

Kwargs = Mapping[str, Any]
# A suite's word for pandas' type of a column -> that type's name.
WORDS = {
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float32": "float32",
    "float64": "float64",
    "int": "int64",
    "float": "float64",
    "bool": "bool",
    "str": "str",
    "object": "object",
}
# A suite's word for the type of a column's values -> numpy's or Python's name of that; '' is of no column.
SCALARS = {
    **WORDS,
    **dict.fromkeys(("datetime64", *(f"datetime64[{u}]" for u in ("ms", "us", "ns"))), "datetime64"),
    "Timestamp": "Timestamp",
    "CategoricalDtypeType": "CategoricalDtypeType",
    **dict.fromkeys(("string", "category", "Int64", "boolean"), ""),
}
VALUES = {Kind.TEXT: "str", Kind.TIME: "datetime64", Kind.INSTANT: "Timestamp", Kind.BOOLEAN: "bool"}
NAMES = {*WORDS, CATEGORY, *(dtype for _, dtype in TYPES.values())}


def of_type(kwargs: Kwargs, scope: Scope) -> Compiled:
    column = scope.column(kwargs.get("column"), *NUMBERS, *VALUES)
    return _typed(column, [kwargs.get("type_")], SCALARS)


def dtype_is(kwargs: Kwargs, scope: Scope) -> Compiled:
    """pandas' own name of the column's type."""
    column, word = scope.column(kwargs.get("column"), *KNOWN), kwargs.get("type_")
    if not isinstance(word, str) or word not in NAMES:
        raise Uncompiled("a type of another name")

    def conclude(found: Found, examples: Examples) -> Result:
        seen = _dtype(column, found)
        return seen == WORDS.get(word, word), {"observed_value": seen}

    return Compiled((nulls(column),), conclude)


def in_type_list(kwargs: Kwargs, scope: Scope) -> Compiled:
    words = kwargs.get("type_list")
    if not isinstance(words, list) or not words:
        raise Uncompiled("type_list is no list, or empty")
    column = scope.column(kwargs.get("column"), *NUMBERS)
    if column.nullable:  # a list is compared with the column's type, not with its values'
        raise Uncompiled("a list of types beside a nullable one")
    return _typed(column, words, WORDS)


def _typed(column: Column, words: Sequence[Any], known: Mapping[str, str]) -> Compiled:
    """The type of a column's values is that of one of the words."""
    if not all(isinstance(word, str) and word in known for word in words):
        raise Uncompiled("a type of another name")
    wanted = {known[word] for word in words}

    def conclude(found: Found, examples: Examples) -> Result:
        seen = _scalar(column, _dtype(column, found))
        return seen in wanted, {"observed_value": seen}

    return Compiled((nulls(column),), conclude)


def _scalar(column: Column, dtype: str) -> str:
    """The name of the type of a column's values; raises Uncompiled for objects, each of which has its own."""
    if dtype == "object":
        raise Uncompiled("a column of objects")
    if dtype == CATEGORY:
        return "CategoricalDtypeType"
    return VALUES.get(column.kind, dtype.lower())


def _dtype(column: Column, found: Found) -> str:
    """Whole numbers with nulls among them are floats to pandas, and truths are objects."""
    if column.nullable or not found[nulls(column)]:
        return column.dtype
    return {Kind.INTEGER: "float64", Kind.BOOLEAN: "object"}.get(column.kind, column.dtype)


COMPILERS = {
    "expect_column_type_to_be": dtype_is,
    "expect_column_values_to_be_of_type": of_type,
    "expect_column_values_to_be_in_type_list": in_type_list,
}
