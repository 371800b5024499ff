"""Expectations that no table can break. Such a one is no evidence, whatever it was asked of.

Conservative: what can fail on some table is let through. Measured against Great Expectations 1.24,
which calls all of these a success.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Kwargs = Mapping[str, Any]
INFINITE = (-math.inf, math.inf)
# What a quantity cannot leave, whatever the table.
RANGES = {
    "expect_table_row_count_to_be_between": (0.0, math.inf),
    "expect_table_column_count_to_be_between": (0.0, math.inf),
    "expect_column_value_lengths_to_be_between": (0.0, math.inf),
    "expect_column_unique_value_count_to_be_between": (0.0, math.inf),
    "expect_column_proportion_of_unique_values_to_be_between": (0.0, 1.0),
    "expect_column_proportion_of_non_null_values_to_be_between": (0.0, 1.0),
}
LEAST_MOSTLY = 0.01
ANY = r"(?:\.|\[\\s\\S\]|\[\\S\\s\])\*\??"
ANY_TEXT = re.compile(rf"\^?(?:{ANY}|\({ANY}\))\$?")
# Anchors, assertions and back references: with them, matching nothing is not matching everywhere.
CONDITIONS = re.compile(r"[\^$]|\\[AZzbBG\d]|\(\?")


def why_vacuous(type: str, kwargs: Kwargs, rows: int | None = None) -> str:
    """Why an expectation can never fail, or ''.

    `kwargs`: its arguments, with suite parameters replaced; `rows`: of the table, where it is known."""
    return _mostly(kwargs.get("mostly"), rows) or _of_type(type)(type, kwargs)


def _of_type(type: str) -> Callable[[str, Kwargs], str]:
    special = BY_TYPE.get(type)
    if special is None and type.endswith("_to_be_between"):
        return _between
    return special or (lambda type, kwargs: "")


def _mostly(mostly: Any, rows: int | None) -> str:
    """Small tables may have a share of less than a row (0.9 of one row); a tiny one disarms a rule."""
    if not _is_number(mostly):
        return ""
    if mostly <= 0:
        return f"mostly is {mostly:g}"
    if rows and mostly < LEAST_MOSTLY and mostly * rows < 1:
        return f"mostly is {mostly:g} of {rows:,} rows, less than one"
    return ""


def _between(type: str, kwargs: Kwargs) -> str:
    least, most = RANGES.get(type, INFINITE)
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if low is None and high is None:
        return "neither min_value nor max_value is given"
    open_below = low is None or (_is_number(low) and _reaches(least, low, kwargs.get("strict_min")))
    open_above = high is None or (_is_number(high) and _reaches(-most, -high, kwargs.get("strict_max")))
    return "no value is outside its bounds" if open_below and open_above else ""


def _reaches(least: float, bound: float, strict: Any) -> bool:
    return bound < least or (bound == least and not strict)


def _quantiles(type: str, kwargs: Kwargs) -> str:
    told = kwargs.get("quantile_ranges")
    ranges = told.get("value_ranges") if isinstance(told, Mapping) else None
    if not isinstance(ranges, list) or any(_bounds(pair) for pair in ranges):
        return ""
    return "its value_ranges have no bounds"


def _bounds(pair: Any) -> bool:
    return not isinstance(pair, list) or any(bound is not None for bound in pair)


def _forbidden(type: str, kwargs: Kwargs) -> str:
    """Nulls are not looked at, so that forbidding them says nothing."""
    values = kwargs.get("value_set") or []
    says_nothing = isinstance(values, list) and all(value is None for value in values)
    return "value_set is empty" if says_nothing else ""


def _contained(type: str, kwargs: Kwargs) -> str:
    return "" if kwargs.get("value_set") else "value_set is empty"


def _columns(type: str, kwargs: Kwargs) -> str:
    is_open = kwargs.get("exact_match") is False and not kwargs.get("column_set")
    return "column_set is empty and exact_match is false" if is_open else ""


def _given(name: str) -> Callable[[str, Kwargs], str]:
    return lambda type, kwargs: f"{name} is not given" if kwargs.get(name) is None else ""


def _same_column(type: str, kwargs: Kwargs) -> str:
    same = kwargs.get("column_A") is not None and kwargs.get("column_A") == kwargs.get("column_B")
    looks_at_nulls = kwargs.get("ignore_row_if") == "never"
    by_itself = type.endswith("_equal") or kwargs.get("or_equal") is True
    return "it compares a column with itself" if same and by_itself and not looks_at_nulls else ""


def _regex(type: str, kwargs: Kwargs) -> str:
    return "its regex matches any text" if matches_all(kwargs.get("regex")) else ""


def _regex_list(type: str, kwargs: Kwargs) -> str:
    patterns = kwargs.get("regex_list")
    if not isinstance(patterns, list) or not patterns:
        return ""
    enough = all if kwargs.get("match_on") == "all" else any
    return "its regexes match any text" if enough(map(matches_all, patterns)) else ""


def matches_all(pattern: Any) -> bool:
    """Whether a pattern, searched for, is found in any text ('^.*$' counts, though a text of several
    lines breaks it: nobody means that by it). False wherever that is not certain."""
    if not isinstance(pattern, str):
        return False
    if ANY_TEXT.fullmatch(pattern):
        return True
    # Anchored at one end, what may be nothing is found at that end.
    free = pattern.removeprefix("^") if pattern.startswith("^") else pattern.removesuffix("$")
    if CONDITIONS.search(free):
        return False
    try:
        return re.fullmatch(free, "") is not None
    except (re.error, RecursionError, OverflowError):
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


BY_TYPE: Mapping[str, Callable[[str, Kwargs], str]] = {
    "expect_column_quantile_values_to_be_between": _quantiles,
    "expect_column_values_to_not_be_in_set": _forbidden,
    "expect_column_distinct_values_to_contain_set": _contained,
    "expect_column_values_to_be_in_type_list": _given("type_list"),
    "expect_table_columns_to_match_ordered_list": _given("column_list"),
    "expect_table_columns_to_match_set": _columns,
    "expect_column_pair_values_to_be_equal": _same_column,
    "expect_column_pair_values_a_to_be_greater_than_b": _same_column,
    "expect_column_values_to_match_regex": _regex,
    "expect_column_values_to_match_regex_list": _regex_list,
}
