"""Ways to a wrong answer that somebody found by trying; each stays closed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.whole_runs import run, tiny

from runner.cli import main

pytestmark = pytest.mark.integration
CapFd = pytest.CaptureFixture[str]
LOCKGATE = Path(sys.executable).with_name("lockgate")
ONE = "def test_one():\n    pass\n"


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    subprocess.run(["git", "-C", str(root), *identity, *words], check=True, capture_output=True)


def test_a_test_that_a_conftest_takes_out_is_shown(tmp_path: Path, capfd: CapFd) -> None:
    hook = "def pytest_collection_modifyitems(items):\n    items[:] = items[:1]\n"
    ran = run(tiny(tmp_path, ONE + "def test_two():\n    assert False\n", conftest=hook), capfd)
    counts = ran.manifest["stages"]["unit"]["counts"]
    assert (counts["collected"], counts["passed"], counts["skipped"]) == (2, 1, 1)


def test_code_under_test_cannot_speak_for_pytest(tmp_path: Path, capfd: CapFd) -> None:
    forged = (
        "import json, os\n"
        "channel, nonce = os.environ.get('LOCKGATE_CHANNEL'), os.environ.get('LOCKGATE_NONCE')\n"
        "if channel:\n"
        "    said = [{'event': 'collected', 'ids': ['suites/unit/test_it.py::test_one']},\n"
        "            {'event': 'check', 'id': 'suites/unit/test_it.py::test_one', 'outcome': 'passed'},\n"
        "            {'event': 'finish', 'nonce': nonce, 'count': 1}]\n"
        "    os.write(int(channel), ''.join(json.dumps(s) + '\\n' for s in said).encode())\n"
        "    os._exit(0)\n"
    )
    root = tiny(tmp_path, "def test_one():\n    assert False\n")
    (root / "src" / "sitecustomize.py").write_text(forged)
    assert run(root, capfd).code == 1


def test_an_unexpected_pass_is_no_pass(tmp_path: Path, capfd: CapFd) -> None:
    ran = run(tiny(tmp_path, "import pytest\n@pytest.mark.xfail\ndef test_one():\n    pass\n"), capfd)
    assert ran.code == 1


def test_a_cause_that_is_not_unicode_is_told(tmp_path: Path, capfd: CapFd) -> None:
    body = "import os\ndef test_one():\n    assert os.fsdecode(b'caf\\xe9.csv') == 'x'\n"
    ran = run(tiny(tmp_path, body), capfd)
    assert ran.code == 1 and "test_one" in ran.last


def test_a_pytest_that_cannot_start_is_told_by_its_log(tmp_path: Path, capfd: CapFd) -> None:
    ran = run(tiny(tmp_path, ONE, conftest="raise ValueError('no such thing as luck')\n"), capfd)
    assert ran.code == 3 and "no such thing as luck" in ran.last


def test_one_stage_by_hand_is_judged_like_any_other(tmp_path: Path, capfd: CapFd) -> None:
    root, out = tiny(tmp_path / "s", ONE, "min_checks: 90"), tmp_path / "out"
    assert main(["run", "--solution", str(root), "--stage", "unit", "--out", str(out)]) == 3
    assert "at least 90" in capfd.readouterr().err


def test_one_stage_by_hand_leaves_no_earlier_result(tmp_path: Path, capfd: CapFd) -> None:
    root, out = (
        tiny(tmp_path / "s", "import os, signal\ndef test_one():\n    os.kill(os.getppid(), 9)\n"),
        tmp_path / "o",
    )
    out.mkdir()
    (out / "result.json").write_text("an earlier one")
    command = [LOCKGATE, "run", "--solution", root, "--stage", "unit", "--out", out]
    assert subprocess.run(command, capture_output=True).returncode == -9
    assert not (out / "result.json").exists()


def test_the_source_must_stay_the_same(tmp_path: Path, capfd: CapFd) -> None:
    body = (
        "import pathlib\ndef test_one():\n"
        "    pathlib.Path('src/m.py').write_text('VALUE = 2')  # somebody edits while the tests run\n"
    )
    root = tiny(tmp_path, body)
    (root / "src" / "m.py").write_text("VALUE = 1")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    ran = run(root, capfd)
    assert ran.code == 3 and "the source changed while it was judged" in ran.last


PREPARED = """\
solution: tiny
python: {lock: requirements.lock, path: [src]}
prepare:
  table: {run: python make.py, inputs: [make.py], outputs: [build/x.csv]}
