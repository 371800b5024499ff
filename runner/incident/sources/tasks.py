"""Why ECS tasks stopped. Their overrides and environments are left out: they hold what was handed over."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from runner.adapters.aws import Aws
from runner.errors import InfrastructureError
from runner.incident import Incident
from runner.incident.gather import Piece

FILE = "ecs-tasks.jsonl"
AT_ONCE = 100
TASK = ("taskArn", "lastStatus", "desiredStatus", "stopCode", "stoppedReason", "startedAt", "stoppedAt")
CONTAINER = ("name", "lastStatus", "exitCode", "reason", "image", "imageDigest")


def stop_reasons(aws: Aws, incident: Incident) -> Iterator[Piece]:
    """Each task with its containers. Raises InfrastructureError, after the others, for those that ECS no
    longer knows (it forgets a stopped task after an hour)."""
    missing = []
    for cluster, tasks in _by_cluster(incident.tasks).items():
        for first in range(0, len(tasks), AT_ONCE):
            asked = {"tasks": tasks[first : first + AT_ONCE], **({"cluster": cluster} if cluster else {})}
            answer = aws.call("ecs", "describe_tasks", **asked)
            yield from map(_piece, answer.get("tasks", ()))
            missing += [f"{f.get('arn', '')}: {f.get('reason', '')}" for f in answer.get("failures", ())]
    if missing:
        raise InfrastructureError("; ".join(missing))


def _by_cluster(tasks: Sequence[str]) -> dict[str, list[str]]:
    """arn:PARTITION:ecs:REGION:ACCOUNT:task/CLUSTER/ID; an old ARN, or an id, is the default cluster's."""
    found: dict[str, list[str]] = {}
    for task in tasks:
        parts = task.rpartition(":")[2].split("/")
        found.setdefault(parts[1] if len(parts) == 3 else "", []).append(task)
    return found


def _piece(task: Mapping[str, Any]) -> Piece:
    value = _chosen(task, TASK)
    value["containers"] = [_chosen(container, CONTAINER) for container in task.get("containers", ())]
    return Piece(FILE, value, len(json.dumps(value)))


def _chosen(told: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    chosen = {name: told[name] for name in names if name in told}
    return {n: v.isoformat() if isinstance(v, datetime) else v for n, v in chosen.items()}
