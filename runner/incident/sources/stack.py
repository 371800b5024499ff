"""CloudFormation's events of the stack and of the stacks nested in it, oldest first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from runner.adapters.aws import Aws
from runner.incident import Incident
from runner.incident.gather import Piece

FILE = "stack-events.jsonl"
NESTED = 20
BEFORE = timedelta(minutes=1)  # clocks differ
KEPT = ("StackName", "LogicalResourceId", "ResourceType", "ResourceStatus", "ResourceStatusReason")


def stack_events(aws: Aws, incident: Incident) -> Iterator[Piece]:
    """Every event of the window. Raises AwsError."""
    todo, seen = [incident.stack], {incident.stack}
    while todo:
        events = aws.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=todo.pop(0))
        for event in reversed(events):
            nested = _nested(event)
            if nested and nested not in seen and len(seen) < NESTED:
                seen.add(nested)
                todo.append(nested)
            if event["Timestamp"] >= incident.start - BEFORE:
                yield _piece(event)


def _nested(event: Mapping[str, Any]) -> str:
    physical = str(event.get("PhysicalResourceId", ""))
    is_other = event["ResourceType"] == "AWS::CloudFormation::Stack" and physical != event["StackId"]
    return physical if is_other else ""


def _piece(event: Mapping[str, Any]) -> Piece:
    value = {"time": event["Timestamp"].isoformat(), **{k: event[k] for k in KEPT if event.get(k)}}
    value["physical"] = event.get("PhysicalResourceId", "")
    return Piece(FILE, value, len(json.dumps(value)))
