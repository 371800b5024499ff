from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from runner.adapters import shell
from runner.errors import InfrastructureError

SECRETS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_ENDPOINT_URL_S3",
    "GITHUB_TOKEN",
    "PYTHONPATH",
    "PYTEST_ADDOPTS",
)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_childs_environment_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "secret")
    found = shell.run(python("import os; print(sorted(os.environ.items()))"))
    assert found.code == 0 and "secret" not in found.output


def test_a_child_has_a_home_of_its_own_and_no_proxys_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy.example:3128")
    monkeypatch.setenv("PIP_INDEX_URL", "https://aws:secret@index.example/simple")
    found = shell.clean_env()
    assert found["HTTPS_PROXY"] == "http://proxy.example:3128" and "127.0.0.1" in found["NO_PROXY"]
    assert found["HOME"] != os.environ["HOME"] and not (Path(found["HOME"]) / ".aws").exists()
    assert "secret" not in str(found)
    assert shell.tool_env()["PIP_INDEX_URL"].startswith("https://aws:secret@")
    assert shell.tool_env()["HOME"] == os.environ["HOME"]


def test_no_aws_profile_is_found_by_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAREAL\naws_secret_access_key = real\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    code = "import boto3; print(boto3.Session().get_credentials())"
    assert shell.run(python(code)).output.strip() == "None"


def test_output_and_status_are_told_and_logged(tmp_path: Path) -> None:
    done = shell.run(python("print('hello'); raise SystemExit(7)"), log=tmp_path / "x.log")
    assert (done.code, done.output.strip(), done.ended_by_us) == (7, "hello", False)
    assert "hello" in (tmp_path / "x.log").read_text()


def test_a_missing_program_is_told() -> None:
    with pytest.raises(InfrastructureError, match="no such program"):
        shell.run(["no-such-program-at-all"])


def test_a_deadline_ends_the_whole_group() -> None:
    script = "import os, time\nif os.fork() == 0: os.setsid()\ntime.sleep(60)"
    begun = time.monotonic()
    done = shell.run(python(script), timeout=1.0)
    assert done.timed_out and done.ended_by_us and time.monotonic() - begun < 10
    assert not [p for p in psutil.process_iter(["cmdline"]) if script in (p.info["cmdline"] or ())]


def test_too_much_memory_ends_it() -> None:
    hungry = python("import time; x = b'x' * (400 << 20); time.sleep(30)")
    process = shell.start(hungry, env=shell.clean_env(), cwd=Path(), stdout=shell.PIPE, stderr=shell.PIPE)
    done = shell.wait(process, timeout=20, memory=100 << 20)
    assert done.over_memory and done.peak_bytes > 100 << 20


def test_a_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    inner = python("import time; time.sleep(60)")
    outer = (
        "import os, signal, sys; from pathlib import Path; from runner.adapters import shell\n"
        f"p = shell.start({inner!r}, env=shell.clean_env(), cwd=Path(), stdout=1, stderr=2, with_parent=9)\n"
        f"Path({str(tmp_path / 'pid')!r}).write_text(str(p.pid)); os.kill(os.getpid(), 9)"
    )
    done = shell.run(python(outer))
    assert done.code == -9
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie"


def test_threads_wait_asleep_unless_somebody_wants_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else two steps side by side take the processors from each other."""
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert shell.clean_env()["OMP_WAIT_POLICY"] == "passive"
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    assert shell.clean_env()["OMP_WAIT_POLICY"] == "active"


def test_clean_env_takes_what_is_named() -> None:
    assert shell.clean_env({"AWS_REGION": "x"})["AWS_REGION"] == "x"
    assert shell.clean_env()["PATH"] == os.environ["PATH"]
