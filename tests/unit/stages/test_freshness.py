"""A table's newest row against the clock, whatever holds its times."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from helpers.between import job, judged, source, table

from runner.errors import InfrastructureError
from runner.expect.asks import ALL_ROWS
from runner.expect.columns import column_of
from runner.model import Check, Status
from runner.stages.tables import freshness
from runner.stages.tables.answering import Answered
from runner.stages.tables.engine import Answers
from runner.stages.tables.further import Seen
from runner.stages.tables.newest import _of_texts

PASSED, FAILED, ERROR = Status.PASSED, Status.FAILED, Status.ERROR
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOURS = timedelta(hours=1)
EAST = timezone(timedelta(hours=9))


def fresh(root: Path, values: Any, suffix: str = ".parquet", sensitive: bool = False, **rule: Any) -> Check:
    """The check of a column of these values, a day being allowed."""
    place = table(root, "t", {"at": values, "n": range(len(values))}, suffix)
    fields = {"column": "at", "within": "1d", **rule}
    made = job(root, {"t": {"source": place, "freshness": fields, "sensitive": ["at"] if sensitive else []}})
    config = made.stage.tables["t"]  # type: ignore[union-attr]
    answered = Answered(Answers({}, {}, {}, {}), len(values), {"at": "?", "n": "int64"}, {})
    seen = Seen(made, "t", config, source(root, place), answered, root)
    (check,) = freshness.judge(seen, lambda: NOW).checks
    return check


def times(newest: datetime, *more: Any) -> pd.Series:
    return pd.Series([newest - 30 * HOURS, newest, newest - 900 * HOURS, *more])


def test_texts_that_nobody_looked_at_are_no_evidence() -> None:
    class Table:
        """Answers all but whether any text is no time."""

        def answer(self, asks: Any) -> dict[Any, Any]:
            return {ask: "2026-11-22 11:00:00" for ask in asks if ask.where == ALL_ROWS}

    with pytest.raises(InfrastructureError, match="cannot be computed"):
        _of_texts(Table(), column_of("at", "string"))  # type: ignore[arg-type]


NAIVE = NOW.replace(tzinfo=None)
FORMS = {
    "time": (lambda t: times(t.replace(tzinfo=None), None), ".parquet", {}),
    "nanoseconds": (lambda t: times(t.replace(tzinfo=None)).astype("datetime64[ns]"), ".parquet", {}),
    "instant": (lambda t: times(t), ".parquet", {}),
    "another zone": (lambda t: times(t.astimezone(EAST)), ".parquet", {}),
    "ISO text": (lambda t: times(t).map(datetime.isoformat), ".parquet", {}),
    "ISO text of zones": (lambda t: times(t.astimezone(EAST)).map(datetime.isoformat), ".parquet", {}),
    "ISO text in CSV": (lambda t: times(t.astimezone(EAST)).map(datetime.isoformat), ".csv", {}),
    "seconds": (lambda t: times(t).map(datetime.timestamp).astype("int64"), ".parquet", {"epoch": "s"}),
    "seconds in floats": (lambda t: times(t).map(datetime.timestamp), ".parquet", {"epoch": "s"}),
    "milliseconds in CSV": (lambda t: (times(t).map(datetime.timestamp) * 1000).astype("int64"), ".csv",
                            {"epoch": "ms"}),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("age", "status", "cause"),
    [
        (24 * HOURS, PASSED, ""),
        (25 * HOURS, FAILED, "newest row 2026-11-21T11:00:00+00:00, 1 day ago: older than 1 day"),
        (-timedelta(minutes=5), PASSED, ""),
        (
            -timedelta(minutes=6),
            FAILED,
            "newest row 2026-11-22T12:06:00+00:00, 6 minutes ahead: in",
        ),
    ],
)
def test_the_newest_row_is_recent_and_not_of_the_future(
    form: str, age: timedelta, status: Status, cause: str, tmp_path: Path
) -> None:
    made, suffix, rule = FORMS[form]
    check = fresh(tmp_path, made(NOW - age), suffix, **rule)
    assert (check.status, bool(check.cause)) == (status, bool(cause)), check.cause
    assert check.cause.startswith(cause)


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize(
    ("day", "status"),
    [
        (date(2026, 11, 22), PASSED),
        (date(2026, 11, 21), FAILED),  # it may have begun 36 hours ago
        (date(2026, 11, 23), PASSED),  # in the east it has begun
        (date(2026, 11, 24), FAILED),
    ],
)
def test_a_date_is_its_beginning_wherever_that_is(
    day: date, status: Status, as_text: bool, tmp_path: Path
) -> None:
    values = pd.Series([date(2020, 1, 1), day])
    assert fresh(tmp_path, values.map(str) if as_text else values).status is status


@pytest.mark.parametrize(
    ("values", "rule", "cause"),
    [
        (pd.Series([], dtype="datetime64[us]"), {}, "no value, so nothing shows how old"),
        (pd.Series([None, None], dtype="datetime64[us]"), {}, "no value"),
        (pd.Series([None, None], dtype="str"), {}, "no value"),
        ([1.0, 2.0], {}, "no times without `epoch`"),
        ([float("nan")], {"epoch": "s"}, "no value"),
        ([float("inf")], {"epoch": "s"}, "no time between the years"),
        ([2**62], {"epoch": "s"}, "no time between the years"),
        (["2026-11-22", "yesterday", "x"], {}, "2 values of 'at' are no ISO times"),
        (["2026-11-22", "infinity"], {}, "1 values of 'at' are no ISO times"),
        (["2026-11-22T10:00 Europe/Berlin"], {}, "1 values of 'at' are no ISO times"),
        (["2026-02-30"], {}, "1 values of 'at' are no ISO times"),
        ([True, False], {}, "holds no times"),
        ([[1], [2]], {}, "holds no times"),
        (times(NAIVE), {"epoch": "s"}, "holds no numbers"),
    ],
)
def test_what_holds_no_times_shows_nothing(
    values: Any, rule: dict[str, Any], cause: str, tmp_path: Path
) -> None:
    fields = {
        "source": table(tmp_path, "t", {"at": values}),
        "freshness": {"column": "at", "within": "1d", **rule},
    }
    check = judged(tmp_path, {"t": fields})["t/freshness"]
    assert check.status is ERROR and cause in check.cause


def test_nan_is_no_time(tmp_path: Path) -> None:
    now = datetime.now(UTC).timestamp()
    place = table(tmp_path, "t", pa.table({"at": [now, float("nan")]}))
    rule = {"column": "at", "within": "1d", "epoch": "s"}
    assert judged(tmp_path, {"t": {"source": place, "freshness": rule}})["t/freshness"].status is PASSED


def test_a_column_that_is_not_there_is_evidence(tmp_path: Path) -> None:
    rule = {"column": "at", "within": "1d"}
    fields = {"source": table(tmp_path, "t", {"a": [1]}), "freshness": rule}
    check = judged(tmp_path, {"t": fields})["t/freshness"]
    assert (check.status, check.cause) == (FAILED, "the table has no column 'at'")


def test_a_sensitive_column_tells_whether_and_not_when(tmp_path: Path) -> None:
    check = fresh(tmp_path, times(NAIVE - 100 * HOURS), sensitive=True)
    assert check.status is FAILED and "2026" not in json.dumps([check.cause, check.measured])
    assert check.cause == "the newest row (its column is sensitive): older than 1 day"


def test_the_stage_asks_this_machines_clock(tmp_path: Path) -> None:
    rule = {"column": "at", "within": "2h"}
    fields = {"source": table(tmp_path, "t", {"at": [datetime.now(UTC) - HOURS]}), "freshness": rule}
    assert judged(tmp_path, {"t": fields})["t/freshness"].status is PASSED
