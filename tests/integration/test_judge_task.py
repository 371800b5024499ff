"""`lockgate task prepare`, then `task judge`, as the pipeline's Build and Test stages do: what `lockgate run`
says, nothing built in the second, and no pass where a job, a key or an agent is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from helpers.whole_runs import run, tiny

from runner.cli import main

pytestmark = pytest.mark.integration

HONEST = "def test_one():\n    pass\n\ndef test_two():\n    pass\n\ndef test_three():\n    pass\n"
PLANTED = HONEST + "\ndef test_bad():\n    assert 1 == 2\n"
# The agent is the parent of the stage's process: what kills it takes its word and its ending with it.
KILLER = """
import os, pathlib, signal

def test_it_kills():
    pid = os.getpid()
    while b"stage\\0--keep-key" not in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
        pid = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(pid, signal.SIGKILL)
"""
LATE = "\n  late: {kind: unit, suites: [suites/unit], needs: [unit]}\n"
FUNCTION = "components: {fn: {kind: lambda-zip, source: fn, handler: app.handler}}\n"
ALIKE = ("kind", "status", "cause", "counts", "facts", "failed")


@dataclass(frozen=True)
class Judged:
    """How both ended, what judge printed, and its run's folder."""

    prepared: int
    code: int
    said: str
    out: Path

    @property
    def manifest(self) -> dict[str, Any]:
        path = self.out / "manifest.json"
        return dict(json.loads(path.read_bytes())) if path.is_file() else {}

    @property
    def verdict(self) -> str:
        return str(self.manifest["verdict"]["status"]) if self.manifest else ""


def task(*argv: str) -> subprocess.CompletedProcess[str]:
    """One task as a process of its own, without any key in its environment."""
    argv = (sys.executable, "-P", "-m", "runner", "task", *argv)
    env = {k: v for k, v in os.environ.items() if k != "LOCKGATE_SEAL_KEY"}
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=300)


def prepare(root: Path, store: Path) -> int:
    return task("prepare", "--keep-key", "--store", str(store), "--solution", str(root)).returncode


def judge(store: Path, out: Path, prepared: int = 0) -> Judged:
    done = task("judge", "--keep-key", "--store", str(store), "--out", str(out))
    return Judged(prepared, done.returncode, done.stdout + done.stderr, out)


def solution(folder: Path, tests: str) -> Path:
    root = tiny(folder, tests, "shards: 2")
    with (root / "lockgate.yml").open("a") as config:
        config.write(LATE + FUNCTION)
    (root / "fn").mkdir()
    (root / "fn/app.py").write_text("def handler(event, context):\n    return event\n")
    return root


def both(root: Path, tmp_path: Path) -> Judged:
    store = tmp_path / "runs/one"
    return judge(store, tmp_path / "out", prepare(root, store))


