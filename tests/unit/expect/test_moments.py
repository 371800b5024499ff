"""Times and dates: what a suite's text means, and how a moment is shown."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from helpers.one_ask import asked

from runner.expect.columns import Column, Kind, column_of
from runner.expect.literals import Uncompiled
from runner.expect.moments import iso, moment

TIME, DATE = Column("t", Kind.TIME, "datetime64[us]"), Column("d", Kind.DATE, "object")
UTC = Column("u", Kind.INSTANT, "datetime64[us, UTC]")
BETWEEN, LEAST = "expect_column_values_to_be_between", "expect_column_min_to_be_between"
NULLS = "expect_column_values_to_not_be_null"


@pytest.mark.parametrize(
    ("column", "fetched", "shown"),
    [
        (TIME, "2013-01-01 05:30:00", "2013-01-01T05:30:00"),
        (TIME, "2013-01-01 05:30:00.5", "2013-01-01T05:30:00.500000"),
        (TIME, "2013-01-01 05:30:00.000000001", "2013-01-01T05:30:00.000000001"),
        (UTC, "2013-01-01 05:30:00", "2013-01-01T05:30:00+00:00"),
        (DATE, "0001-01-01", "0001-01-01"),
    ],
)
def test_a_moment_is_shown_as_pandas_writes_it(column: Column, fetched: str, shown: str) -> None:
    assert iso(fetched, column) == shown


@pytest.mark.parametrize("fetched", ["12013-01-01 00:00:00", "0044-03-15 (BC) 00:00:00", "infinity", "2013"])
def test_what_has_no_such_text_is_left(fetched: str) -> None:
    with pytest.raises(Uncompiled, match="four digits"):
        iso(fetched, TIME)


@pytest.mark.parametrize(
    ("column", "told", "meant"),
    [
        (TIME, "2013-01-01 05:30", "2013-01-01T05:30:00"),
        (TIME, "2013-01-01T05:30:00.5", "2013-01-01T05:30:00.500000"),
        (UTC, "2013-01-01T05:30:00Z", "2013-01-01T05:30:00+00:00"),
        (UTC, "2013-01-01T05:30:00+02:00", "2013-01-01T03:30:00+00:00"),
        (DATE, "2013-01-01", "2013-01-01"),
    ],
)
def test_a_bound_is_read_as_pydantic_reads_it(column: Column, told: str, meant: str) -> None:
    assert moment(told, column) == meant


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (TIME, "2013-01-01"),  # Great Expectations makes a date of it, which no time compares with
        (TIME, "2013-01-01T05:30:00Z"),
        (UTC, "2013-01-01T05:30:00"),
        (DATE, "2013-01-01T00:00:00"),
        (DATE, "2013-02-30"),
        (TIME, "1600000000"),
        (TIME, 5),
        (TIME, None),
    ],
)
def test_a_bound_that_could_not_be_compared_is_left(column: Column, told: Any) -> None:
    with pytest.raises(Uncompiled, match=r"no (time|instant|date)"):
        moment(told, column)


def test_nanoseconds_reach_fewer_years() -> None:
    with pytest.raises(Uncompiled):
        moment("1500-01-01T00:00:00", column_of("t", "timestamp[ns]"))


def test_a_nanosecond_decides(tmp_path: Path) -> None:
    times = pa.array([946_684_800_000_000_000, 946_684_800_000_000_001], pa.timestamp("ns"))
    found = asked(tmp_path, {"t": times}, BETWEEN, column="t", max_value="2000-01-01T00:00:00")
    assert found[1]["partial_unexpected_list"] == ["2000-01-01T00:00:00.000000001"]


def test_the_least_time_is_not_the_least_text(tmp_path: Path) -> None:
    """As texts 0999 would be less than 9999, but 12000 than 2000; and nothing is said of no value."""
    days = pa.array([dt.datetime(2000, 1, 1), dt.datetime(999, 1, 1)], pa.timestamp("us"))
    found = asked(tmp_path, {"t": days}, LEAST, column="t", min_value="0999-01-01T00:00:00")
    assert found == (True, {"observed_value": "0999-01-01T00:00:00"})
    none = pa.array([None], pa.timestamp("us"))
    found = asked(tmp_path, {"t": none}, LEAST, column="t", min_value="2000-01-01T00:00:00")
    assert found == (False, {"observed_value": "NaT"})


def test_times_of_utc_are_compared_as_instants(tmp_path: Path) -> None:
    times = pa.array([dt.datetime(2013, 1, 1, 5, 30)], pa.timestamp("us", tz="UTC"))
    ask = {"column": "t", "max_value": "2013-01-01T06:29:59+01:00"}
    assert asked(tmp_path, {"t": times}, BETWEEN, **ask)[1]["partial_unexpected_list"] == [
        "2013-01-01T05:30:00+00:00"
    ]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (pa.array([None], pa.timestamp("us")), "NaT"),
        (pa.array([None], pa.date32()), None),
        (pa.array([None], pa.list_(pa.int64())), None),
        (pa.array([None], pa.decimal128(9, 2)), None),
    ],
    ids=["time", "date", "list", "decimal"],
)
def test_a_null_is_shown_as_pandas_holds_it(values: pa.Array, shown: Any, tmp_path: Path) -> None:
    found = asked(tmp_path, {"x": values}, NULLS, column="x")[1]
    assert found["partial_unexpected_list"] == [shown]
    assert found["partial_unexpected_counts"] == [{"value": shown, "count": 1}]
