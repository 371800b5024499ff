"""Expectations about a column's different values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runner.expect.asks import Distinct, Found, Values
from runner.expect.bounds import Bounds
from runner.expect.columns import ALIKE, CATEGORY, KNOWN, NUMBERS, PLAIN, Column, Kind
from runner.expect.compile.cells import shown, told
from runner.expect.compiled import Compiled, Examples, Result
from runner.expect.facts import Of
from runner.expect.literals import Uncompiled, is_number, literal
from runner.expect.scope import Scope

Kwargs = Mapping[str, Any]
SHOWN = 20


def count_between(kwargs: Kwargs, scope: Scope) -> Compiled:
    column, bounds = scope.column(kwargs.get("column"), *ALIKE), Bounds.of_count(kwargs)
    ask = Distinct((column.sql,), scope.rows(f"NOT {column.missing}"))
    return Compiled((ask,), lambda found, examples: bounds.judged(found[ask].distinct))


def share_between(kwargs: Kwargs, scope: Scope) -> Compiled:
    """Of the values that are not null, the share that is different; 0 over none."""
    column, bounds = scope.column(kwargs.get("column"), *ALIKE), Bounds.of(kwargs)
    ask = Distinct((column.sql,), scope.rows(f"NOT {column.missing}"))

    def conclude(found: Found, examples: Examples) -> Result:
        told = found[ask]
        return bounds.judged(told.distinct / told.rows if told.rows else 0)

    return Compiled((ask,), conclude)


def share_not_null(kwargs: Kwargs, scope: Scope) -> Compiled:
    column, bounds = scope.column(kwargs.get("column"), *KNOWN), Bounds.of(kwargs)
    kept = scope.number_of(f"NOT {column.missing}", means=scope.means(Of.PRESENT, column))

    def conclude(found: Found, examples: Examples) -> Result:
        rows = found[scope.count]
        return bounds.judged(found[kept] / rows if rows else 0)

    return Compiled((scope.count, kept), conclude)


def distinct_set(unexpected: bool, missing: bool) -> Callable[[Kwargs, Scope], Compiled]:
    """Whether the different values are those of a set: none beside them (`unexpected`), all of them there
    (`missing`)."""

    def compile(kwargs: Kwargs, scope: Scope) -> Compiled:
        column, wanted = _listed(kwargs, scope, *PLAIN), kwargs.get("value_set")
        if not isinstance(wanted, list) or not wanted:
            raise Uncompiled("value_set is no list, or empty")
        for value in wanted:
            literal(value, column)
        ask = Values(column.sql, scope.rows(f"NOT {column.missing}"))

        def conclude(found: Found, examples: Examples) -> Result:
            seen = _counts(column, found, ask).keys()
            beside, absent = sorted(seen - set(wanted)), sorted(set(wanted) - seen)
            result: dict[str, Any] = {"observed_value": None}
            if unexpected:
                result |= {"unexpected_count": len(beside), "partial_unexpected_list": beside[:SHOWN]}
            if missing:
                result |= {"missing_count": len(absent), "partial_missing_list": absent[:SHOWN]}
            return not (unexpected and beside) and not (missing and absent), result

        return Compiled((ask, *told(column)), conclude)

    return compile


def _listed(kwargs: Kwargs, scope: Scope, *kinds: Kind) -> Column:
    """A column whose different values are listed; of float32, those of a set would be others."""
    column = scope.column(kwargs.get("column"), *kinds)
    if column.dtype == "float32":
        raise Uncompiled("values of 32 bits beside those of 64")
    return column


def most_common(kwargs: Kwargs, scope: Scope) -> Compiled:
    column, wanted = _listed(kwargs, scope, *NUMBERS, Kind.TEXT), kwargs.get("value_set")
    if column.dtype == CATEGORY:
        raise Uncompiled("categories have an order of their own")
    if not isinstance(wanted, list) or not all(isinstance(v, str) or is_number(v) for v in wanted):
        raise Uncompiled("value_set is no list of values")
    ask = Values(column.sql, scope.rows(f"NOT {column.missing}"))

    def conclude(found: Found, examples: Examples) -> Result:
        counts = _counts(column, found, ask)
        most = max(counts.values(), default=0)
        first = sorted(value for value, count in counts.items() if count == most)
        hits = len(set(wanted) & set(first))
        success = hits > 0 if kwargs.get("ties_okay") else len(first) == 1 and hits == 1
        return success, {"observed_value": first}

    return Compiled((ask, *told(column)), conclude)


def _counts(column: Column, found: Found, ask: Values) -> dict[Any, int]:
    """Each different value with its count; raises Uncompiled where there are more than are fetched."""
    if found[ask] is None:
        raise Uncompiled(f"column {column.name!r} has over {ask.limit:,} different values")
    return {shown(column, found, value): count for value, count in found[ask]}


COMPILERS = {
    "expect_column_unique_value_count_to_be_between": count_between,
    "expect_column_proportion_of_unique_values_to_be_between": share_between,
    "expect_column_proportion_of_non_null_values_to_be_between": share_not_null,
    "expect_column_distinct_values_to_be_in_set": distinct_set(True, False),
    "expect_column_distinct_values_to_contain_set": distinct_set(False, True),
    "expect_column_distinct_values_to_equal_set": distinct_set(True, True),
    "expect_column_most_common_value_to_be_in_set": most_common,
}
