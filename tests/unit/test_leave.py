"""What passed is kept by digest, and what changed after it was judged does not pass."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import sample_runs as sample
from helpers.tiny import CONFIG

from runner.config.schema import Solution
from runner.errors import InfrastructureError
from runner.leave import leave
from runner.model import Artifact, Status
from runner.report.record import RunRecord


def artifact(path: Path, data: bytes, **facts: object) -> Artifact:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    return Artifact(path.stem, "model", str(path), digest, len(data), "inputs", facts=facts)


@pytest.fixture
def made(tmp_path: Path) -> tuple[Artifact, ...]:
    """A model in the checkout, a package in the cache, and an image that is only defined."""
    definition = replace(artifact(tmp_path / "root" / "Dockerfile", b"FROM x", built=False), name="train")
    return (
        artifact(tmp_path / "root" / "model.onnx", b"a model"),
        artifact(tmp_path / "cache" / "f.zip", b"a zip"),
        definition,
    )


def left(tmp_path: Path, made: tuple[Artifact, ...], record: RunRecord | None = None) -> tuple[Path, str]:
    """Leave a run with these artifacts; its folder and the verdict in its manifest."""
    folder = tmp_path / "root" / ".lockgate" / "runs" / "r1"
    record = replace(record or sample.passing(), artifacts=made)
    told = leave(record, folder, Solution.model_validate(CONFIG), tmp_path / "root")
    status = json.loads((folder / "manifest.json").read_bytes())["verdict"]["status"]
    assert status == str(told.verdict.status)
    return folder, status


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "components").glob("*")}


def test_what_passed_is_kept_by_digest(tmp_path: Path, made: tuple[Artifact, ...]) -> None:
    folder, status = left(tmp_path, made)
    assert status == "PASSED"
    assert kept(folder) == {made[0].sha256: b"a model", made[1].sha256: b"a zip"}
    with (tmp_path / "root" / "model.onnx").open("r+b") as model:  # as a training command would
        model.write(b"another")
    assert kept(folder)[made[0].sha256] == b"a model"


@pytest.mark.parametrize("which", [0, 1])
def test_what_changed_after_it_was_judged_is_an_error(
    tmp_path: Path, made: tuple[Artifact, ...], which: int
) -> None:
    Path(made[which].path).write_bytes(b"something else")
    folder, status = left(tmp_path, made)
    assert status == "ERROR"
    assert made[which].sha256 not in kept(folder)
    assert "was changed after it was judged" in (folder / "variables.env").read_text()


def test_what_vanished_is_an_error(tmp_path: Path, made: tuple[Artifact, ...]) -> None:
    Path(made[0].path).unlink()
    assert left(tmp_path, made)[1] == "ERROR"


def test_what_failed_is_not_kept(tmp_path: Path, made: tuple[Artifact, ...]) -> None:
    Path(made[0].path).unlink()
    folder, status = left(tmp_path, made, sample.failing())
    assert (status, kept(folder)) == (str(Status.FAILED), {})


def released(tmp_path: Path, record: RunRecord, **more: Any) -> dict[str, Any]:
    """The manifest of a run whose release, if it is asked for, is R-1."""
    folder = tmp_path / "r1"
    give = more.get("give", lambda record: "2026.11.22-1+0123456")
    leave(replace(record, artifacts=()), folder, Solution.model_validate(CONFIG), tmp_path, give)
    told: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    assert f"LOCKGATE_RELEASE={told['release'] or chr(39) * 2}\n" in (folder / "variables.env").read_text()
    return told


def test_a_complete_run_that_passed_is_a_release(tmp_path: Path) -> None:
    assert released(tmp_path, sample.passing())["release"] == "2026.11.22-1+0123456"


@pytest.mark.parametrize("record", [sample.failing(), replace(sample.passing(), complete=False)])
def test_what_failed_or_is_partial_is_none(tmp_path: Path, record: RunRecord) -> None:
    assert released(tmp_path, record)["release"] is None


def test_a_release_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    def refuse(record: RunRecord) -> str:
        raise InfrastructureError("the disk is full", where="history")

    told = released(tmp_path, sample.passing(), give=refuse)
    assert (told["release"], told["verdict"]["status"]) == (None, "ERROR")
    assert "history: the disk is full" in told["verdict"]["reason"]
