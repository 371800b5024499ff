"""A run whose evidence cannot be stated did not pass."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.signed_runs import SOLUTION, Left, a_run

from runner.leave import leave
from runner.model import Status


def again(left: Left, root: Path) -> Left:
    """The same run left once more, from what now lies in its folder."""
    return Left(left.folder, leave(left.record, left.folder, SOLUTION, root))


def test_a_file_that_a_stage_names_and_did_not_leave(tmp_path: Path) -> None:
    left = a_run(tmp_path)
    (left.folder / "stages/data/data/rows.validation.json").unlink()
    found = again(left, tmp_path)
    assert found.record.verdict.status is Status.ERROR
    assert (
        "cannot be stated" in found.data["verdict"]["reason"]
        and "rows.validation.json" in found.record.verdict.reason
    )
    assert found.data["statements"] == []


def test_a_result_that_is_no_report(tmp_path: Path) -> None:
    left = a_run(tmp_path)
    (left.folder / "stages/unit/result.json").write_bytes(b"{}")
    assert again(left, tmp_path).data["verdict"]["status"] == "ERROR"


def test_the_first_cause_of_an_error_stands(tmp_path: Path) -> None:
    left = a_run(tmp_path, bad=Status.ERROR)
    (left.folder / "stages/unit/result.json").write_bytes(b"{}")
    assert again(left, tmp_path).record.verdict == left.record.verdict


def test_leaving_is_repeatable(tmp_path: Path) -> None:
    left = a_run(tmp_path)
    before = left.manifest.read_bytes()
    assert again(left, tmp_path).manifest.read_bytes() == before
    assert json.loads((left.folder / "result.json").read_bytes())["manifest_sha256"]
