"""What is sent to a stage elsewhere, and what is believed of what comes back: only what agrees."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.remotes import KEY, PASSED, REPORT, RUN, leave, order, remote

from runner import wire
from runner.errors import InfrastructureError, UsageError
from runner.hosts import Order
from runner.model import Artifact, Check, Status, Variant
from runner.remote.bundle import unpack
from runner.remote.job import RemoteJob
from runner.remote.send import CA, left_out, receive, send
from runner.remote.store import FolderStore, get_blob
from runner.verdict import Ending, Expected, judge_stage

EXPECTED = Expected(RUN, "unit", "unit", 60.0, None, 1)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def here(tmp_path: Path) -> Order:
    return order(tmp_path / "solution")


def job_of(store: FolderStore, sha256: str, tmp_path: Path) -> RemoteJob:
    job: RemoteJob = wire.load(get_blob(store, sha256, tmp_path / "job"), RemoteJob)
    return job


# There.


def test_source_and_job_are_blobs(store: FolderStore, here: Order, tmp_path: Path) -> None:
    assert here.remote
    job = job_of(store, send(here, here.remote, store), tmp_path)
    assert (job.run_id, job.stage, job.part, job.files) == (RUN, "unit", "", {})
    assert job.handover.python == ""  # the one here is not the one there
    names = unpack(get_blob(store, job.source, tmp_path / "source"), tmp_path / "there")
    assert {"lockgate.yml", "suites/unit/test_it.py"} <= set(names)


def test_the_same_solution_is_sent_as_the_same_bytes(store: FolderStore, here: Order, tmp_path: Path) -> None:
    assert here.remote
    first = send(here, here.remote, store)
    assert send(here, here.remote, FolderStore(tmp_path / "other")) == first


def artifact(root: Path, name: str = "build/fn.zip", data: bytes = b"zip", **fields: Any) -> Artifact:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    return Artifact("fn", "lambda-zip", name, sha256, len(data), "i", **fields)


def test_artifacts_are_sent_by_digest_with_what_is_executed_of_them(
    store: FolderStore, tmp_path: Path
) -> None:
    root = tmp_path / "solution"
    elsewhere = artifact(tmp_path, "cache/model.onnx", b"onnx")
    executed = Variant("host", str(tmp_path / "cache/model.onnx"), elsewhere.sha256, 4)
    here = order(root, {"fn": artifact(root, executed=executed)})
    assert here.remote
    job = job_of(store, send(here, here.remote, store), tmp_path)
    sent = job.handover.artifacts["fn"]
    assert sent.executed is not None
    assert job.files == {sent.path: sent.sha256, sent.executed.path: sent.executed.sha256}
    assert not any(name.startswith("/") or ".." in name for name in job.files)
    assert get_blob(store, sent.executed.sha256, tmp_path / "x").read_bytes() == b"onnx"


def test_an_artifact_that_changed_is_not_sent(store: FolderStore, tmp_path: Path) -> None:
    root = tmp_path / "solution"
    here = order(root, {"fn": artifact(root)})
    (root / "build/fn.zip").write_bytes(b"other")
    assert here.remote
    with pytest.raises(InfrastructureError, match="not what was built"):
        send(here, here.remote, store)


def test_an_image_that_has_no_bytes_here_is_named_alone(store: FolderStore, tmp_path: Path) -> None:
    root = tmp_path / "solution"
    image = replace(artifact(root), path="nowhere", facts={"built": False})
    here = order(root, {"fn": image})
    assert here.remote
    assert job_of(store, send(here, here.remote, store), tmp_path).files == {}


def test_a_ca_bundle_travels_too(
    store: FolderStore, here: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ca.pem").write_text("certificates")
    monkeypatch.setenv(CA, str(tmp_path / "ca.pem"))
    assert here.remote
    job = job_of(store, send(here, here.remote, store), tmp_path)
    assert get_blob(store, job.ca, tmp_path / "x").read_text() == "certificates"
    monkeypatch.setenv(CA, str(tmp_path / "none.pem"))
    with pytest.raises(UsageError, match="no CA bundle"):
        send(here, here.remote, store)


# And back.


def back(here: Order, store: FolderStore, code: int | None = 0, why: str = "", key: str = KEY) -> Ending:
    assert here.remote
    return receive(here, here.remote, store, key, code, why)


def test_what_agrees_is_believed(store: FolderStore, here: Order) -> None:
    told = leave(store, seconds=2.5, peak_bytes=9)
    ending = back(here, store)
    assert ending == Ending(0, REPORT, "", True, told.result, seconds=2.5, peak_bytes=9)
    assert judge_stage(EXPECTED, ending).status is Status.PASSED


def test_a_failure_is_believed_as_one(store: FolderStore, here: Order) -> None:
    bad = Check(PASSED.id, Status.FAILED, cause="1 != 2")
    leave(store, replace(REPORT, status=Status.FAILED, checks=(bad,)), code=1)
    assert judge_stage(EXPECTED, back(here, store, 1)).status is Status.FAILED


def results(store: FolderStore) -> list[Path]:
    return list((store.root / "results").iterdir())


def tampered(store: FolderStore) -> None:
    path = store.root / "endings/unit.json"
    path.write_bytes(path.read_bytes().replace(b"unit", b"data"))


Leave = Callable[[FolderStore], object]
# Name -> (what is left, the container's exit status, why that does not count, what is said)
DOUBTS: dict[str, tuple[Leave, int | None, str, str]] = {
    "exit status 0 and no ending": (lambda s: None, 0, "", "status 0, but no report: no ending"),
    "exit status 3 and no ending": (lambda s: None, 3, "", "no ending was left"),
    "killed": (lambda s: None, -9, "", "killed by signal 9"),
    "killed after it had passed": (leave, -9, "", "killed by signal 9"),
    "ended from outside": (lambda s: None, -15, "", "killed by signal 15"),
    "no exit status": (leave, None, "its container has no exit code", "has no exit code"),
    "stopped": (leave, None, "its task was stopped: UserInitiated", "UserInitiated"),
    "status 1 over a passing ending": (leave, 1, "", "ended with status 1, its ending says 0"),
    "status 0 over a failing ending": (lambda s: leave(s, code=1), 0, "", "status 0, its ending says 1"),
    "an ending sealed with another key": (lambda s: leave(s, key="j" * 64), 0, "", "not sealed"),
    "an ending that was changed": (lambda s: (leave(s), tampered(s)), 0, "", "not sealed"),
    "another run's ending": (lambda s: leave(s, run_id="run-0"), 0, "", "another run or stage"),
    "another stage's ending": (lambda s: leave(s, stage="data"), 0, "", "another run or stage"),
    "another shard's ending": (lambda s: leave(s, part="1-of-2"), 0, "", "another run or stage"),
    "no outputs": (lambda s: leave(s, outputs=""), 0, "", "nothing was left"),
    "outputs that are gone": (lambda s: (leave(s), results(s)[0].unlink()), 0, "", "no such object"),
    "outputs that were changed": (
        lambda s: (leave(s), results(s)[0].write_bytes(b"x")), 0, "", "its bytes have sha256",
    ),
    "a report that is not the sealed one": (lambda s: leave(s, result="c" * 64), 0, "", "sentinel"),
    "no sealed report": (lambda s: leave(s, result=""), 0, "", "sentinel"),
    "another run's report": (lambda s: leave(s, replace(REPORT, run_id="run-0")), 0, "", "sentinel"),
    "another stage's report": (lambda s: leave(s, replace(REPORT, stage="x")), 0, "", "another run or stage"),
    "its deadline": (lambda s: leave(s, code=-15, timed_out=True), 3, "", "deadline of 60 s"),
    "its memory": (lambda s: leave(s, code=-9, over_memory=True), 3, "", "over its limit"),
    "interrupted": (lambda s: leave(s, cancelled=True), 3, "", "interrupted"),
    "an agent in trouble": (lambda s: leave(s, code=3, outputs="", damage="no room"), 3, "", "no room"),
}  # fmt: skip


@pytest.mark.parametrize("name", DOUBTS)
def test_any_doubt_is_an_error_that_says_it(store: FolderStore, here: Order, name: str) -> None:
    left, code, why, said = DOUBTS[name]
    left(store)
    result = judge_stage(EXPECTED, back(here, store, code, why))
    assert result.status is Status.ERROR
    assert said in result.cause


def test_evidence_of_what_was_killed_is_kept(store: FolderStore, here: Order) -> None:
    leave(store, cancelled=True)
    result = judge_stage(EXPECTED, back(here, store, 3))
    assert (result.status, result.checks) == (Status.ERROR, (PASSED,))
    assert (here.out / "result.json").is_file()


def test_another_part_is_another_ending(store: FolderStore, here: Order) -> None:
    leave(store)
    ending = receive(here, remote(part="1-of-2"), store, KEY, 0, "")
    assert ending.report is None


def test_what_is_not_sent_is_said_before_a_test_misses_it(tmp_path: Path) -> None:
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True)
    (tmp_path / ".gitignore").write_text("data/\nmade/\n__pycache__/\n")
    for name in ("data/x.csv", "made/table.parquet", "__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert left_out(tmp_path, ("made/table.parquet",)) == "dangling, data"
    assert left_out(tmp_path, ("made", "data")) == "dangling"
