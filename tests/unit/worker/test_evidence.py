"""Rule 1 at the last step: a job succeeds only where everything that the run left agrees."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.worker import leave, manifest_of

from runner.worker import evidence
from runner.worker.child import Ended, Order
from runner.worker.outcome import JobError


def judged(ended: Ended, root: Path, stages: tuple[str, ...] = ()) -> dict[str, str]:
    """All that the worker asks for before it says success; the variables."""
    found = evidence.read(ended, root)
    evidence.require_passed(found, stages)
    evidence.files(found)
    return evidence.variables(found, "s3://b/k#manifest.json")


def test_a_whole_one_passes(tmp_path: Path) -> None:
    found = judged(leave(Order(tmp_path), manifest_of(), 0), tmp_path)
    assert found["LOCKGATE_VERDICT"] == "PASSED" and found["LOCKGATE_MANIFEST_URI"].startswith("s3://")


@pytest.mark.parametrize(
    "other",
    [
        {"complete": False},
        {"complete": "yes"},
        {"stages": {}},
        {"stages": {"unit": {"status": "PASSED"}, "data": {"status": "FAILED"}}},
        {"stages": {"unit": {"status": "PASSED"}, "data": {"status": "SKIPPED"}}},
        {"verdict": {"status": "passed", "reason": ""}},
        {"verdict": None},
    ],
)
def test_a_manifest_that_does_not_say_so_in_full(tmp_path: Path, other: dict[str, Any]) -> None:
    ended = leave(Order(tmp_path), manifest_of(**other), 0)
    with pytest.raises(JobError) as told:
        judged(ended, tmp_path)
    assert told.value.kind == "SystemUnavailable" and "manifest says" in told.value.what


def test_a_run_that_was_cut_short_does_not_pass_whatever_it_left(tmp_path: Path) -> None:
    whole = leave(Order(tmp_path), manifest_of(), 0)
    with pytest.raises(JobError, match="stopped"):
        judged(Ended(whole.code, whole.output, "the worker was stopped"), tmp_path)


def _edit(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes())) and None


def _link(name: str) -> Callable[[Path], None]:
    def link(folder: Path) -> None:
        (folder / name).rename(folder / "other")
        (folder / name).symlink_to("other")

    return link


@pytest.mark.parametrize(
    "sabotage",
    [
        _edit("manifest.json", lambda raw: raw + b"\n"),
        _edit("variables.env", lambda raw: raw.replace(b"SHA256=", b"SHA256=0")),
        _edit("variables.env", lambda raw: raw + b"'"),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "report.html").unlink(),
        lambda folder: (folder / "result.json").unlink(),
        _link("manifest.json"),
        _link("report.html"),
        _link("junit"),
        _link("junit/unit.xml"),
    ],
)
def test_results_that_were_changed_removed_or_linked(
    tmp_path: Path, sabotage: Callable[[Path], None]
) -> None:
    ended = leave(Order(tmp_path), manifest_of(), 0)
    sabotage(Path(json.loads(ended.output)["folder"]))
    with pytest.raises(JobError) as told:
        judged(ended, tmp_path)
    assert told.value.kind == "SystemUnavailable"


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.update(exit_code=1),
        lambda told: told.update(error="x"),
        lambda told: told.update(manifest_sha256=""),
        lambda told: told.pop("manifest"),
        lambda told: told.update(folder="/etc"),
        lambda told: told.update(folder=told["folder"] + "/../../.."),
        lambda told: told["manifest"].update(complete=0),
    ],
)
def test_a_child_that_says_something_else(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    told = json.loads(leave(Order(tmp_path), manifest_of(), 0).output)
    change(told)
    with pytest.raises(JobError):
        judged(Ended(0, json.dumps(told).encode()), tmp_path)


@pytest.mark.parametrize(
    "ended",
    [
        Ended(0, b""), Ended(0, b"[]"), Ended(0, b"{}"), Ended(0, b"\xff"), Ended(0, b"[" * 100_000),
        Ended(1, b""), Ended(3, b""), Ended(77, b"{}"), Ended(-11, b""), Ended(-99, b""),
        Ended(0, b"", "the worker was stopped"),
    ],
)  # fmt: skip
def test_a_child_that_says_nothing_of_use(tmp_path: Path, ended: Ended) -> None:
    with pytest.raises(JobError) as told:
        judged(ended, tmp_path)
    assert told.value.kind == "SystemUnavailable"


@pytest.mark.parametrize(("code", "status"), [(0, "FAILED"), (1, "PASSED"), (3, "PASSED"), (130, "PASSED")])
def test_an_exit_status_that_contradicts_the_manifest(tmp_path: Path, code: int, status: str) -> None:
    with pytest.raises(JobError, match=f"exit status is {code}, but its manifest says {status}"):
        judged(leave(Order(tmp_path), manifest_of(status), code), tmp_path)


def test_a_partial_manifest_does_for_the_stages_that_were_asked_for(tmp_path: Path) -> None:
    ended = leave(Order(tmp_path), manifest_of(complete=False), 0)
    assert judged(ended, tmp_path, ("unit",))
    with pytest.raises(JobError, match="stage data did not"):
        judged(ended, tmp_path, ("unit", "data"))
