"""`lockgate run --on fargate` against a sandbox whose ECS starts real containers: the verdict of the host,
and an ERROR for whatever ends a task. Its network is the machine's own, where the sandbox is."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.containers import docker
from helpers.fargate import BUCKET, HOSTS, Sandbox, served
from helpers.hosts import FAILING, HONEST, PROBES, SLOW, Run, begun, containers, until
from helpers.whole_runs import tiny

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with served() as found:
        yield found


def on_fargate(
    sandbox: Sandbox,
    root: Path,
    tests: str,
    options: str = "",
    family: str = "lockgate",
    timeout: str = "60s",
) -> Run:
    config = tiny(root, tests, options) / "lockgate.yml"
    text = config.read_text(encoding="utf-8").replace("timeout: 60s", f"timeout: {timeout}")
    config.write_text(text + HOSTS % (sandbox.cluster, family), encoding="utf-8")
    return Run(root, "fargate", {"LOCKGATE_SANDBOX_URL": sandbox.url})


@pytest.fixture
def slow(sandbox: Sandbox, tmp_path: Path) -> Iterator[Run]:
    """A run whose test is under way in a task; whatever it started is gone afterwards."""
    run = on_fargate(sandbox, tmp_path, SLOW)
    yield run
    run.process.kill()
    for container in sandbox.tasks():
        docker("rm", "-f", "-v", container, check=False)


def assert_error(run: Run, sandbox: Sandbox, said: str, code: int = 3) -> None:
    run.assert_verdict(code, "ERROR", said)
    assert not [key for key in sandbox.objects(run) if "manifest" in key]


def test_it_passes_and_its_result_came_from_s3(sandbox: Sandbox, tmp_path: Path) -> None:
    run = on_fargate(sandbox, tmp_path, HONEST)
    run.assert_verdict(0, "PASSED")
    assert run.manifest["stages"]["unit"]["counts"]["executed"] == 3
    assert {key.split("/")[0] for key in sandbox.objects(run)} == {"blobs", "endings", "results"}
    assert "task " in run.out and "stopped" in run.out


def test_a_planted_failure_in_shards_fails(sandbox: Sandbox, tmp_path: Path) -> None:
    run = on_fargate(sandbox, tmp_path, FAILING, "shards: 2")
    run.assert_verdict(1, "FAILED", "assert 1 == 2")
    counts = run.manifest["stages"]["unit"]["counts"]
    assert (counts["executed"], counts["passed"]) == (4, 3)
    endings = [k for k in sandbox.objects(run) if k.startswith("endings/")]
    assert endings == ["endings/unit.1-of-2.json", "endings/unit.2-of-2.json"]


def test_tests_find_no_key_no_credentials_and_no_socket(sandbox: Sandbox, tmp_path: Path) -> None:
    on_fargate(sandbox, tmp_path, PROBES).assert_verdict(0, "PASSED")


# Killed.


@pytest.mark.parametrize("number", ["KILL", "TERM"])
def test_a_container_that_is_killed(sandbox: Sandbox, slow: Run, number: str) -> None:
    docker("kill", f"--signal={number}", begun(slow, sandbox.tasks))
    assert_error(slow, sandbox, "killed by signal 9" if number == "KILL" else "interrupted")
    if number == "TERM":  # what there was came back
        assert slow.stage("stage.log").is_file() and slow.stage("result.json").is_file()


# A container that is removed has no test here: the sandbox then shows its task as RUNNING for ever, which
# Fargate, where nobody can remove one, does not. That a task has a deadline: tests/unit/hosts/.


def test_a_task_that_somebody_stops(sandbox: Sandbox, slow: Run) -> None:
    begun(slow, sandbox.tasks)
    ecs = sandbox.client("ecs")
    [task] = sandbox.running(slow)
    ecs.stop_task(cluster=sandbox.cluster, task=task, reason="a hand slipped")
    assert_error(slow, sandbox, "UserInitiated")
    assert "a hand slipped" in slow.manifest["verdict"]["reason"]


def test_its_deadline(sandbox: Sandbox, tmp_path: Path) -> None:
    assert_error(on_fargate(sandbox, tmp_path, SLOW, timeout=3), sandbox, "deadline of 3 s")


def test_sigterm_to_who_started_it_stops_the_task(sandbox: Sandbox, slow: Run) -> None:
    begun(slow, sandbox.tasks)
    os.kill(slow.process.pid, signal.SIGTERM)
    assert_error(slow, sandbox, "interrupted", 130)
    assert sandbox.running(slow) == []
    assert gone(sandbox)


def gone(sandbox: Sandbox) -> bool:
    """The sandbox removes a container a moment after it has said that its task stopped."""
    deadline = time.monotonic() + 15
    while containers(f"label=com.amazonaws.ecs.cluster={sandbox.arn}", "status=running"):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def test_sigkill_to_who_started_it_leaves_no_verdict(sandbox: Sandbox, slow: Run) -> None:
    begun(slow, sandbox.tasks)
    slow.process.kill()
    assert slow.end() == -signal.SIGKILL
    assert slow.manifest == {}
    assert not [key for key in sandbox.objects(slow) if "manifest" in key]


# Another's evidence, or none.


def test_an_ending_of_another_run_is_not_believed(sandbox: Sandbox, tmp_path: Path) -> None:
    passed = on_fargate(sandbox, tmp_path / "passed", HONEST)
    passed.assert_verdict(0, "PASSED")
    run = on_fargate(sandbox, tmp_path / "failing", "import time\n" + FAILING + "    time.sleep(5)\n")
    until(lambda: "yes" if sandbox.objects(run) else "", run)
    source = {"Bucket": BUCKET, "Key": f"runs/{passed.id}/endings/unit.json"}
    target = f"runs/{run.id}/endings/unit.json"
    sandbox.client("s3").copy_object(CopySource=source, Bucket=BUCKET, Key=target)
    assert_error(run, sandbox, "not sealed with this run's key")


@pytest.fixture(scope="module")
def silent(sandbox: Sandbox) -> Iterator[str]:
    """A task definition whose image ends at once, with status 0."""
    made = docker("create", "lockgate:runner").strip()
    docker("commit", "--change", 'ENTRYPOINT ["true"]', made, "lockgate-tests:quiet")
    docker("rm", "-v", made)
    sandbox.define("quiet", "lockgate-tests:quiet")
    yield "quiet"
    docker("rmi", "-f", "lockgate-tests:quiet", check=False)


def test_an_image_that_ends_at_once_with_status_0(sandbox: Sandbox, tmp_path: Path, silent: str) -> None:
    run = on_fargate(sandbox, tmp_path, HONEST, family=silent)
    assert_error(run, sandbox, "exit status 0, but no report")


def test_an_image_that_is_not_there(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.define("none", "lockgate-tests:none")
    run = on_fargate(sandbox, tmp_path, HONEST, family="none")
    assert_error(run, sandbox, "TaskFailedToStart")


def test_a_task_definition_that_is_not_there(sandbox: Sandbox, tmp_path: Path) -> None:
    run = on_fargate(sandbox, tmp_path, HONEST, family="nothing")
    assert_error(run, sandbox, "ecs:run_task")
