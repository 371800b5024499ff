"""Expectations about the table as a whole: rows, columns, types."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from runner.expect.asks import Found
from runner.expect.bounds import Bounds
from runner.expect.compiled import Compiled, Examples, Result
from runner.expect.literals import Uncompiled
from runner.expect.scope import Scope

Kwargs = Mapping[str, Any]


def settled(success: bool, result: Mapping[str, Any]) -> Compiled:
    """What the columns alone decide: nothing is asked."""

    def conclude(found: Found, examples: Examples) -> Result:
        return success, result

    return Compiled((), conclude)


def row_count_between(kwargs: Kwargs, scope: Scope) -> Compiled:
    bounds = Bounds.of_count(kwargs)
    return Compiled((scope.count,), lambda found, examples: bounds.judged(found[scope.count]))


def row_count_equal(kwargs: Kwargs, scope: Scope) -> Compiled:
    value = _whole(kwargs)

    def conclude(found: Found, examples: Examples) -> Result:
        return found[scope.count] == value, {"observed_value": found[scope.count]}

    return Compiled((scope.count,), conclude)


def column_count_between(kwargs: Kwargs, scope: Scope) -> Compiled:
    return settled(*Bounds.of_count(kwargs).judged(len(scope.columns)))


def column_count_equal(kwargs: Kwargs, scope: Scope) -> Compiled:
    return settled(len(scope.columns) == _whole(kwargs), {"observed_value": len(scope.columns)})


def _whole(kwargs: Kwargs) -> int:
    value = kwargs.get("value")
    if not isinstance(value, int) or isinstance(value, bool):
        raise Uncompiled("value is no integer")
    return value


def column_exists(kwargs: Kwargs, scope: Scope) -> Compiled:
    """Great Expectations looks at the index only where it is not 0, and this does as it does."""
    names, name, index = list(scope.columns), kwargs.get("column"), kwargs.get("column_index")
    if not isinstance(name, str) or not name:
        raise Uncompiled("column is no name")
    if index:
        if not isinstance(index, int):
            raise Uncompiled("column_index is no integer")
        return settled(-len(names) <= index < len(names) and names[index] == name, {})
    return settled(name in names, {})


def columns_ordered(kwargs: Kwargs, scope: Scope) -> Compiled:
    names, wanted = list(scope.columns), kwargs.get("column_list")
    if not isinstance(wanted, list):
        raise Uncompiled("column_list is no list")
    if names == wanted:
        return settled(True, {"observed_value": names})
    pairs = enumerate(zip_longest(wanted, names))
    mismatched = [
        {"Expected Column Position": at, "Expected": one, "Found": other}
        for at, (one, other) in pairs
        if one != other
    ]
    return settled(False, {"observed_value": names, "details": {"mismatched": mismatched}})


def columns_set(kwargs: Kwargs, scope: Scope) -> Compiled:
    names, wanted = set(scope.columns), kwargs.get("column_set")
    if not isinstance(wanted, list) or not all(isinstance(name, str) for name in wanted):
        raise Uncompiled("column_set is no list of names")
    exact = kwargs.get("exact_match", True) is not False
    unexpected, missing = sorted(names - set(wanted)), sorted(set(wanted) - names)
    shown = {"observed_value": sorted(names)}
    if not unexpected and not missing:
        return settled(True, shown)
    told = {"unexpected": unexpected} if unexpected else {}
    told |= {"missing": missing} if missing else {}
    return settled(not exact and not missing, {**shown, "details": {"mismatched": told}})


COMPILERS = {
    "expect_table_row_count_to_be_between": row_count_between,
    "expect_table_row_count_to_equal": row_count_equal,
    "expect_table_column_count_to_be_between": column_count_between,
    "expect_table_column_count_to_equal": column_count_equal,
    "expect_column_to_exist": column_exists,
    "expect_table_columns_to_match_ordered_list": columns_ordered,
    "expect_table_columns_to_match_set": columns_set,
}
