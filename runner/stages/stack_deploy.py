"""A test stack's life: created by a change set, watched, and removed to the last resource."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.adapters.aws import Aws, AwsError
from runner.adapters.output import say
from runner.errors import InfrastructureError, SolutionError

NAME_LIMIT = 128
CHANGE_SET = "lockgate"
INLINE_LIMIT = 51_200
# Reasons of a failed resource that say nothing about the template: the world's fault, not its.
NOT_AT_FAULT = re.compile(
    r"Rate exceeded|Throttl|Limit ?Exceeded|not authorized|AccessDenied|Internal ?(Failure|Error)"
    r"|ServiceUnavailable|security token",
    re.I,
)
KNOCK_ON = re.compile(r"cancelled", re.I)
# With one of these, told of the stack itself, a change of it begins.
BEGUN = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS", "DELETE_IN_PROGRESS")


class StackFailed(SolutionError):
    """The deployment failed through the template's or the code's fault."""


@dataclass(frozen=True, slots=True)
class StackPlan:
    """What is deployed. `template_url` stands for a body that is too large to send; `role` is what
    CloudFormation makes the stack as, '' for the caller's own rights."""

    name: str
    body: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    template_url: str = ""
    role: str = ""

    def request(self) -> dict[str, Any]:
        """The arguments that CreateChangeSet takes for it."""
        source = {"TemplateURL": self.template_url} if self.template_url else {"TemplateBody": self.body}
        return {
            "StackName": self.name,
            "Parameters": [
                {"ParameterKey": k, "ParameterValue": v} for k, v in sorted(self.parameters.items())
            ],
            "Tags": [{"Key": k, "Value": v} for k, v in sorted(self.tags.items())],
            "Capabilities": ["CAPABILITY_NAMED_IAM", *self._expanding()],
            **source,
            **({"RoleARN": self.role} if self.role else {}),
        }

    def _expanding(self) -> list[str]:
        """What a template with a macro (SAM's, an include) wants to be allowed."""
        return ["CAPABILITY_AUTO_EXPAND"] if "Transform" in self.body else []


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a stack: its name in the template, type, physical id and last status."""

    name: str
    kind: str
    physical: str
    status: str

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"


@dataclass(frozen=True, slots=True)
class Stacks:
    """CloudFormation, with waiting. `poll` and `timeout` are seconds; `say` shows a line of progress."""

    aws: Aws
    poll: float = 5.0
    timeout: float = 900.0
    say: Callable[[str], None] = field(default=lambda line: say(sys.stderr, line))
    tick: Callable[[], None] = lambda: None  # called while waiting; what it raises ends the wait

    def deploy(self, plan: StackPlan) -> dict[str, str]:
        """Create the stack and return its outputs.

        Raises StackFailed with the first failed resource and its reason, InfrastructureError where
        the world is at fault or the time is up. Either may leave a stack behind: `remove` it."""
        self._create_change_set(plan)
        self._call("execute_change_set", StackName=plan.name, ChangeSetName=CHANGE_SET)
        status = self.settled(plan.name, told=set())
        if status != "CREATE_COMPLETE":
            raise self.failure(plan.name, status)
        stack = self.describe(plan.name) or {}
        return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", ())}

    def describe(self, name: str) -> dict[str, Any] | None:
        """A stack by name or id; None where there is none."""
        try:
            stacks = self._call("describe_stacks", StackName=name)["Stacks"]
        except AwsError as error:
            if error.code == "ValidationError" and "does not exist" in error.what:
                return None
            raise
        return stacks[0] if stacks else None

    def resources(self, stack_id: str) -> list[Resource]:
        """Every resource that the stack has ever had, as its events tell: a listing of the stack
        forgets what a rollback left behind on purpose."""
        found: dict[tuple[str, str], Resource] = {}
        for event in self._events(stack_id):
            kind, physical = event["ResourceType"], event.get("PhysicalResourceId", "")
            if physical and physical != stack_id:
                name, status = event["LogicalResourceId"], event["ResourceStatus"]
                found[kind, physical] = Resource(name, kind, physical, status)
        return list(found.values())

    def delete(self, stack_id: str) -> str:
        """Delete a stack and wait; '' or the reason why it is still there."""
        self._call("delete_stack", StackName=stack_id)
        status = self.settled(stack_id, told=None)
        if status == "DELETE_COMPLETE":
            return ""
        return f"{status}: {self._first_failure(stack_id) or 'no reason was given'}"

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return self.aws.call("cloudformation", operation, **arguments)

    def _create_change_set(self, plan: StackPlan) -> None:
        try:
            self._call(
                "create_change_set", ChangeSetName=CHANGE_SET, ChangeSetType="CREATE", **plan.request()
            )
        except AwsError as error:
            if error.code in ("ValidationError", "InsufficientCapabilitiesException"):
                raise StackFailed(f"the template is refused: {error.what}") from error
            raise
        told: dict[str, Any] = {}

        def ready() -> bool:
            told.update(self._call("describe_change_set", StackName=plan.name, ChangeSetName=CHANGE_SET))
            return str(told["Status"]) not in ("CREATE_PENDING", "CREATE_IN_PROGRESS")

        self.wait(ready, f"the change set of {plan.name}")
        if told["Status"] != "CREATE_COMPLETE":
            raise self._judged(f"the template is refused: {told.get('StatusReason', told['Status'])}")

    def settled(self, name: str, told: set[str] | None) -> str:
        """The status at which the stack rests; a stack that is gone rests at DELETE_COMPLETE."""
        status = ""

        def rests() -> bool:
            nonlocal status
            stack = self.describe(name)
            status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
            if told is not None and stack:
                self._tell(name, told)
            return not status.endswith("_IN_PROGRESS")

        self.wait(rests, f"stack {name}")
        return status

    def wait(self, ready: Callable[[], bool], what: str) -> None:
        """Until `ready` says so; raises InfrastructureError where that takes longer than `timeout`."""
        deadline = time.monotonic() + self.timeout
        while not ready():
            if time.monotonic() > deadline:
                raise InfrastructureError(f"{what} did not settle within {self.timeout:.0f} s", where=what)
            self.tick()
            time.sleep(self.poll)

    def _events(self, name: str) -> list[dict[str, Any]]:
        """Oldest first."""
        events = self.aws.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=name)
        return events[::-1]  # CloudFormation tells the newest first

    def _tell(self, name: str, told: set[str]) -> None:
        for event in self._events(name):
            if event["EventId"] not in told:
                told.add(event["EventId"])
                reason = event.get("ResourceStatusReason", "")
                self.say(f"{event['LogicalResourceId']} {event['ResourceStatus']} {reason}".rstrip())

    def _first_failure(self, name: str) -> str:
        """The first resource that failed of itself since the stack was last begun with, and why."""
        for event in _since_begun(self._events(name)):
            reason = str(event.get("ResourceStatusReason", ""))
            if event["ResourceStatus"].endswith("_FAILED") and not KNOCK_ON.search(reason):
                return f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"
        return ""

    def failure(self, name: str, status: str) -> Exception:
        """Why a stack rests at a status that is no success: StackFailed, or InfrastructureError where the
        world is at fault."""
        why = self._first_failure(name) or str((self.describe(name) or {}).get("StackStatusReason", ""))
        return self._judged(why or f"it ended as {status} and gave no reason")

    def _judged(self, why: str) -> Exception:
        kind = InfrastructureError if NOT_AT_FAULT.search(why) else StackFailed
        return kind(" ".join(why.split()))


def _since_begun(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events of the stack's last change, oldest first as they are given: a stack that lives on tells
    those of all before it, too."""
    begun = (
        place
        for place, event in enumerate(events)
        if event["ResourceStatus"] in BEGUN and event.get("PhysicalResourceId") == event.get("StackId")
    )
    return events[max(begun, default=0) :]


def stack_name(solution: str, run_id: str) -> str:
    """The name of a run's test stack: SOLUTION-test-RUN, within CloudFormation's letters and length."""
    run = re.sub(r"[^A-Za-z0-9]+", "-", run_id).strip("-")
    return f"{solution[: NAME_LIMIT - len(run) - 6]}-test-{run}"[:NAME_LIMIT]