stages:
  data: {tables: {x: {source: build/x.csv, suite: x.json}}}
"""
SUITE = '{"name": "x", "expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "a"}}]}'
MAKE = """
from pathlib import Path
Path("build").mkdir(exist_ok=True)
Path("build/x.csv").write_text("a\\n1\\n")
"""
WAITING = """
import pathlib, time

def test_one():
    pathlib.Path("begun").touch()
    while not pathlib.Path("enough").exists():
        time.sleep(0.05)
"""


def prepared(root: Path) -> Path:
    tiny(root, ONE)
    (root / "lockgate.yml").write_text(PREPARED)
    (root / "x.json").write_text(SUITE)
    (root / "make.py").write_text(MAKE)
    return root


def test_a_file_changed_after_it_was_made_is_told_and_still_judged(tmp_path: Path, capfd: CapFd) -> None:
    root = prepared(tmp_path)
    assert run(root, capfd).code == 0
    (root / "build/x.csv").write_text("a\n")
    ran = run(root, capfd)
    assert ran.code == 1 and "build/x.csv was changed after it was made" in ran.last
    assert ran.manifest["stages"]["data"]["status"] != "SKIPPED"


def test_two_runs_in_one_folder_do_not_mix(tmp_path: Path, capfd: CapFd) -> None:
    root = tiny(tmp_path, WAITING)
    first = subprocess.Popen([LOCKGATE, "run", "--solution", root], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (root / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert main(["run", "--solution", str(root)]) == 3
    assert "another lockgate is at work here" in capfd.readouterr().err
    (root / "enough").touch()
    assert first.wait(30) == 0


def test_a_package_called_runner_on_the_callers_path(tmp_path: Path) -> None:
    root = tiny(tmp_path, "import runner\ndef test_one():\n    assert runner.MINE\n")
    (root / "src" / "runner").mkdir()
    (root / "src" / "runner" / "__init__.py").write_text("MINE = True\n")
    env = {**os.environ, "PYTHONPATH": "src"}
    done = subprocess.run([LOCKGATE, "run"], cwd=root, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_nobody_reads_the_output(tmp_path: Path) -> None:
    root = tiny(tmp_path, ONE)
    piped = subprocess.run(
        ["bash", "-c", f"{LOCKGATE} run --solution {root} | head -1; exit ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert piped.returncode == 0 and "Traceback" not in piped.stderr
    assert list((root / ".lockgate/runs").glob("*/manifest.json"))


def test_an_ascii_terminal(tmp_path: Path) -> None:
    root = tiny(tmp_path, "def test_one():\n    assert 'é' == '≥'\n")
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([LOCKGATE, "run", "--solution", root], env=env, capture_output=True)
    assert done.returncode == 1 and b"Traceback" not in done.stderr


def test_a_closed_terminal_ends_a_run_in_order(tmp_path: Path) -> None:
    root = tiny(tmp_path, WAITING)
    process = subprocess.Popen([LOCKGATE, "run", "--solution", root], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (root / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGHUP)
    assert process.wait(30) == 130
    manifest = json.loads(next((root / ".lockgate/runs").glob("*/manifest.json")).read_bytes())
    assert manifest["verdict"]["status"] == "ERROR"


def test_a_file_in_the_place_of_a_folder_is_no_bug(tmp_path: Path, capfd: CapFd) -> None:
    root = tiny(tmp_path, ONE)
    (root / ".lockgate").write_text("")
    assert main(["run", "--solution", str(root)]) == 3
    said = capfd.readouterr().err
    assert ".lockgate" in said and "bug" not in said


def test_json_for_an_error_too(tmp_path: Path, capfd: CapFd) -> None:
    shutil.rmtree(tmp_path / "none", ignore_errors=True)
    assert main(["run", "--json", "--solution", str(tmp_path)]) == 2
    told = json.loads(capfd.readouterr().out)
    assert told["exit_code"] == 2 and "lockgate.yml" in told["error"]
