"""Arguments that Great Expectations refuses, or reads as something else: they are left to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.one_ask import asked

from runner.expect.literals import Uncompiled

TABLE: dict[str, Any] = {"i": [0, 2, 5], "f": [0.0, 1.5, 3.0], "t": ["a", "bb", "a"]}
BETWEEN, MEAN = "expect_column_values_to_be_between", "expect_column_mean_to_be_between"
ROWS, COLUMNS = "expect_table_row_count_to_be_between", "expect_table_column_count_to_be_between"
LENGTHS, KINDS = (
    "expect_column_value_lengths_to_be_between",
    "expect_column_unique_value_count_to_be_between",
)
GREATER = "expect_column_pair_values_a_to_be_greater_than_b"
QUANTILES = "expect_column_quantile_values_to_be_between"
HALF = {"quantiles": [0.5], "value_ranges": [[0, 9]]}


@pytest.mark.parametrize("odd", [1, 0, "yes", "false", None, [True], 0.5])
@pytest.mark.parametrize(
    ("type", "name", "kwargs"),
    [
        (BETWEEN, "strict_max", {"column": "i", "max_value": 5}),  # 1 is true to it, and 5 too much
        (MEAN, "strict_min", {"column": "f", "min_value": 0}),
        (ROWS, "strict_max", {"max_value": 3}),
        (GREATER, "or_equal", {"column_A": "i", "column_B": "f"}),
        ("expect_column_most_common_value_to_be_in_set", "ties_okay", {"column": "t", "value_set": ["a"]}),
        ("expect_table_columns_to_match_set", "exact_match", {"column_set": ["i", "f"]}),
    ],
)
def test_what_is_no_truth_is_left(type: str, name: str, kwargs: Any, odd: Any, tmp_path: Path) -> None:
    with pytest.raises(Uncompiled, match=f"{name} is no truth"):
        asked(tmp_path, TABLE, type, **kwargs, **{name: odd})
    for truth in (True, False):
        assert asked(tmp_path, TABLE, type, **kwargs, **{name: truth})


@pytest.mark.parametrize("bound", [1.5, 2.0, float("inf"), True, "1"])
@pytest.mark.parametrize(
    ("type", "kwargs"),
    [(ROWS, {}), (COLUMNS, {}), (LENGTHS, {"column": "t"}), (KINDS, {"column": "i"})],
)
def test_a_count_is_compared_with_whole_numbers(type: str, kwargs: Any, bound: Any, tmp_path: Path) -> None:
    with pytest.raises(Uncompiled):
        asked(tmp_path, TABLE, type, **kwargs, min_value=bound)
    assert asked(tmp_path, TABLE, type, **kwargs, min_value=1)[0] is True


@pytest.mark.parametrize(
    ("type", "kwargs"),
    [
        (COLUMNS, {"min_value": 1, "strict_min": True}),
        ("expect_table_column_count_to_equal", {"value": None}),
        ("expect_table_column_count_to_equal", {"value": 3.0}),
        ("expect_column_to_exist", {"column": None}),
        ("expect_column_to_exist", {"column": ""}),
        (QUANTILES, {"column": "i", "quantile_ranges": HALF, "allow_relative_error": None}),
        (GREATER, {"column_A": "i", "column_B": "i", "or_equal": True}),
    ],
)
def test_other_odd_arguments_are_left(type: str, kwargs: Any, tmp_path: Path) -> None:
    with pytest.raises(Uncompiled):
        asked(tmp_path, TABLE, type, **kwargs)
