"""A table's rows against the median of the last runs that passed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.between import earlier, judged, table

from runner.model import Check, Earlier, EarlierRun, Status

PASSED, FAILED, ERROR = Status.PASSED, Status.FAILED, Status.ERROR


def volume(root: Path, rows: int, told: Earlier | None, source: str = "t.parquet", **rule: Any) -> Check:
    table(root, "t", {"a": range(rows)})
    fields = {"source": source, "volume": rule}
    return judged(root, {"t": fields}, told)["t/volume"]


@pytest.mark.parametrize(
    ("rows", "rule", "status", "cause"),
    [
        (100, {}, PASSED, ""),
        (50, {}, PASSED, ""),  # half is lost: no more than half
        (49, {}, FAILED, "49 rows, 51.0% fewer than the median of 3 runs that passed, 100"),
        (0, {}, FAILED, "0 rows, 100.0% fewer"),
        (10_000, {}, PASSED, ""),  # a gain is not asked unless it is
        (150, {"grow": 0.5}, PASSED, ""),
        (151, {"grow": 0.5}, FAILED, "151 rows, 51.0% more than the median"),
        (1, {"shrink": None, "grow": 0.5}, PASSED, ""),
    ],
)
def test_a_loss_or_a_gain_beyond_its_share_of_the_median_fails(
    rows: int, rule: dict[str, Any], status: Status, cause: str, tmp_path: Path
) -> None:
    check = volume(tmp_path, rows, earlier(100, 5, 2_000), **rule)
    assert check.status is status and check.cause.startswith(cause) and bool(check.cause) == bool(cause)


def test_what_is_measured_and_what_is_allowed_is_said(tmp_path: Path) -> None:
    check = volume(tmp_path, 7, earlier(10, 11, 9, 12), grow=1.0)
    assert (check.measured, check.limit) == ("7 rows", "at least 6 and at most 21 rows")


def test_a_first_run_passes_and_says_that_there_is_no_history(tmp_path: Path) -> None:
    check = volume(tmp_path, 3, earlier(1_000))
    assert check.status is PASSED and check.cause == "no history yet: 1 run that passed of 3"
    assert volume(tmp_path, 3, earlier(1_000), least=1).status is FAILED


def test_only_the_last_runs_count(tmp_path: Path) -> None:
    assert volume(tmp_path, 90, earlier(100, 100, 100, 1, 1, 1, 1, 1), runs=3).limit == "at least 50 rows"


@pytest.mark.parametrize(
    "other",
    [
        earlier(100, 100, 100, source="other.parquet"),
        earlier(100, 100, 100, partitions="changed"),
        Earlier(tuple(EarlierRun(f"r{n}", "", {}) for n in range(3))),
    ],
    ids=["another place", "partitions alone", "another table"],
)
def test_only_what_is_comparable_counts(other: Earlier, tmp_path: Path) -> None:
    assert volume(tmp_path, 3, other).cause == "no history yet: 0 runs that passed of 3"


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        (None, "nothing to compare its rows with: the earlier runs were not handed to the stage"),
        (
            Earlier(unknown="the history is damaged"),
            "nothing to compare its rows with: the history is damaged",
        ),
        (earlier(0, 0, 100), "empty in most of 3 runs"),
    ],
)
def test_a_history_that_cannot_be_told_is_no_evidence(
    told: Earlier | None, cause: str, tmp_path: Path
) -> None:
    check = volume(tmp_path, 100, told)
    assert check.status is ERROR and cause in check.cause
