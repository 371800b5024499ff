"""Results in words."""

from __future__ import annotations

from typing import Any

import pytest

from runner.stages.tables.suite import Expectation
from runner.stages.tables.words import expected, observed

NULLS = "expect_column_values_to_not_be_null"
OTHER = "expect_column_values_to_be_in_set"
SEEN: list[tuple[str, dict[str, Any], str]] = [
    (NULLS, {"element_count": 9, "unexpected_count": 0}, "0 of 9 null"),
    (
        NULLS,
        {"element_count": 336776, "unexpected_count": 3, "partial_unexpected_index_list": [17, 99, 204, 300]},
        "3 of 336,776 null (0.00089%), e.g. rows 17, 99, 204",
    ),
    (NULLS, {"element_count": 4, "unexpected_count": 1}, "1 of 4 null (25.00%)"),  # Spark numbers no rows
    (
        OTHER,
        {
            "element_count": 10,
            "missing_count": 2,
            "unexpected_count": 4,
            "partial_unexpected_list": ["x", "x", "y\n", "z", "q"],
            "partial_unexpected_index_list": [1, 2],
        },
        "4 of 8 unexpected (50.00%), e.g. x, y, z, … in rows 1, 2",
    ),
    ("expect_column_mean_to_be_between", {"observed_value": 6.89537675731489}, "6.89538"),
    ("expect_table_row_count_to_equal", {"observed_value": 336776}, "336,776"),
    ("expect_column_max_to_be_between", {"observed_value": None}, "null"),
    ("x", {"observed_value": {"quantiles": [0.5, 0.9], "values": [872, 1.5]}}, "q0.5 = 872, q0.9 = 1.5"),
    ("x", {"observed_value": None, "partial_unexpected_list": ["EWR"]}, "also EWR"),
    ("x", {"observed_value": ["b"], "details": {"mismatched": {"missing": ["a"]}}}, "missing: a"),
    (
        "x",
        {"details": {"mismatched": [{"Expected Column Position": 1, "Expected": "a", "Found": "b"}]}},
        "column 1 is 'b', not 'a'",
    ),
    ("x", {}, ""),
]


@pytest.mark.parametrize(("type", "result", "words"), SEEN)
def test_what_was_observed(type: str, result: dict[str, Any], words: str) -> None:
    assert observed(Expectation("t/e", type, {}, {}), result) == words


def test_what_was_expected_falls_back_to_the_arguments() -> None:
    e = Expectation("t/e", "expect_x", {"column": "a", "threshold": 2}, {})
    assert expected(e, "a must be x") == "a must be x"
    assert expected(e, "a\nPASSED must be \u202ex") == "a PASSED must be \ufffdx"
    assert expected(e, "") == 'expect_x {"column": "a", "threshold": 2}'
