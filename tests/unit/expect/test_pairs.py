"""Two columns of a row, and a row's columns together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from helpers.one_ask import asked

from runner.expect.literals import Uncompiled

GREATER = "expect_column_pair_values_a_to_be_greater_than_b"
EQUAL = "expect_column_pair_values_to_be_equal"
IN_SET = "expect_column_pair_values_to_be_in_set"
ALL_EQUAL = "expect_multicolumn_values_to_be_equal"
A_AND_B: dict[str, Any] = {"column_A": "a", "column_B": "b"}


def test_numbers_of_two_types_are_compared_in_64_bits(tmp_path: Path) -> None:
    """In 32 bits 16777217 is 16777216."""
    table = {"a": pa.array([16_777_217], pa.int32()), "b": pa.array([16_777_216.0], pa.float32())}
    assert asked(tmp_path, table, EQUAL, **A_AND_B)[0] is False
    assert asked(tmp_path, table, GREATER, **A_AND_B)[0] is True


def test_a_pair_with_one_null_is_unexpected_unless_ignored(tmp_path: Path) -> None:
    table = {"a": [1, None, None], "b": [1, 2, None]}
    success, result = asked(tmp_path, table, EQUAL, **A_AND_B)
    assert not success and result["missing_count"] == 1 and result["unexpected_count"] == 1
    ignored = asked(tmp_path, table, EQUAL, **A_AND_B, ignore_row_if="either_value_is_missing")
    assert ignored[0] is True and ignored[1]["missing_count"] == 2
    assert asked(tmp_path, table, EQUAL, **A_AND_B, ignore_row_if="neither")[1]["unexpected_count"] == 2


def test_pairs_of_times_are_shown_as_numpy_tells_them(tmp_path: Path) -> None:
    table = {"a": pa.array([0], pa.timestamp("us")), "b": pa.array([None], pa.timestamp("us"))}
    found = asked(tmp_path, table, GREATER, **A_AND_B)[1]["partial_unexpected_list"]
    assert found == [["1970-01-01T00:00:00.000000", "NaT"]]


def test_pairs_of_instants_lose_their_zone(tmp_path: Path) -> None:
    instants = pa.array([0], pa.timestamp("ms", tz="UTC"))
    found = asked(tmp_path, {"a": instants, "b": instants}, GREATER, **A_AND_B)[1]["partial_unexpected_list"]
    assert found == [["1970-01-01T00:00:00.000"] * 2]


def test_a_pair_of_a_set(tmp_path: Path) -> None:
    table = {"a": [1, 1, None, None], "b": ["x", "y", "x", None]}
    ask = {**A_AND_B, "value_pairs_set": [[1, "x"], [None, "x"]]}
    success, result = asked(tmp_path, table, IN_SET, **ask)
    assert not success and result["partial_unexpected_index_list"] == [1]
    every = asked(tmp_path, table, IN_SET, **ask, ignore_row_if="neither")[1]
    assert every["partial_unexpected_index_list"] == [1, 3]


@pytest.mark.parametrize("pairs", [[], [[1]], [1], None, [[True, "x"]]])
def test_what_is_no_set_of_pairs_is_left(pairs: Any, tmp_path: Path) -> None:
    with pytest.raises(Uncompiled):
        asked(tmp_path, {"a": [1], "b": ["x"]}, IN_SET, **A_AND_B, value_pairs_set=pairs)


def test_a_row_condition_of_pairs_in_a_set_is_left(tmp_path: Path) -> None:
    """Great Expectations forgets it there, and refuses its own result."""
    where = {"row_condition": "a > 0", "condition_parser": "pandas"}
    with pytest.raises(Uncompiled, match="row_condition is given"):
        asked(tmp_path, {"a": [1], "b": ["x"]}, IN_SET, **A_AND_B, value_pairs_set=[[1, "x"]], **where)


def test_columns_of_a_row_are_equal_with_their_nulls(tmp_path: Path) -> None:
    table = {"a": [1, 1, None, None], "b": [1, 2, 3, None]}
    found = asked(tmp_path, table, ALL_EQUAL, column_list=["a", "b"])[1]
    assert found["partial_unexpected_index_list"] == [1, 2] and found["missing_count"] == 1
