"""A compiled state machine runs in a sandbox whose ECS starts real containers: it succeeds only with a
PASSED manifest in S3, and whatever is killed, it fails and leaves none."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from helpers.containers import CA_BUNDLE, docker
from helpers.fargate import BUCKET, HOSTS, Sandbox, served
from helpers.hosts import FAILING, HONEST, LOOK, SLOW
from helpers.whole_runs import tiny

pytestmark = pytest.mark.docker

FAMILY = "lockgate-machine"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """With a definition of tasks that reach the package index as this machine does."""
    with served() as found:
        ecs = found.client("ecs")
        found.define(FAMILY, "lockgate:runner")
        told = ecs.describe_task_definition(taskDefinition=FAMILY)["taskDefinition"]
        [container] = told["containerDefinitions"]
        if CA_BUNDLE.exists():
            told["volumes"].append({"name": "ca", "host": {"sourcePath": str(CA_BUNDLE)}})
            container["mountPoints"].append(
                {"sourceVolume": "ca", "containerPath": "/ca.pem", "readOnly": True}
            )
            container["environment"].append({"name": "PIP_CERT", "value": "/ca.pem"})
        known = (
            "family",
            "networkMode",
            "requiresCompatibilities",
            "cpu",
            "memory",
            "volumes",
            "containerDefinitions",
        )
        ecs.register_task_definition(**{k: told[k] for k in known})
        yield found


@dataclass
class Execution:
    """An execution of a solution's machine, and what lies in its run's place."""

    sandbox: Sandbox
    arn: str
    name: str

    def status(self) -> str:
        found = self.sandbox.client("stepfunctions").describe_execution(executionArn=self.arn)
        return str(found["status"])

    def end(self) -> str:
        """Wait for it; the status."""
        until(lambda: self.status() != "RUNNING", "it does not end")
        return self.status()

    def objects(self) -> list[str]:
        prefix = f"runs/{self.name}/"
        found = self.sandbox.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [o["Key"].removeprefix(prefix) for o in found.get("Contents", ())]

    def log(self) -> str:
        """The last that its tasks printed, and how it ended."""
        logs, lines = self.sandbox.client("logs"), []
        for stream in logs.describe_log_streams(logGroupName="/lockgate")["logStreams"][-4:]:
            name = stream["logStreamName"]
            events = logs.get_log_events(logGroupName="/lockgate", logStreamName=name)["events"]
            lines += [name, *(event["message"] for event in events[-8:])]
        found = self.sandbox.client("stepfunctions").describe_execution(executionArn=self.arn)
        return "\n".join([*lines, str(found.get("error")), str(found.get("cause"))])

    @property
    def manifest(self) -> dict[str, Any]:
        """The one in its place, {} where there is none."""
        if "report/manifest.json" not in self.objects():
            return {}
        key = f"runs/{self.name}/report/manifest.json"
        body = self.sandbox.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return dict(json.loads(body))

    @property
    def verdict(self) -> str:
        return str(self.manifest["verdict"]["status"]) if self.manifest else ""

    def container(self, task: str) -> str:
        """The running container of one of its tasks: prepare, stage or conclude."""
        found: list[str] = []

        def look() -> bool:
            running = docker(
                "ps", "-q", "--no-trunc", f"--filter=label=com.amazonaws.ecs.cluster={self.sandbox.arn}"
            )
            for ident in running.split():
                told = docker("inspect", "--format={{json .Args}}{{json .Config.Cmd}}", ident, check=False)
                if f'"{task}"' in told and self.name in told:
                    found.append(ident)
            return bool(found) or self.status() != "RUNNING"

        until(look, f"no task {task}")
        assert found, f"{task} was over before it was seen"
        return found[0]


def until(look: Callable[[], bool], what: str, seconds: float = 180.0) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def execute(sandbox: Sandbox, root: Path, tests: str, options: str = "", more: str = "") -> Execution:
    config = tiny(root, tests, options) / "lockgate.yml"
    (root / "src/own.py").touch()  # an archive has no empty folders
    text = config.read_text(encoding="utf-8") + more + HOSTS % (sandbox.cluster, FAMILY)
    config.write_text(text, encoding="utf-8")
    name = f"run-{uuid.uuid4().hex[:12]}"
    source = f"lockgate-tiny/Handed/{name}.zip"
    sandbox.client("s3").put_object(Bucket=BUCKET, Key=source, Body=zipped(root))
    machine = sandbox.client("stepfunctions")
    arn = machine.create_state_machine(
        name=f"lockgate-{name}",
        definition=compiled(sandbox, root),
        roleArn="arn:aws:iam::000000000000:role/machine",
    )["stateMachineArn"]
    given = json.dumps({"source": f"s3://{BUCKET}/{source}", "commit": "c" * 40, "branch": "dev"})
    started = machine.start_execution(stateMachineArn=arn, input=given, name=name)
    return Execution(sandbox, started["executionArn"], name)


def compiled(sandbox: Sandbox, root: Path) -> str:
    argv = [sys.executable, "-P", "-m", "runner", "compile", "step-functions", "--solution", str(root)]
    env = {**os.environ, "LOCKGATE_SANDBOX_URL": sandbox.url}
    return subprocess.run(argv, env=env, check=True, capture_output=True, text=True, timeout=60).stdout


def zipped(root: Path) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            archive.write(path, path.relative_to(root).as_posix())
    return data.getvalue()


def test_what_passes_succeeds(sandbox: Sandbox, tmp_path: Path) -> None:
    late = "\n  late: {kind: unit, suites: [suites/unit], needs: [unit]}\n"
    run = execute(sandbox, tmp_path, HONEST, "shards: 2", late)
    assert run.end() == "SUCCEEDED", run.log()
    assert run.verdict == "PASSED"
    assert run.manifest["run_id"] == run.name
    assert run.manifest["source"]["commit"] == "c" * 40
    assert run.manifest["stages"]["unit"]["counts"]["executed"] == 3
    assert run.manifest["stages"]["late"]["status"] == "PASSED"
    left = {name.split("/", 2)[-1] for name in run.objects() if name.startswith("report/")}
    assert {"report.html", "junit/unit.xml", "result.json", "manifest.json"} <= left


def test_a_planted_failure_fails(sandbox: Sandbox, tmp_path: Path) -> None:
    run = execute(sandbox, tmp_path, FAILING)
    assert (run.end(), run.verdict) == ("FAILED", "FAILED"), run.log()
    assert "assert 1 == 2" in run.manifest["verdict"]["reason"]


def test_a_prepare_command_that_fails_is_the_verdict(sandbox: Sandbox, tmp_path: Path) -> None:
    broken = "prepare: {t: {run: 'python -c \"raise SystemExit(7)\"', outputs: [t.csv]}}\n"
    run = execute(sandbox, tmp_path, HONEST, more=broken)
    assert (run.end(), run.verdict) == ("FAILED", "FAILED"), run.log()
    assert run.manifest["stages"]["unit"]["status"] == "SKIPPED"
    assert not any(key.startswith("endings/") for key in run.objects())


def test_a_source_that_is_no_solution_fails_without_a_manifest(sandbox: Sandbox, tmp_path: Path) -> None:
    run = execute(sandbox, tmp_path, HONEST)
    machine = sandbox.client("stepfunctions").describe_execution(executionArn=run.arn)["stateMachineArn"]
    given = {"source": f"s3://{BUCKET}/not/there.zip"}
    other = sandbox.client("stepfunctions").start_execution(
        stateMachineArn=machine, input=json.dumps(given), name=f"{run.name}-b"
    )
    lost = Execution(sandbox, other["executionArn"], f"{run.name}-b")
    assert (lost.end(), lost.manifest) == ("FAILED", {})
    run.end()


def test_a_stage_that_is_killed_is_an_error(sandbox: Sandbox, tmp_path: Path) -> None:
    run = execute(sandbox, tmp_path, SLOW)
    stage = run.container("stage")
    until(lambda: "yes" in docker("exec", stage, "sh", "-c", LOOK, check=False), "its test does not begin")
    docker("kill", stage)
    assert (run.end(), run.verdict) == ("FAILED", "ERROR"), run.log()


@pytest.mark.parametrize("task", ["prepare", "conclude"])
def test_without_its_first_or_last_task_there_is_no_passing_manifest(
    sandbox: Sandbox, tmp_path: Path, task: str
) -> None:
    run = execute(sandbox, tmp_path, HONEST)
    docker("kill", run.container(task))
    assert run.end() == "FAILED"
    assert run.verdict != "PASSED"
