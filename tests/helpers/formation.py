"""CloudFormation with one stack that lives on, in memory; each call is held against botocore's model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from helpers.answering import answering, refusal

from runner.release.stack import LivingStack
from runner.stages.stack_deploy import StackPlan, Stacks

ID = "arn:aws:cloudformation:us-east-1:000000000000:stack/s/1"
BODY = '{"Resources": {}}'
NOW = "2026-11-23T12:00:00Z"


def plan(body: str = BODY, **given: str) -> StackPlan:
    return StackPlan("s", body, given, {})


def change(name: str, action: str, kind: str, **more: str) -> dict[str, Any]:
    told = {"Action": action, "LogicalResourceId": name, "ResourceType": kind, "Details": [], "Scope": []}
    return {"Type": "Resource", "ResourceChange": {**told, **more}}


@dataclass
class Formation:
    """CloudFormation with one stack: its statuses in the order in which it will say them (the last stays),
    what a change set says, and how executing ends."""

    statuses: list[str] = field(default_factory=lambda: ["UPDATE_COMPLETE"])
    template: str = '{"Resources": {"Old": {}}}'
    given: dict[str, str] = field(default_factory=dict)
    changes: Sequence[dict[str, Any]] = ()
    reason: str = ""
    ends: tuple[str, ...] = ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    sets: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refuses: dict[str, ClientError] = field(default_factory=dict)

    def living(self, *allowed: str, timeout: float = 5.0) -> LivingStack:
        names = (
            "describe_stacks", "get_template", "create_change_set", "describe_change_set",
            "execute_change_set", "delete_change_set", "describe_stack_events", "continue_update_rollback",
            "delete_stack",
        )  # fmt: skip
        self.aws, self.calls = answering(cloudformation={name: self._asked(name) for name in names})
        self.shown: list[str] = []
        stacks = Stacks(self.aws, 0.0, timeout, lambda line: None)
        return LivingStack(stacks, "s", "release1", self.shown.extend, frozenset(allowed))

    def _asked(self, name: str) -> Callable[..., dict[str, Any]]:
        def call(**request: Any) -> dict[str, Any]:
            self.requests.append((name, request))
            if name in self.refuses:
                raise self.refuses.pop(name)
            return getattr(self, f"on_{name}")(request)

        return call

    def names(self) -> list[str]:
        reads = ("describe_stacks", "get_template", "describe_change_set", "describe_stack_events")
        return [name for name, _ in self.requests if name not in reads]

    def on_describe_stacks(self, request: Any) -> dict[str, Any]:
        if not self.statuses:
            raise refusal("ValidationError", "Stack with id s does not exist")
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        given = [{"ParameterKey": k, "ParameterValue": v} for k, v in self.given.items()]
        told = {"StackId": ID, "StackName": "s", "StackStatus": status, "CreationTime": NOW}
        return {"Stacks": [{**told, "Parameters": given}]}

    def on_get_template(self, request: Any) -> dict[str, Any]:
        return {"TemplateBody": self.template}

    def on_create_change_set(self, request: Any) -> dict[str, Any]:
        name = request["ChangeSetName"]
        if name in self.sets:
            raise refusal("AlreadyExistsException", "there is one")
        failed = {"Status": "FAILED", "StatusReason": self.reason}
        self.sets[name] = failed if self.reason else {"Status": "CREATE_COMPLETE"}
        self.sets[name] |= {"ExecutionStatus": "AVAILABLE", "Request": request}
        return {"Id": f"{ID}/{name}"}

    def on_describe_change_set(self, request: Any) -> dict[str, Any]:
        told = {k: v for k, v in self.sets[request["ChangeSetName"]].items() if k != "Request"}
        return {**told, "Changes": list(self.changes)}

    def on_execute_change_set(self, request: Any) -> dict[str, Any]:
        found = self.sets[request["ChangeSetName"]]
        if found["ExecutionStatus"] != "AVAILABLE":
            raise refusal("InvalidChangeSetStatus", "it was executed")
        found["ExecutionStatus"] = "EXECUTE_COMPLETE"
        self.statuses = list(self.ends)
        if self.ends[-1].endswith("E_COMPLETE"):
            self.template = found["Request"]["TemplateBody"]
        return {}

    def on_delete_change_set(self, request: Any) -> dict[str, Any]:
        del self.sets[request["ChangeSetName"]]
        return {}

    def on_describe_stack_events(self, request: Any) -> dict[str, Any]:
        return {"StackEvents": self.events}

    def on_continue_update_rollback(self, request: Any) -> dict[str, Any]:
        self.statuses = ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]
        return {}
