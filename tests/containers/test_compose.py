"""`docker compose run --rm gate`: the verdict and the digests of the host, without a right or a doubt."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.compose import Project, ended, gate_words
from helpers.containers import UID, docker, hand_over
from helpers.tiny import CONFIG, make_wheel, write_solution
from helpers.whole_runs import LOCK, tiny

pytestmark = pytest.mark.docker

COMMIT = "0123456789" * 4
IGNORED = shutil.ignore_patterns("build", ".lockgate", "__pycache__")


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    """One sandbox for all tests: the second gate finds it healthy."""
    project = Project(f"lockgate-tests-{os.getpid()}")
    yield project
    project.down()


RIGHTS = """
import os, pathlib, pytest

def test_none():
    status = pathlib.Path("/proc/self/status").read_text().splitlines()
    told = dict(line.split(":\\t") for line in status if line.startswith(("Cap", "NoNewPrivs")))
    assert set(told.pop("NoNewPrivs")) == {"1"}
    assert {int(mask, 16) for mask in told.values()} == {0}
    sockets = [p for p in ("/var/run/docker.sock", "/run/docker.sock") if os.path.exists(p)]
    assert sockets == [] and "DOCKER_HOST" not in os.environ
    with pytest.raises(OSError, match="Read-only file system"):
        open("/opt/lockgate/x", "w")
    assert not [name for name in os.environ if name.startswith("AWS_") and "KEY" in name]
    with pytest.raises(PermissionError):
        open("/proc/1/environ", "rb").read()
"""


@pytest.mark.parametrize("uid", [UID, 0])
def test_the_gate_has_no_right_whoever_it_runs_as(project: Project, tmp_path: Path, uid: int) -> None:
    ran = project.gate(hand_over(tiny(tmp_path / "solution", RIGHTS), uid), uid=uid)
    assert (ran.code, ran.status) == (0, "PASSED"), ran.out
    assert (tmp_path / "solution" / ".lockgate").stat().st_uid == uid


def test_the_sandbox_has_no_right_either(project: Project, tmp_path: Path) -> None:
    project.gate(hand_over(tiny(tmp_path / "solution", RIGHTS)), "--entrypoint", "true")
    told = json.loads(docker("inspect", project.sandbox()))[0]
    assert told["State"]["Health"]["Status"] == "healthy"
    assert [m["Destination"] for m in told["Mounts"]] == ["/scratch"]
    assert told["HostConfig"]["PortBindings"] in ({}, None)
    show = "cat /proc/[0-9]*/status; ls /var/run/docker.sock /run/docker.sock; touch /opt/lockgate/x"
    shown = docker("exec", project.sandbox(), "sh", "-c", show, check=False)
    masks = {line.split()[1] for line in shown.splitlines() if line.startswith("Cap")}
    users = {line.split()[1] for line in shown.splitlines() if line.startswith("Uid")}
    assert (masks, users) == ({"0" * 16}, {str(UID)})
    assert shown.count("No such file or directory") == 2 and "Read-only file system" in shown


def test_a_planted_failure_fails(project: Project, tmp_path: Path) -> None:
    ran = project.gate(hand_over(tiny(tmp_path / "solution", "def test_one():\n    assert 6 * 7 == 41\n")))
    assert (ran.code, ran.status) == (1, "FAILED"), ran.out
    assert "test_one: assert (6 * 7) == 41" in ran.out


HOLD = """
import pathlib, time
pathlib.Path("held").touch()
deadline = time.monotonic() + 60
while not pathlib.Path("go").exists() and time.monotonic() < deadline:
    time.sleep(0.1)
pathlib.Path("out").touch()
"""
WHEELS = ("-e", "PIP_FIND_LINKS=/work/wheels")


def with_a_stack(root: Path) -> Path:
    """Two functions and their stack, and a preparation that lasts until there is a file `go`."""
    write_solution(root, make_wheel(root / "wheels"))
    shutil.copy(LOCK, root / "requirements.lock")
    hold = {"hold": {"run": "python hold.py", "outputs": ["out"]}}
    (root / "lockgate.yml").write_text(json.dumps({**CONFIG, "prepare": hold}), encoding="utf-8")
    (root / "hold.py").write_text(HOLD, encoding="utf-8")
    return hand_over(root)


def test_a_sandbox_that_dies_meanwhile_is_an_error(project: Project, tmp_path: Path) -> None:
    solution = with_a_stack(tmp_path / "solution")
    process = project.start(solution, *gate_words(*WHEELS))
    deadline = time.monotonic() + 120
    while not (solution / "held").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    docker("kill", project.sandbox())
    (solution / "go").touch()
    ran = ended(process, solution)
    assert (ran.code, ran.status) == (3, "ERROR"), ran.out
    assert ran.manifest["stages"]["unit"]["status"] == "PASSED"
    assert ran.manifest["stages"]["integration"]["status"] == "ERROR"


def test_no_sandbox_at_all_judges_nothing(project: Project, tmp_path: Path) -> None:
    solution = with_a_stack(tmp_path / "solution")
    ran = project.gate(solution, *WHEELS, "--no-deps", "-e", "LOCKGATE_SANDBOX_URL=http://127.0.0.1:4566")
    assert (ran.code, ran.manifest) == (3, {}), ran.out
    assert "no sandbox answers at http://127.0.0.1:4566" in ran.out


def test_the_gate_does_not_start_beside_a_sandbox_that_is_not_well(tmp_path: Path) -> None:
    override = tmp_path / "unwell.yml"
    check = "healthcheck: {interval: 0.2s, start_period: 0s, retries: 1}"
    override.write_text(
        f"services:\n  sandbox:\n    entrypoint: [sleep, '60']\n    {check}\n", encoding="utf-8"
    )
    solution = hand_over(tiny(tmp_path / "solution", "def test_one():\n    assert True\n"))
    unwell = Project(f"lockgate-tests-unwell-{os.getpid()}", override)
    try:
        ran = unwell.gate(solution)
    finally:
        unwell.down()
    assert ran.code != 0 and "unhealthy" in ran.out
    assert not (solution / ".lockgate").exists()
