"""What the differential test once found: one small table each, so that it stays found."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import one_ask

from runner.expect.columns import Kind
from runner.expect.duck import DuckTable, columns_of
from runner.expect.literals import Uncompiled
from runner.expect.mapped import counted
from runner.expect.planning import answers, plan

MEDIAN, SUM = "expect_column_median_to_be_between", "expect_column_sum_to_be_between"
UNIQUE = "expect_column_values_to_be_unique"


def asked(path: Path, values: Any, type: str, **kwargs: Any) -> tuple[bool, Any]:
    """A column's answer."""
    return one_ask.asked(path, {"x": values}, type, column="x", **kwargs)


def test_between_two_infinities_the_median_is_infinite(tmp_path: Path) -> None:
    found = asked(tmp_path, [math.inf, math.inf], MEDIAN, min_value=0)
    assert found == (True, {"observed_value": math.inf})


def test_an_even_median_of_big_integers_is_their_middle(tmp_path: Path) -> None:
    found = asked(tmp_path, [2**62, 2**62 + 2**61], MEDIAN, min_value=0)
    assert found[1]["observed_value"] == 2**62 + 2**60


def test_a_sum_beyond_64_bits_is_exact(tmp_path: Path) -> None:
    found = asked(tmp_path, pa.array([2**63 - 1] * 3, pa.int64()), SUM, min_value=0)
    assert found == (True, {"observed_value": 3 * (2**63 - 1)})


def test_a_float_of_32_bits_lies_above_the_same_one_of_64_but_as_an_extreme(tmp_path: Path) -> None:
    narrow = pa.array([0.1], pa.float32())
    assert asked(tmp_path, narrow, "expect_column_values_to_be_between", max_value=0.1)[0] is False
    assert asked(tmp_path, narrow, "expect_column_max_to_be_between", max_value=0.1)[0] is True


def test_a_table_without_rows_has_no_value_twice(tmp_path: Path) -> None:
    success, result = asked(tmp_path, pa.array([], pa.int64()), UNIQUE)
    assert success is True and result["unexpected_count"] == 0


def test_nan_of_16_bits_is_not_counted_as_a_value(tmp_path: Path) -> None:
    half = pa.array([np.float16(1), np.float16("nan")], pa.float16())
    with pytest.raises(Uncompiled, match="kind other"):
        asked(tmp_path, half, "expect_column_proportion_of_non_null_values_to_be_between", min_value=0)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda frame: frame.rename_axis("row"), "an index of its own"),
        (lambda frame: frame.set_axis([0], axis=1), "no texts to pandas"),
        (lambda frame: frame.set_axis(["File_Row_Number"], axis=1), "rows' positions"),
    ],
    ids=["named", "numbers", "taken"],
)
def test_a_table_that_pandas_reads_otherwise_is_left(
    change: Callable[[pd.DataFrame], pd.DataFrame], why: str, tmp_path: Path
) -> None:
    pq.write_table(pa.Table.from_pandas(change(pd.DataFrame({"x": [1, 2]}))), tmp_path / "t.parquet")
    with pytest.raises(Uncompiled, match=why):
        columns_of(tmp_path / "t.parquet")


@pytest.mark.parametrize("rows", [slice(None), slice(1, None), [1, 0]], ids=["counts", "from 1", "listed"])
def test_an_index_of_pandas_without_a_name_is_no_column(rows: Any, tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1, 2]}).iloc[rows]
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "t.parquet")
    assert list(columns_of(tmp_path / "t.parquet")) == ["x"]


def test_integers_of_a_nullable_type_stay_integers_beside_nulls(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": pd.array([2**53 + 1, None], "Int64"), "odd": pd.array([1, 2], "Float64")})
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "t.parquet")
    columns = columns_of(tmp_path / "t.parquet")
    intent = plan({"it": ("expect_column_values_to_be_null", {"column": "x"})}, columns)
    found = answers(intent, DuckTable.of(tmp_path / "t.parquet"))["it"][1]
    assert found["partial_unexpected_list"] == [2**53 + 1]
    assert columns["odd"].kind is Kind.OTHER  # which leaves the table's other columns alone


def test_times_of_spark_may_have_digits_that_duckdb_does_not_read(tmp_path: Path) -> None:
    times = pa.array([946_684_800_000_000_001, None], pa.timestamp("ns"))
    pq.write_table(pa.table({"x": times}), tmp_path / "t.parquet", use_deprecated_int96_timestamps=True)
    bounded = ("expect_column_values_to_be_between", {"column": "x", "max_value": "2000-01-01T00:00:00"})
    asked = {"bounded": bounded, "null": ("expect_column_values_to_not_be_null", {"column": "x"})}
    intent = plan(asked, columns_of(tmp_path / "t.parquet"))
    assert intent.left.keys() == {"bounded"}
    found = answers(intent, DuckTable.of(tmp_path / "t.parquet"))["null"][1]
    assert found["partial_unexpected_list"] == ["NaT"]


def test_equal_counts_stand_in_the_order_that_nan_leaves_them_in() -> None:
    """NaN has no order: what a sort makes of it depends on the order before, which is of the counts."""
    pairs = [(3.0, 2.0), (1.0, 2.0), (math.nan, 2.0), (1.0, 2.0), (2.0, 2.0)]
    told = counted(5, 5, 5, list(enumerate(pairs)))["partial_unexpected_counts"]
    assert [each["value"][0] for each in told[:2]] == [1.0, 3.0]
    assert math.isnan(told[2]["value"][0]) and told[3]["value"][0] == 2.0


def test_more_values_than_are_fetched_are_left_to_great_expectations(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": range(100_001)}), path)
    kwargs = {"column": "x", "value_set": [1]}
    asked = {
        "set": ("expect_column_distinct_values_to_contain_set", kwargs),
        "mode": ("expect_column_most_common_value_to_be_in_set", kwargs),
        "max": ("expect_column_max_to_be_between", {"column": "x", "max_value": 200_000}),
    }
    planned = plan(asked, columns_of(path))
    assert planned.compiled.keys() == asked.keys()
    assert answers(planned, DuckTable.of(path)).keys() == {"max"}
