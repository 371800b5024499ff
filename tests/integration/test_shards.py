"""`lockgate run` with shards on this machine: real processes, the verdict of one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.whole_runs import Ran, run, tiny

pytestmark = pytest.mark.integration

# Each test leaves who ran it, and the first takes longest.
HONEST = """
import os, pathlib, pytest, time

@pytest.mark.parametrize("n", range(7))
def test_it(n):
    with open("ran", "a") as sink:
        sink.write(f"{n} {os.getppid()}\\n")
    time.sleep(0.4 if n == 0 else 0.0)
    assert n != 99
"""
FAILING = HONEST.replace("n != 99", "n != 5")


def checks(ran: Ran) -> list[tuple[str, str]]:
    result = json.loads((ran.folder / "stages/unit/result.json").read_bytes())
    return [(c["id"], c["status"]) for c in result["checks"]]


def stage(ran: Ran) -> dict[str, Any]:
    found: dict[str, Any] = ran.manifest["stages"]["unit"]
    return found


def workers(root: Path) -> dict[str, set[str]]:
    """Who ran what: process -> tests."""
    found: dict[str, set[str]] = {}
    for line in (root / "ran").read_text().splitlines():
        test, process = line.split()
        found.setdefault(process, set()).add(test)
    return found


@pytest.mark.parametrize(("tests", "code", "status"), [(HONEST, 0, "PASSED"), (FAILING, 1, "FAILED")])
def test_three_shards_judge_as_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], tests: str, code: int, status: str
) -> None:
    alone = run(tiny(tmp_path / "one", tests), capfd)
    root = tiny(tmp_path / "three", tests, "shards: 3")
    sharded = run(root, capfd)
    assert (sharded.code, sharded.status) == (alone.code, alone.status) == (code, status), sharded.out
    assert checks(sharded) == checks(alone)
    assert stage(sharded)["counts"] == stage(alone)["counts"]
    assert sharded.manifest["judged"] == alone.manifest["judged"]
    assert sharded.manifest["verdict"] == alone.manifest["verdict"]
    by = workers(root)
    assert len(by) == 3
    assert sorted(t for tests in by.values() for t in tests) == sorted(map(str, range(7)))


def test_what_was_timed_cuts_the_next_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root = tiny(tmp_path, HONEST, "shards: 2")
    assert run(root, capfd).code == 0
    recorded = json.loads((root / ".lockgate/durations.json").read_bytes())["unit"]
    assert len(recorded) == 7 and recorded["suites/unit/test_it.py::test_it[0]"] > 0.3
    (root / "ran").unlink()
    time.sleep(1.1)  # runs are named by the second
    assert run(root, capfd).code == 0
    assert {"0"} in workers(root).values(), "the slow one shares its shard"


KILLS = """
import os, pathlib, signal, time
def test_a():
    pass
def test_b():
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(5)
def test_c():
    pass
"""


def test_a_shard_whose_process_is_killed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ran = run(tiny(tmp_path, KILLS, "shards: 3"), capfd)
    assert (ran.code, ran.status) == (3, "ERROR"), ran.out
    assert "shard 2 of 3: killed by signal 9" in ran.manifest["verdict"]["reason"]
    assert [i.rpartition("::")[2] for i, status in checks(ran) if status == "PASSED"] == ["test_a", "test_c"]


def test_more_shards_than_tests(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ran = run(tiny(tmp_path, "def test_a():\n    pass\n", "shards: 3"), capfd)
    assert (ran.code, ran.status) == (3, "ERROR"), ran.out
    reason = ran.manifest["verdict"]["reason"]
    assert "3 shards for 1 tests" in reason and "fewer shards than tests" in reason


def test_what_cannot_be_collected_is_told_as_without_shards(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """More shards than tests is then not what is wrong."""
    alone = run(tiny(tmp_path / "one", "import nowhere\n"), capfd)
    sharded = run(tiny(tmp_path / "three", "import nowhere\n", "shards: 3"), capfd)
    assert (sharded.code, sharded.manifest["verdict"]) == (alone.code, alone.manifest["verdict"])
    assert "nowhere" in sharded.manifest["verdict"]["reason"]


LEFT_OUT = """
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "_b" not in item.name]
"""


def test_what_a_conftest_leaves_out_is_skipped_as_without_shards(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also where it is all that a shard has."""
    tests = "def test_a():\n    pass\ndef test_b():\n    pass\n"
    alone = run(tiny(tmp_path / "one", tests, conftest=LEFT_OUT), capfd)
    sharded = run(tiny(tmp_path / "two", tests, "shards: 2", LEFT_OUT), capfd)
    assert (alone.code, sharded.code) == (0, 0), sharded.out
    assert checks(sharded) == checks(alone)


ADDED = """
import copy
def pytest_collection_modifyitems(session, items):
    import pytest
    def added():
        open("added", "a").write("x")
    items.append(pytest.Function.from_parent(items[0].parent, name="test_added", callobj=added))
"""


@pytest.mark.parametrize("shards", [1, 2])
def test_what_a_conftest_adds_is_run(tmp_path: Path, capfd: pytest.CaptureFixture[str], shards: int) -> None:
    root = tiny(tmp_path, "def test_a():\n    pass\n", f"shards: {shards}", ADDED)
    ran = run(root, capfd)
    assert (ran.code, len(checks(ran))) == (0, 2), ran.out
    assert (root / "added").read_text() == "x"


def test_each_shards_log_is_in_the_stages(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ran = run(tiny(tmp_path, HONEST, "shards: 2"), capfd)
    log = (ran.folder / "stages/unit/stage.log").read_text()
    assert "==> shard-1-of-2 <==" in log and "==> shard-2-of-2 <==" in log
