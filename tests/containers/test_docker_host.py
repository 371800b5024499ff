"""`lockgate run --on docker` with a real engine: the verdict of the host, and an ERROR for whatever kills
its container. The network is the machine's own: how the package index is reached is not under test."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.containers import docker
from helpers.hosts import FAILING, HONEST, PROBES, SLOW, Run, begun, containers
from helpers.whole_runs import tiny

pytestmark = pytest.mark.docker

HOSTS = "hosts: {docker: {image: %s, network: host, cache: lockgate-tests-docker}}\n"


def solution(root: Path, tests: str, options: str = "", image: str = "lockgate:runner") -> Path:
    tiny(root, tests, options)
    with (root / "lockgate.yml").open("a", encoding="utf-8") as config:
        config.write(HOSTS % image)
    return root


def on_docker(root: Path, tests: str, options: str = "", image: str = "lockgate:runner") -> Run:
    return Run(solution(root, tests, options, image), "docker")


def of(run: Run) -> list[str]:
    return containers(f"label=lockgate.run={run.id}")


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Run]:
    """A run whose test is under way; whatever it started is gone afterwards."""
    run = on_docker(tmp_path, SLOW)
    yield run
    run.process.kill()
    for container in of(run):
        docker("rm", "-f", "-v", container)


def test_it_passes_and_leaves_no_container(tmp_path: Path) -> None:
    run = on_docker(tmp_path, HONEST)
    run.assert_verdict(0, "PASSED")
    assert run.manifest["stages"]["unit"]["counts"]["executed"] == 3
    assert of(run) == []
    assert run.stage("stage.log").is_file() and run.stage("container.log").is_file()


def test_a_planted_failure_in_shards_fails(tmp_path: Path) -> None:
    run = on_docker(tmp_path, FAILING, "shards: 2")
    run.assert_verdict(1, "FAILED", "assert 1 == 2")
    counts = run.manifest["stages"]["unit"]["counts"]
    assert (counts["executed"], counts["passed"]) == (4, 3)


def test_tests_find_no_key_no_socket_and_no_rights(tmp_path: Path) -> None:
    new = (
        "\ndef test_no_new_privileges():\n    assert 'NoNewPrivs:\\t1' in open('/proc/self/status').read()\n"
    )
    run = on_docker(tmp_path, PROBES + new)
    run.assert_verdict(0, "PASSED")


# Endings that a test makes up: before the agent leaves its own, or over it.
FORGE = """
import json, pathlib
def test_forge():
    place = pathlib.Path("/scratch/store/endings/unit.json")
    %s
    assert False
"""
FORGED = {
    "an ending": ("place.write_text(json.dumps({'told': '{}', 'mac': 'x'}))", "not sealed"),
    "rubbish": ("place.write_text('[' * 90000)", "cannot be read"),
    "a folder in its place": ("place.mkdir()", "no ending was left"),
    "a link in its place": ("place.symlink_to('/etc/passwd')", "no ending was left"),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged(tmp_path: Path, name: str) -> None:
    act, said = FORGED[name]
    run = on_docker(tmp_path, FORGE % act)
    run.assert_verdict(3, "ERROR", said)


def test_a_link_to_a_folder_brings_nothing_home(tmp_path: Path) -> None:
    """The agent may read what the tests may not; it follows no link that they left."""
    link = (
        "import os, pathlib\ndef test_link():\n"
        "    out = pathlib.Path(os.environ['LOCKGATE_CONTEXT']).parent\n"
        "    (out / 'all').symlink_to('/etc')\n    (out / 'own').symlink_to('/proc/self/environ')\n"
    )
    run = on_docker(tmp_path, link)
    run.assert_verdict(0, "PASSED")
    assert not run.stage("all").exists() and not run.stage("own").exists()


# Killed.


@pytest.mark.parametrize(("number", "said"), [("KILL", "killed by signal 9"), ("TERM", "interrupted")])
def test_a_container_that_is_killed(slow: Run, number: str, said: str) -> None:
    docker("kill", f"--signal={number}", begun(slow, lambda: of(slow)))
    slow.assert_verdict(3, "ERROR", said)
    assert of(slow) == []
    if number == "TERM":  # what there was came back
        assert slow.stage("stage.log").is_file() and slow.stage("result.json").is_file()


def test_a_container_that_is_removed(slow: Run) -> None:
    docker("rm", "-f", begun(slow, lambda: of(slow)))
    slow.assert_verdict(3, "ERROR", "did somebody remove it?")


def test_a_container_that_is_out_of_memory(tmp_path: Path) -> None:
    greedy = SLOW.replace("time.sleep(90)", "time.sleep(3)\n    hoard = b'x' * (3 << 30)")
    run = on_docker(tmp_path, greedy)
    docker("update", "--memory=300m", "--memory-swap=300m", begun(run, lambda: of(run)))
    run.assert_verdict(3, "ERROR", "its container was out of memory")


def test_its_deadline(tmp_path: Path) -> None:
    root = solution(tmp_path, SLOW)
    config = root / "lockgate.yml"
    config.write_text(config.read_text().replace("timeout: 60s", "timeout: 3s"))
    Run(root, "docker").assert_verdict(3, "ERROR", "deadline of 3 s")


def test_sigterm_to_who_started_it_stops_it(slow: Run) -> None:
    begun(slow, lambda: of(slow))
    os.kill(slow.process.pid, signal.SIGTERM)
    slow.assert_verdict(130, "ERROR", "interrupted")
    assert of(slow) == []


def test_sigkill_to_who_started_it_leaves_no_verdict(slow: Run) -> None:
    begun(slow, lambda: of(slow))
    slow.process.kill()
    assert slow.end() == -signal.SIGKILL
    assert slow.manifest == {}


# Never started, or somebody else's.


@pytest.fixture(scope="module")
def silent() -> Iterator[str]:
    """An image like ours that ends at once, with status 0."""
    made = docker("create", "lockgate:runner").strip()
    docker("commit", "--change", 'ENTRYPOINT ["true"]', made, "lockgate-tests:silent")
    docker("rm", "-v", made)
    yield "lockgate-tests:silent"
    docker("rmi", "lockgate-tests:silent")


def test_an_image_that_ends_at_once_with_status_0(tmp_path: Path, silent: str) -> None:
    run = on_docker(tmp_path, HONEST, image=silent)
    run.assert_verdict(3, "ERROR", "exit status 0, but no report")


def assert_refused(run: Run, said: str) -> None:
    """Found out before anything is built: there is no verdict, and nobody is told of one."""
    assert run.end() == 3, run.out
    assert said in run.out
    assert run.manifest == {}


def test_an_image_that_is_not_there(tmp_path: Path) -> None:
    assert_refused(on_docker(tmp_path, HONEST, image="lockgate-tests:none"), "there is no such image")


def test_no_engine(tmp_path: Path) -> None:
    run = Run(solution(tmp_path, HONEST), "docker", {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    assert_refused(run, "is a Docker engine running")
