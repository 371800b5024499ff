"""No footer is believed: a statistic that hides a NaN, or lies, decides nothing."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from runner.expect.duck import DuckTable, columns_of
from runner.expect.planning import answers, plan

BETWEEN = "expect_column_values_to_be_between"


def test_a_nan_that_the_footer_does_not_tell_of_is_a_null(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": [1.0, math.nan, 2.0]}), path)
    assert pq.read_metadata(path).row_group(0).column(0).statistics.null_count == 0
    asked = {"nulls": ("expect_column_values_to_not_be_null", {"column": "x"}),
             "unique": ("expect_column_values_to_be_unique", {"column": "x"})}  # fmt: skip
    found = answers(plan(asked, columns_of(path)), DuckTable.of(path))
    assert found["nulls"][0] is False and found["nulls"][1]["unexpected_count"] == 1
    assert found["unique"][1]["missing_count"] == 1


def test_extremes_that_the_footer_lies_about_are_measured(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.table({"x": pa.array([1, 5, 9], pa.int64())}), path, compression="none", use_dictionary=False
    )
    _lie(path, 9, 5)
    assert pq.read_metadata(path).row_group(0).column(0).statistics.max == 5
    asked = {
        "range": (BETWEEN, {"column": "x", "min_value": 0, "max_value": 6}),
        "max": ("expect_column_max_to_be_between", {"column": "x", "max_value": 6}),
        "some": (
            BETWEEN,
            {"column": "x", "max_value": 6, "row_condition": "x > 6", "condition_parser": "pandas"},
        ),
    }
    found = answers(plan(asked, columns_of(path)), DuckTable.of(path))
    assert found["range"][1]["partial_unexpected_list"] == [9]
    assert found["max"] == (False, {"observed_value": 9})
    assert found["some"][1]["element_count"] == 1


def _lie(path: Path, truth: int, told: int) -> None:
    """Put another maximum into the footer; the data before it stays."""
    raw = path.read_bytes()
    footer = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
    new = raw[footer:].replace(truth.to_bytes(8, "little"), told.to_bytes(8, "little"))
    path.write_bytes(raw[:footer] + new)
