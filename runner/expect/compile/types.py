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
# A suite's word for a type -> pandas' type; of a column of numbers, the last ones are none.
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
NAMES = {*WORDS, CATEGORY, *(dtype for _, dtype in TYPES.values())}


def of_type(kwargs: Kwargs, scope: Scope) -> Compiled:
    return _typed(kwargs, scope, [kwargs.get("type_")])


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
    return _typed(kwargs, scope, words)


def _typed(kwargs: Kwargs, scope: Scope, words: Sequence[Any]) -> Compiled:
    column = scope.column(kwargs.get("column"), *NUMBERS)
    if column.nullable or not all(isinstance(word, str) and word in WORDS for word in words):
        raise Uncompiled("a type of another name")
    wanted = {WORDS[word] for word in words}

    def conclude(found: Found, examples: Examples) -> Result:
        seen = _dtype(column, found)
        return seen in wanted, {"observed_value": seen}

    return Compiled((nulls(column),), conclude)


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
