"""The columns of a row together, and columns' types: each answer on a table small enough to see it."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.one_ask import asked

from runner.expect.literals import Uncompiled

UNLIKE, TOTAL = "expect_select_column_values_to_be_unique_within_record", "expect_multicolumn_sum_to_equal"
TYPE, TYPES = "expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list"


def test_a_row_that_has_a_value_twice_is_told(tmp_path: Path) -> None:
    table = {"a": ["x", "y", None], "b": ["x", "z", None]}
    success, result = asked(tmp_path, table, UNLIKE, column_list=["a", "b"])
    assert not success and result["partial_unexpected_list"] == [{"a": "x", "b": "x"}]
    assert result["missing_count"] == 1  # the row of nulls is ignored
    told = asked(tmp_path, table, UNLIKE, column_list=["a", "b"], ignore_row_if="never")[1]
    assert told["unexpected_count"] == 2  # and is one of equals where it is not


def test_columns_of_several_types_are_left(tmp_path: Path) -> None:
    with pytest.raises(Uncompiled, match="several types"):
        asked(tmp_path, {"a": [1], "b": [1.0]}, UNLIKE, column_list=["a", "b"])


def test_a_sum_is_of_the_row_and_none_with_a_null(tmp_path: Path) -> None:
    table = {"a": [1, 2, None], "b": [2, 2, 3]}
    success, result = asked(tmp_path, table, TOTAL, column_list=["a", "b"], sum_total=3, mostly=0.3)
    assert success and result["unexpected_count"] == 2
    assert result["partial_unexpected_index_list"] == [1, 2]


def test_floats_are_added_as_pandas_adds_them(tmp_path: Path) -> None:
    table = {"a": [0.1], "b": [0.2]}
    assert asked(tmp_path, table, TOTAL, column_list=["a", "b"], sum_total=0.3)[0] is False
    assert asked(tmp_path, table, TOTAL, column_list=["a", "b"], sum_total=0.1 + 0.2)[0] is True


def test_whole_numbers_with_nulls_are_floats_to_pandas(tmp_path: Path) -> None:
    assert asked(tmp_path, {"x": [1]}, TYPE, column="x", type_="int") == (True, {"observed_value": "int64"})
    found = asked(tmp_path, {"x": [1, None]}, TYPES, column="x", type_list=["int64", "bool"])
    assert found == (False, {"observed_value": "float64"})


def test_a_type_of_an_unknown_name_is_left(tmp_path: Path) -> None:
    with pytest.raises(Uncompiled, match="another name"):
        asked(tmp_path, {"x": [1]}, TYPE, column="x", type_="nope")
