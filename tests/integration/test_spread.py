"""The tasks of a spread run, one after the other as an orchestrator would start them, against `lockgate run`:
the same verdict, the same cause, the same checks and the same digests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from helpers.whole_runs import Ran, run, tiny

from runner.compile import levels, parts
from runner.config.load import load
from runner.plan import make_plan

pytestmark = pytest.mark.integration

HONEST = "def test_one():\n    pass\n\ndef test_two():\n    pass\n\ndef test_three():\n    pass\n"
PLANTED = HONEST + "\ndef test_bad():\n    assert 1 == 2\n"
ALIKE = ("kind", "status", "cause", "counts", "facts", "failed")
WORDS = {0: "SUCCEEDED"}
SECOND = "\n  late: {kind: unit, suites: [suites/unit], needs: [unit]}\n"
FUNCTION = "components: {fn: {kind: lambda-zip, source: fn, handler: app.handler}}\n"


@dataclass(frozen=True)
class Spread:
    """A spread run: each task's exit status by name, what conclude printed, the manifest in the store."""

    codes: dict[str, int]
    out: str
    manifest: dict[str, Any]


def task(*argv: str, key: str = "k" * 64) -> subprocess.CompletedProcess[str]:
    """One task as a process of its own, with the key that it would get."""
    env = {**os.environ, "LOCKGATE_SEAL_KEY": key}
    return subprocess.run(
        [sys.executable, "-P", "-m", "runner", "task", *argv],
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )


def spread(root: Path, folder: Path) -> Spread:
    """Prepare, each layer's parts, conclude, as the compiled state machine does."""
    store = ["--store", str(folder / "run1")]
    codes = {"prepare": task("prepare", *store, "--solution", str(root)).returncode}
    words, solution = [], load(root)
    for stage in (
        (name for layer in levels(make_plan(solution)) for name in layer) if not codes["prepare"] else ()
    ):
        for ident, part in parts(solution, stage):
            sharded = ["--part", part] if part else []
            codes[ident] = task("stage", *store, "--stage", stage, *sharded).returncode
            words.append({"part": ident, "ended": WORDS.get(codes[ident], "FAILED")})
    out = ["--out", str(folder / "out"), "--words", json.dumps([words])]
    ended = task("conclude", *store, *out)
    codes["conclude"] = ended.returncode
    kept = folder / "run1/report/manifest.json"
    return Spread(codes, ended.stdout, json.loads(kept.read_bytes()) if kept.is_file() else {})


@pytest.fixture(autouse=True)
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One history for both ways."""
    monkeypatch.setenv("LOCKGATE_HISTORY", str(tmp_path / "history"))
    return tmp_path / "history"


def same(plain: Ran, told: Spread) -> None:
    """What may differ is the run's name, its times, where it lies, and its release."""
    assert told.codes["conclude"] == plain.code
    assert told.manifest["verdict"] == plain.manifest["verdict"]
    for field in ("complete", "judged", "locks", "solution", "source", "tools"):
        assert told.manifest[field] == plain.manifest[field], field
    assert told.manifest["components"] == plain.manifest["components"]
    assert bool(told.manifest["release"]) is bool(plain.manifest["release"]) is (plain.code == 0)
    for kind in ("steps", "stages"):
        assert sorted(told.manifest[kind]) == sorted(plain.manifest[kind])
        for name, step in plain.manifest[kind].items():
            mine = told.manifest[kind][name]
            assert {k: mine.get(k) for k in ALIKE} == {k: step.get(k) for k in ALIKE}
    assert [line for line in told.out.splitlines() if line.startswith(("PASSED", "FAILED", "ERROR"))]


def both(root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Spread:
    told = spread(root, tmp_path / "runs")
    same(run(root, capfd), told)
    return told


def test_a_solution_passes_alike(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root = tiny(tmp_path / "s", HONEST, "shards: 2")
    with (root / "lockgate.yml").open("a") as config:
        config.write(SECOND + FUNCTION)
    (root / "fn").mkdir()
    (root / "fn/app.py").write_text("def handler(event, context):\n    return event\n")
    told = both(root, tmp_path, capfd)
    assert told.manifest["verdict"]["status"] == "PASSED"
    assert told.manifest["components"]["fn"]["sha256"]
    assert set(told.codes) == {"prepare", "unit.1-of-2", "unit.2-of-2", "late", "conclude"}
    assert set(told.codes.values()) == {0}


def test_a_planted_failure_fails_alike_and_what_needs_it_is_skipped(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = tiny(tmp_path / "s", PLANTED, "shards: 2")
    with (root / "lockgate.yml").open("a") as config:
        config.write(SECOND)
    told = both(root, tmp_path, capfd)
    assert told.manifest["verdict"]["status"] == "FAILED"
    assert sorted(told.codes[f"unit.{n}-of-2"] for n in (1, 2)) == [0, 1]
    assert told.codes["late"] == 3  # it did not begin
    assert told.manifest["stages"]["late"]["status"] == "SKIPPED"


BROKEN = {
    "a prepare command": "prepare: {t: {run: 'python -c \"raise SystemExit(7)\"', outputs: [t.csv]}}\n",
    "an output that is not there": "prepare: {t: {run: 'python -c pass', outputs: [t.csv]}}\n",
    "a build": "components: {fn: {kind: lambda-zip, source: fn, handler: app.handler, lock: fn.lock}}\n",
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_fails_before_the_stages_is_told_alike(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], what: str
) -> None:
    root = tiny(tmp_path / "s", HONEST)
    with (root / "lockgate.yml").open("a") as config:
        config.write(BROKEN[what])
    (root / "fn").mkdir()
    (root / "fn/app.py").write_text("def handler(event, context):\n    return event\n")
    (root / "fn.lock").write_text("not-there==1.0 --hash=sha256:" + "0" * 64 + "\n")
    told = both(root, tmp_path, capfd)
    assert told.manifest["verdict"]["status"] in ("FAILED", "ERROR")
    assert told.codes["prepare"] == told.codes["conclude"]
    assert told.manifest["stages"]["unit"]["status"] == "SKIPPED"


def test_a_second_conclusion_says_so(tmp_path: Path) -> None:
    root = tiny(tmp_path / "s", HONEST)
    assert spread(root, tmp_path / "runs").codes["conclude"] == 0
    again = task("conclude", "--store", str(tmp_path / "runs/run1"), "--out", str(tmp_path / "again"))
    assert again.returncode == 3
    assert "concluded already" in again.stderr


def test_another_key_concludes_nothing(tmp_path: Path) -> None:
    store, root = ["--store", str(tmp_path / "run1")], tiny(tmp_path / "s", HONEST)
    assert task("prepare", *store, "--solution", str(root)).returncode == 0
    ended = task("conclude", *store, "--out", str(tmp_path / "out"), key="x" * 64)
    assert ended.returncode == 3
    assert "not sealed" in ended.stderr
    assert not (tmp_path / "run1/report").exists()


@pytest.mark.parametrize("words", ["nonsense", "[[]", '[{"part": 1}]', "[" * 30_000])
def test_words_that_are_none_are_a_usage_error(tmp_path: Path, words: str) -> None:
    ended = task("conclude", "--store", str(tmp_path / "r"), "--out", str(tmp_path / "o"), "--words", words)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("argv", [["prepare"], ["stage", "--stage", "unit"], ["conclude", "--out", "out"]])
def test_without_a_key_no_task_begins(tmp_path: Path, argv: list[str]) -> None:
    ended = task(*argv, "--store", str(tmp_path / "r"), key="")
    assert ended.returncode == 2
    assert "LOCKGATE_SEAL_KEY" in ended.stderr