@pytest.fixture(autouse=True)
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One history for both ways; and keys that are nobody else's."""
    monkeypatch.setenv("LOCKGATE_HISTORY", str(tmp_path / "history"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "history"


def same(plain: dict[str, Any], told: dict[str, Any]) -> None:
    for field in ("components", "verdict", "complete", "judged", "locks", "solution", "source", "tools"):
        assert told[field] == plain[field], field
    for kind in ("steps", "stages"):
        assert sorted(told[kind]) == sorted(plain[kind])
        for name, step in plain[kind].items():
            assert {k: told[kind][name].get(k) for k in ALIKE} == {k: step.get(k) for k in ALIKE}


@pytest.mark.parametrize(("tests", "code", "late"), [(HONEST, 0, "PASSED"), (PLANTED, 1, "SKIPPED")])
def test_it_says_what_lockgate_run_says(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], tests: str, code: int, late: str
) -> None:
    root = solution(tmp_path / "s", tests)
    told = both(root, tmp_path)
    plain = run(root, capfd)
    assert (told.prepared, told.code, plain.code) == (0, code, code), told.said
    same(plain.manifest, told.manifest)
    assert told.manifest["stages"]["late"]["status"] == late
    kept = told.out / "components" / told.manifest["components"]["fn"]["sha256"]
    assert kept.is_file() is (code == 0)  # what did not pass is not there to be deployed
    assert (told.out / "variables.env").is_file()
    history = told_of(capfd, "versions", "--solution", str(root))
    [version] = history["components"]["fn"]
    assert (version["run_id"], version["verdict"]["status"]) == ("one", plain.status)
    released = [release["run_id"] for release in history["releases"]]
    assert released == ([] if code else [plain.manifest["run_id"], "one"])
    signed(tmp_path / "runs/one", capfd, failed=bool(code))


def signed(store: Path, capfd: pytest.CaptureFixture[str], *, failed: bool) -> None:
    """Where it lies, by another hand, who has nothing but the store."""
    uri = f"{store}/report/manifest.json"
    if failed:
        assert main(["sign", "--run", uri]) == 1
        assert not (store / "report/manifest.intoto.jsonl").exists()
    for new in (True, False):
        capfd.readouterr()
        assert main(["sign", "--run", uri, "--failed", "--json"]) == 0
        assert json.loads(capfd.readouterr().out)["new"] is new
    public = Path(os.environ["XDG_CONFIG_HOME"], "lockgate/development.pub.pem")
    assert main(["verify", uri, "--key", str(public)]) == (1 if failed else 0)  # the signatures lie beside it


def told_of(capfd: pytest.CaptureFixture[str], *argv: str) -> Any:
    capfd.readouterr()
    assert main([*argv, "--json"]) == 0
    return json.loads(capfd.readouterr().out)


def test_nothing_is_built_by_it(tmp_path: Path) -> None:
    """Neither the checkout nor the build's cache is there any more."""
    root, store = solution(tmp_path / "s", HONEST), tmp_path / "runs/one"
    assert prepare(root, store) == 0
    root.rename(tmp_path / "gone")
    told = judge(store, tmp_path / "out")
    assert (told.code, told.verdict) == (0, "PASSED"), told.said


def test_a_build_that_failed_is_no_pass(tmp_path: Path) -> None:
    root = solution(tmp_path / "s", HONEST)
    config = root / "lockgate.yml"
    config.write_text(config.read_text().replace("app.handler}", "app.handler, lock: fn.lock}"))
    (root / "fn.lock").write_text("not-there==1.0 --hash=sha256:" + "0" * 64 + "\n")
    told = both(root, tmp_path)
    assert told.prepared == told.code != 0
    assert told.verdict in ("FAILED", "ERROR")
    assert told.manifest["stages"]["unit"]["status"] == "SKIPPED"


def jobs(store: Path) -> list[Path]:
    blobs = [p for p in (store / "blobs").iterdir() if p.read_bytes()[:1] == b"{"]
    return [p for p in blobs if json.loads(p.read_bytes()).get("stage") == "unit"]


def test_a_job_that_is_gone_is_an_error(tmp_path: Path) -> None:
    root, store = solution(tmp_path / "s", HONEST), tmp_path / "runs/one"
    assert prepare(root, store) == 0
    jobs(store)[0].unlink()
    told = judge(store, tmp_path / "out")
    assert (told.code, told.verdict) == (3, "ERROR"), told.said
    assert told.manifest["stages"]["late"]["status"] == "SKIPPED"


def test_an_agent_that_is_killed_is_an_error_and_the_others_are_judged(tmp_path: Path) -> None:
    root = tiny(tmp_path / "s", KILLER)
    with (root / "lockgate.yml").open("a") as config:
        config.write("\n  other: {kind: unit, suites: [suites/other]}\n")
    (root / "suites/other").mkdir(parents=True)
    (root / "suites/other/test_it.py").write_text(HONEST)
    told = both(root, tmp_path)
    assert (told.code, told.verdict) == (3, "ERROR"), told.said
    statuses = {name: stage["status"] for name, stage in told.manifest["stages"].items()}
    assert statuses == {"unit": "ERROR", "other": "PASSED"}


@pytest.mark.parametrize("missing", ["seal.key", "plan.json"])
def test_without_its_key_or_plan_nothing_is_judged(tmp_path: Path, missing: str) -> None:
    store = tmp_path / "runs/one"
    assert prepare(tiny(tmp_path / "s", HONEST), store) == 0
    (store / missing).unlink()
    told = judge(store, tmp_path / "out")
    assert (told.code, told.verdict) == (3, ""), told.said
    assert not (store / "seal.key").exists() or missing != "seal.key"  # nor is another key made
    assert not (store / "endings").exists()


def test_it_is_judged_once(tmp_path: Path) -> None:
    root, store = tiny(tmp_path / "s", HONEST), tmp_path / "runs/one"
    assert (prepare(root, store), judge(store, tmp_path / "out").code) == (0, 0)
    again = judge(store, tmp_path / "again")
    assert (again.code, again.verdict) == (3, "")
    assert "concluded already" in again.said


def test_the_key_has_to_be_a_kept_one(tmp_path: Path) -> None:
    done = task("judge", "--store", str(tmp_path / "r"), "--out", str(tmp_path / "o"))
    assert done.returncode == 2
    assert "--keep-key" in done.stderr
