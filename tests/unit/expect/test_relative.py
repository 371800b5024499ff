"""Values beside their column's others: order, z-scores, outliers."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from helpers.one_ask import asked

from runner.expect.literals import Uncompiled

UP, DOWN = "expect_column_values_to_be_increasing", "expect_column_values_to_be_decreasing"
SCORES = "expect_column_value_z_scores_to_be_less_than"
OUTLIERS = "expect_column_values_to_not_be_outliers"


def unexpected(folder: Path, values: Any, type: str, **kwargs: Any) -> list[Any]:
    """Where the unexpected values lie."""
    places: list[Any] = asked(folder, {"x": values}, type, column="x", **kwargs)[1][
        "partial_unexpected_index_list"
    ]
    return places


def test_order_is_that_of_the_rows_without_nulls(tmp_path: Path) -> None:
    assert unexpected(tmp_path, [1, None, 1, 3, 2], UP) == [4]
    assert unexpected(tmp_path, [1, None, 1, 3, 2], UP, strictly=True) == [2, 4]
    assert unexpected(tmp_path, [3, 3, None, 1, 2], DOWN) == [4]
    assert unexpected(tmp_path, [3, 3, None, 1, 2], DOWN, strictly=True) == [1, 4]


def test_rows_that_a_condition_leaves_out_are_no_neighbours(tmp_path: Path) -> None:
    where = {"row_condition": "x < 5", "condition_parser": "pandas"}
    assert unexpected(tmp_path, [1, 9, 2], UP, **where) == []


def test_order_over_row_groups(tmp_path: Path) -> None:
    values = list(range(200_000))
    values[150_000] = 0
    assert unexpected(tmp_path, values, UP) == [150_000]


def test_two_infinities_have_no_difference(tmp_path: Path) -> None:
    assert unexpected(tmp_path, [math.inf, math.inf, 1.0, 1.0], UP, strictly=True) == [2, 3]


def test_days_have_an_order(tmp_path: Path) -> None:
    days = pa.array([dt.date(2020, 1, 2), dt.date(2020, 1, 1)])
    assert unexpected(tmp_path, days, UP) == [1]


def test_z_scores(tmp_path: Path) -> None:
    values = [0.0] * 10 + [10.0, None]
    assert unexpected(tmp_path, values, SCORES, threshold=2, double_sided=True) == [10]
    assert unexpected(tmp_path, values, SCORES, threshold=4, double_sided=True) == []
    low = [-value if value else value for value in values]
    assert unexpected(tmp_path, low, SCORES, threshold=2, double_sided=False) == []
    assert unexpected(tmp_path, low, SCORES, threshold=2, double_sided=True) == [10]


def test_without_spread_nothing_is_far_off(tmp_path: Path) -> None:
    assert unexpected(tmp_path, [5, 5, 5], SCORES, threshold=0.1, double_sided=True) == []
    assert unexpected(tmp_path, [5], SCORES, threshold=0.1, double_sided=True) == []


def test_outliers_lie_beyond_tukeys_fences(tmp_path: Path) -> None:
    values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15]  # quartiles 3.25 and 7.75: fences -3.5 and 14.5
    assert unexpected(tmp_path, values, OUTLIERS) == [9]
    assert unexpected(tmp_path, values, OUTLIERS, multiplier=2) == []


def test_outliers_by_standard_deviations(tmp_path: Path) -> None:
    values = [0] * 10 + [10]
    assert unexpected(tmp_path, values, OUTLIERS, method="std", multiplier=3) == [10]
    assert unexpected(tmp_path, values, OUTLIERS, method="std", multiplier=3.1) == []
    assert unexpected(tmp_path, [4, 4, 4], OUTLIERS, method="std", multiplier=0) == []


@pytest.mark.parametrize(
    "told",
    [
        {"threshold": None},
        {"threshold": 1, "double_sided": None},
        {"threshold": 10**400},
    ],
    ids=["none", "one side or two", "endless"],
)
def test_scores_that_are_not_said_are_left(told: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(Uncompiled):
        unexpected(tmp_path, [1.0], SCORES, **{"double_sided": True, **told})
