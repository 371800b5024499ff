"""Recorded durations steer speed alone: whatever lies in their file, a run starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.durations import FILE, record, recorded
from runner.model import Check, StageReport, StageResult, Status


def result(stage: str, *checks: Check, kind: str = "unit") -> StageResult:
    report = StageReport("r", stage, kind, Status.PASSED, tuple(c.id for c in checks), checks, 0.1)
    return StageResult(stage, kind, Status.PASSED, report=report)


ONE = Check("t::one", Status.PASSED, seconds=1.23456)
TWO = Check("t::two", Status.FAILED, seconds=2.0, cause="no")
LEFT_OUT = Check("t::three", Status.SKIPPED, seconds=0.0, cause="later")


def test_what_ran_is_remembered_and_what_was_skipped_is_not(tmp_path: Path) -> None:
    record(tmp_path, [result("unit", ONE, TWO, LEFT_OUT)])
    assert recorded(tmp_path) == {"unit": {"t::one": 1.2346, "t::two": 2.0}}


def test_a_stage_that_did_not_run_keeps_its_durations(tmp_path: Path) -> None:
    record(tmp_path, [result("unit", ONE), result("other", TWO)])
    build = result("build:x", TWO, kind="build")
    skipped = StageResult("other", "unit", Status.SKIPPED, "unit did not pass", blocked_by="unit")
    record(tmp_path, [result("unit", TWO), skipped, build])
    assert recorded(tmp_path) == {"unit": {"t::two": 2.0}, "other": {"t::two": 2.0}}


NO_SECONDS = ['{"unit": 1}', '{"unit": {"t": "x"}}', '{"unit": {"t": null}}']
DAMAGED = ["", "{", "[]", "null", "[" * 100_000, *NO_SECONDS]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_is_no_durations(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(text)
    assert recorded(tmp_path) == {}
    record(tmp_path, [result("unit", ONE)])
    assert recorded(tmp_path) == {"unit": {"t::one": 1.2346}}


def test_no_file_is_no_durations(tmp_path: Path) -> None:
    assert recorded(tmp_path) == {}


@given(st.dictionaries(st.text(), st.dictionaries(st.text(), st.floats())))
def test_what_is_no_number_of_seconds_is_left_out(
    tmp_path_factory: pytest.TempPathFactory, found: dict[str, dict[str, float]]
) -> None:
    root = tmp_path_factory.mktemp("root")
    (root / FILE).parent.mkdir()
    (root / FILE).write_text(json.dumps(found))
    assert all(abs(s) < float("inf") for checks in recorded(root).values() for s in checks.values())
