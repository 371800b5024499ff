"""Rule 1 under attack: whatever the code under test does to its own judgement, it does not pass.

Each of these is a real solution judged by the real program: real children, real signals, real files.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.whole_runs import Ran, run, tiny

pytestmark = pytest.mark.integration

HONEST = "def test_one():\n    assert True\n\ndef test_two():\n    assert True\n"

# A process that escapes from the tests' process group and session, waits for the stage's report,
# and does something to it before the parent can read it.
ESCAPED = """
import os, sys, time, pathlib
def test_one():
    out = pathlib.Path(os.environ["LOCKGATE_CONTEXT"]).parent
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for fd in range(3, 64):
                try: os.close(fd)
                except OSError: pass
            path, end = out / "result.json", time.time() + 20
            while time.time() < end:
                if path.exists():
                    %s
                    os._exit(0)
        os._exit(0)
    os.wait()
"""

SABOTAGES = {
    "exits the process with status 0": (
        "import os\ndef test_one():\n    pass\ndef test_two():\n    os._exit(0)\n",
        "no result",
    ),
    "exits at import": ("import os\nos._exit(0)\n", "before the completion sentinel"),
    "deletes the report": (ESCAPED % "path.unlink()", "no report"),
    "truncates the report": (ESCAPED % "os.truncate(path, 40)", "does not parse"),
    "puts another run's report in its place": (
        ESCAPED % "path.write_text(path.read_text().replace(out.parents[1].name, '20200101T000000Z-aaaaaa'))",
        "sentinel",
    ),
    "has no tests": ("x = 1\n", "no test was collected"),
    "skips everything": (
        "import pytest\n@pytest.mark.skip(reason='later')\ndef test_one():\n    assert False\n",
        "all of its 1 tests were skipped",
    ),
    "kills its own runner": (
        "import os, signal\ndef test_one():\n    os.kill(os.getppid(), signal.SIGKILL)\n",
        "killed by signal 9",
    ),
    "is killed by a signal": (
        "import os, signal\ndef test_one():\n    os.kill(os.getpid(), signal.SIGSEGV)\n",
        "was killed by signal 11",
    ),
    "closes the channel": (
        "import os\ndef test_one():\n    os.closerange(3, 256)\ndef test_two():\n    pass\n",
        "no result",
    ),
    "writes rubbish into the channel": (
        "import os\ndef test_one():\n"
        "    for fd in range(3, 64):\n"
        '        try: os.write(fd, b\'{"event": "finish", "nonce": "x"}\\n\')\n'
        "        except OSError: pass\n",
        "does not parse",
    ),
    "collects something else the second time": (
        "import random, pytest\n"
        "@pytest.mark.parametrize('x', [random.SystemRandom().random()])\ndef test_one(x):\n    pass\n",
        "no result",
    ),
    "leaves something running in its session": (
        "import threading, time\n"
        "def test_one():\n    threading.Thread(target=time.sleep, args=(60,)).start()\n",
        "deadline of 6 s",
    ),
}


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_suite_that(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tests, said = SABOTAGES[name]
    options = "timeout: 6s" if "session" in name else ""
    root = tiny(tmp_path, tests)
    if options:
        config = root / "lockgate.yml"
        config.write_text(config.read_text().replace("timeout: 60s", options))
    assert_error(run(root, capfd), said)


def assert_error(ran: Ran, said: str) -> None:
    assert (ran.code, ran.status) == (3, "ERROR"), ran.out
    assert said in ran.manifest["verdict"]["reason"], ran.manifest["verdict"]
    assert "ERROR" in ran.last


def test_an_honest_suite_passes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ran = run(tiny(tmp_path, HONEST), capfd)
    assert (ran.code, ran.status) == (0, "PASSED"), ran.out
    assert ran.manifest["stages"]["unit"]["counts"]["executed"] == 2


def test_an_honest_failure_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ran = run(tiny(tmp_path, "def test_one():\n    assert 1 == 2\n"), capfd)
    assert (ran.code, ran.status) == (1, "FAILED")
    assert "assert 1 == 2" in ran.last and "test_one" in ran.last


def test_a_conftest_that_rewrites_the_exit_status(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    hook = "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n"
    ran = run(tiny(tmp_path, "def test_one():\n    assert 1 == 2\n", conftest=hook), capfd)
    assert_error(ran, "status 0")


def test_out_of_memory(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    greedy = "import time\ndef test_one():\n    hoard = b'x' * (700 << 20)\n    time.sleep(30)\n"
    assert_error(run(tiny(tmp_path, greedy, "memory: 300MiB"), capfd), "over its limit of 300 MiB")


def test_past_its_deadline(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root = tiny(tmp_path, "import time\ndef test_one():\n    time.sleep(60)\n")
    config = root / "lockgate.yml"
    config.write_text(config.read_text().replace("60s", "4s"))
    assert_error(run(root, capfd), "deadline of 4 s")


@pytest.mark.parametrize(("body", "code"), [("assert answer() == 42", 0), ("assert answer() == 41", 1)])
def test_a_solution_with_a_package_called_runner_is_judged_right(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], body: str, code: int
) -> None:
    root = tiny(tmp_path, f"from runner import answer\ndef test_one():\n    {body}\n")
    for folder in (root / "src" / "runner", root / "runner"):
        folder.mkdir()
        (folder / "__init__.py").write_text("def answer():\n    return 42\n")
    assert run(root, capfd).code == code
