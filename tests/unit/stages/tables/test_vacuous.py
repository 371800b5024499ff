"""What no table can break is known for it; what some table can break is let through."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runner.stages.tables.vacuous import matches_all, why_vacuous

Case = tuple[str, dict[str, Any]]
QUANTILES = "column_quantile_values_to_be_between"
EQUAL, GREATER = "column_pair_values_to_be_equal", "column_pair_values_a_to_be_greater_than_b"
SAME = {"column_A": "a", "column_B": "a"}

VACUOUS: list[Case] = [
    ("column_values_to_be_between", {"min_value": 1, "mostly": 0}),
    ("column_values_to_not_be_null", {"mostly": 1e-9}),
    ("column_values_to_not_be_null", {"mostly": 0.0099}),
    ("column_max_to_be_between", {}),
    ("column_values_to_be_between", {"min_value": float("-inf")}),
    ("table_row_count_to_be_between", {"min_value": None}),
    ("table_row_count_to_be_between", {"min_value": 0}),
    ("table_row_count_to_be_between", {"min_value": -1, "strict_min": True}),
    ("table_column_count_to_be_between", {"min_value": 0}),
    ("column_value_lengths_to_be_between", {"min_value": -1}),
    ("column_unique_value_count_to_be_between", {"min_value": 0.0, "max_value": None}),
    ("column_proportion_of_unique_values_to_be_between", {"min_value": 0, "max_value": 1}),
    ("column_proportion_of_non_null_values_to_be_between", {"max_value": 1}),
    (QUANTILES, {"quantile_ranges": {"quantiles": [0.5], "value_ranges": [[None, None]]}}),
    (QUANTILES, {"quantile_ranges": {"quantiles": [], "value_ranges": []}}),
    ("column_values_to_not_be_in_set", {"value_set": []}),
    ("column_values_to_not_be_in_set", {"value_set": [None]}),
    ("column_distinct_values_to_contain_set", {"value_set": []}),
    ("column_values_to_be_in_type_list", {"type_list": None}),
    ("table_columns_to_match_ordered_list", {"column_list": None}),
    ("table_columns_to_match_set", {"column_set": [], "exact_match": False}),
    (EQUAL, SAME),
    (GREATER, {**SAME, "or_equal": True}),
    ("column_values_to_match_regex", {"regex": ""}),
    ("column_values_to_match_regex_list", {"regex_list": ["x", ".*"]}),
    ("column_values_to_match_regex_list", {"regex_list": ["", ".*"], "match_on": "all"}),
]
MEANT: list[Case] = [
    ("column_values_to_be_between", {"min_value": 0}),
    ("column_values_to_be_between", {"min_value": "2013-01-01"}),
    ("column_values_to_not_be_null", {"mostly": 0.01}),
    ("column_max_to_be_between", {"max_value": 0}),
    ("table_row_count_to_be_between", {"min_value": 1}),
    ("table_row_count_to_be_between", {"min_value": 0, "strict_min": True}),
    ("table_row_count_to_be_between", {"min_value": 0, "max_value": 5}),
    ("column_proportion_of_unique_values_to_be_between", {"min_value": 0, "max_value": 0.99}),
    ("column_mean_to_be_between", {"min_value": 0}),
    (QUANTILES, {"quantile_ranges": {}}),
    (QUANTILES, {"quantile_ranges": {"quantiles": [0.5], "value_ranges": [[None, 1]]}}),
    ("column_values_to_be_in_set", {"value_set": []}),
    ("column_values_to_not_be_in_set", {"value_set": [None, 1]}),
    ("column_values_to_not_be_in_set", {"value_set": 3}),
    ("column_distinct_values_to_contain_set", {"value_set": [0]}),
    ("column_values_to_be_in_type_list", {"type_list": []}),
    ("table_columns_to_match_ordered_list", {"column_list": []}),
    ("table_columns_to_match_set", {"column_set": []}),
    (EQUAL, {"column_A": "a", "column_B": "b"}),
    (EQUAL, {**SAME, "ignore_row_if": "never"}),
    (GREATER, SAME),
    ("column_values_to_match_regex", {"regex": "x"}),
    ("column_values_to_match_regex_list", {"regex_list": ["x", ".*"], "match_on": "all"}),
    ("column_values_to_match_regex_list", {"regex_list": []}),
    ("column_values_to_be_unique", {}),
]


@pytest.mark.parametrize(("type", "kwargs"), VACUOUS)
def test_what_can_never_fail_is_known(type: str, kwargs: dict[str, Any]) -> None:
    assert why_vacuous(f"expect_{type}", kwargs, 100)


@pytest.mark.parametrize(("type", "kwargs"), MEANT)
def test_what_can_fail_is_let_through(type: str, kwargs: dict[str, Any]) -> None:
    assert why_vacuous(f"expect_{type}", kwargs, 100) == ""


@pytest.mark.parametrize(
    ("mostly", "rows", "vacuous"), [(0.9, 1, False), (0.001, 1000, False), (0.001, 999, True)]
)
def test_a_share_of_less_than_a_row_is_refused_only_where_it_is_tiny(
    mostly: float, rows: int, vacuous: bool
) -> None:
    assert bool(why_vacuous("expect_column_values_to_be_unique", {"mostly": mostly}, rows)) is vacuous


@pytest.mark.parametrize(
    "pattern",
    ["", ".*", "^.*$", "(.*)", "^(.*)$", "[\\s\\S]*", "^.*", "a*", "^[A-Z]*", "x?$", "a|", "^", "$"],
)
def test_patterns_that_any_text_has(pattern: str) -> None:
    assert matches_all(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["^$", ".", ".+", "^[A-Z]*$", "a", r"\b", r"a*\$", "^.{0,9}$", "(?!x)", "a*(", r"(a?)\Z", None, 3],
)
def test_patterns_that_some_text_has_not(pattern: object) -> None:
    assert not matches_all(pattern)


@given(st.text("ab*?|^$()[].\\", max_size=6), st.text("abz$|"))
@example("(.*", "")  # no pattern at all: it is for who compiles it to say so
def test_no_pattern_is_refused_that_a_line_of_text_can_break(pattern: str, text: str) -> None:
    if matches_all(pattern):
        assert re.search(pattern, text)
