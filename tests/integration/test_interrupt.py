"""Interrupted from outside: exit status 130, evidence kept, nothing left running, and never a pass."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from helpers.whole_runs import tiny

pytestmark = pytest.mark.integration

SLOW = """
import pathlib, time
def test_one():
    pathlib.Path("begun").touch()
    time.sleep(60)
"""


def started(root: Path) -> subprocess.Popen[bytes]:
    """`lockgate run` as a process of its own, once its test is really running."""
    argv = [sys.executable, "-P", "-m", "runner", "run", "--solution", str(root)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    deadline = time.monotonic() + 60
    while not (root / "begun").exists():
        assert process.poll() is None and time.monotonic() < deadline, "it did not start"
        time.sleep(0.05)
    return process


def left_running(root: Path) -> list[str]:
    """Command lines of processes that still have to do with this solution."""
    lines = [" ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(root) in line and f"--basetemp={root}" not in line]


def gone(root: Path) -> bool:
    deadline = time.monotonic() + 5
    while left_running(root) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not left_running(root)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_130_and_an_error_verdict(tmp_path: Path, number: int) -> None:
    root = tiny(tmp_path, SLOW)
    process = started(root)
    os.kill(process.pid, number)
    out, _ = process.communicate(timeout=40)
    assert process.returncode == 130, out.decode()
    manifest = json.loads(next((root / ".lockgate/runs").glob("*/manifest.json")).read_bytes())
    assert manifest["verdict"]["status"] == "ERROR" and "interrupted" in manifest["verdict"]["reason"]
    assert b"ERROR" in out.splitlines()[-1]
    assert gone(root), left_running(root)


def test_a_killed_run_leaves_no_verdict_and_no_tests_running(tmp_path: Path) -> None:
    root = tiny(tmp_path, SLOW)
    process = started(root)
    process.kill()
    process.wait(10)
    assert not list((root / ".lockgate/runs").glob("*/manifest.json"))
    assert gone(root), left_running(root)
