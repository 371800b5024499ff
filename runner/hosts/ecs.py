"""ECS's side of a stage: the request for its task, what counts as its end, and what it prints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runner.adapters.aws import Aws, AwsError
from runner.config.schema import FargateHost
from runner.errors import InfrastructureError, UsageError
from runner.hosts import Remote
from runner.remote.job import KEY

# ECS: overrides at most 8,192 characters of JSON, clientToken 64, startedBy 128.
OVERRIDES, TOKEN, STARTED_BY = 8_192, 64, 128
# Setting -> the output of infra/task.yml that it is read from.
OUTPUTS = {
    "cluster": "Cluster",
    "task_definition": "TaskDefinition",
    "container": "Container",
    "bucket": "Bucket",
    "log_group": "LogGroup",
    "prepare_role": "PrepareRole",
    "conclude_role": "ConcludeRole",
}


def resolve(settings: FargateHost, aws: Aws | None) -> FargateHost:
    """The settings with what the stack's outputs say where they say nothing. Raises UsageError for what
    is still missing."""
    found = _outputs(settings.stack, aws) if settings.stack and aws else {}
    named = {f: getattr(settings, f) or found.get(output, "") for f, output in OUTPUTS.items()}
    lists = {
        "subnets": settings.subnets or _split(found.get("Subnets", "")),
        "security_groups": settings.security_groups or _split(found.get("SecurityGroups", "")),
    }
    whole = settings.model_copy(update={**named, **lists})
    missing = [f for f in ("cluster", "task_definition", "bucket", "subnets") if not getattr(whole, f)]
    if missing:
        raise UsageError(
            f"hosts.fargate lacks {', '.join(missing)}",
            where="lockgate.yml",
            hint="deploy infra/task.yml and name its stack: hosts: {fargate: {stack: NAME}}",
        )
    return whole


def _outputs(stack: str, aws: Aws) -> dict[str, str]:
    stacks = aws.call("cloudformation", "describe_stacks", StackName=stack)["Stacks"]
    return {o["OutputKey"]: o["OutputValue"] for o in stacks[0].get("Outputs", ())}


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def task_request(
    place: FargateHost, remote: Remote, stage: str, url: str, sha256: str, key: str
) -> dict[str, Any]:
    """The arguments of RunTask; raises InfrastructureError where its limits do not hold them."""
    environment = {KEY: key}
    if remote.target is not None and remote.target.kind == "sandbox":
        environment |= {"LOCKGATE_SANDBOX_URL": remote.target.endpoint, "LOCKGATE_AWS": "0"}
    override = {
        "name": place.container,
        "command": ["task", "stage", "--store", url, "--job", sha256],
        "environment": [{"name": n, "value": v} for n, v in environment.items()],
    }
    overrides = {"containerOverrides": [override]}
    size = len(json.dumps(overrides))
    if size > OVERRIDES:
        raise InfrastructureError(f"the task's overrides have {size} characters, ECS takes {OVERRIDES}")
    token = hashlib.sha256(f"{remote.run_id}\0{stage}\0{remote.part}".encode()).hexdigest()
    network = {
        "subnets": list(place.subnets),
        "securityGroups": list(place.security_groups),
        "assignPublicIp": "ENABLED" if place.public_ip else "DISABLED",
    }
    return {
        "cluster": place.cluster,
        "taskDefinition": place.task_definition,
        "launchType": "FARGATE",
        "count": 1,
        "clientToken": token[:TOKEN],
        "startedBy": f"lockgate-{remote.run_id}"[:STARTED_BY],
        "networkConfiguration": {"awsvpcConfiguration": network},
        "overrides": overrides,
    }


def exit_code(task: dict[str, Any], container: str) -> tuple[int | None, str]:
    """The container's exit status (< 0 for a signal), or None; and why it is no evidence, '' if it is."""
    found = [c for c in task.get("containers", ()) if c.get("name") == container]
    code = found[0].get("exitCode") if found else None
    said = " ".join(str(t) for t in (task.get("stoppedReason"), *(c.get("reason") for c in found)) if t)
    stop = task.get("stopCode") or "no stopCode"
    if task.get("lastStatus") != "STOPPED":
        status = task.get("lastStatus", "MISSING")
        return None, f"ECS does not say that its task stopped ({status}) {said}".strip()
    if stop != "EssentialContainerExited":
        return None, f"its task was stopped: {stop} {said}".strip()
    if not isinstance(code, int) or isinstance(code, bool):
        return None, f"its container has no exit code: {said or stop}"
    return (128 - code if code > 128 else code), ""


@dataclass(slots=True)
class TaskLog:
    """What a task prints, from CloudWatch Logs, a piece at a time; for the eye, so errors are nothing.

    The awslogs driver names the stream PREFIX/CONTAINER/TASK; infra/task.yml's prefix is `lockgate`."""

    aws: Callable[[], Aws]
    place: FargateHost
    arn: str
    token: str = ""

    @property
    def task(self) -> str:
        return self.arn.rpartition("/")[2]

    def news(self) -> list[str]:
        """The lines since the last call."""
        if not self.place.log_group:
            return []
        stream = f"{self.place.log_prefix}/{self.place.container}/{self.task}"
        where = {"logGroupName": self.place.log_group, "logStreamName": stream, "startFromHead": True}
        try:
            told = self.aws().call(
                "logs", "get_log_events", **where, **({"nextToken": self.token} if self.token else {})
            )
        except AwsError:  # not there yet, or not ours to read
            return []
        self.token = str(told.get("nextForwardToken", self.token))
        return [str(event.get("message", "")) for event in told.get("events", ())]
