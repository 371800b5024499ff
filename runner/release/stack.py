"""A stack that lives on: brought to a template by a change set, and out of whatever state it was left in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from runner.adapters.aws import AwsError
from runner.errors import InfrastructureError, RefusedError
from runner.release.stateful import refused
from runner.release.words import NESTED, nested_sets, with_nested, words
from runner.stages.stack_deploy import StackFailed, StackPlan, Stacks

GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
BACK = ("UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE")
STUCK = ("UPDATE_ROLLBACK_FAILED",)
# What a first creation that failed leaves: it cannot be updated, and has never served anything.
STILLBORN = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
DENIED = ("AccessDenied", "AccessDeniedException")
EMPTY = "REVIEW_IN_PROGRESS"  # only its first change set exists
NO_CHANGE = ("didn't contain changes", "No updates are to be performed")
# What executing a change set says where it was executed already, or cannot be any more.
STARTED = ("InvalidChangeSetStatus", "ChangeSetNotFound", "TokenAlreadyExistsException")
UNUSED = ("OBSOLETE", "UNAVAILABLE")
BEGINS = 60.0  # seconds until an execution shows
PENDING = ("CREATE_PENDING", "CREATE_IN_PROGRESS")
MASKED = "****"  # the value of a parameter marked NoEcho, as CloudFormation shows it
Shown = Callable[[list[str]], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """A stack as it rests: its status, its template as it was sent (one in JSON as data), its parameters."""

    status: str
    template: Any
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    def is_at(self, plan: StackPlan) -> bool:
        """Whether nothing would change: the same template, the same values, no failure in between.

        Of a value that is not shown only CloudFormation can say that, by a change set."""
        return self.status in (*GOOD, *BACK) and self.has(plan) and not self.masked

    def has(self, plan: StackPlan) -> bool:
        """Whether its template and the values given to it are a plan's; after a rollback, the older one's.

        A value that is not shown is taken for the plan's."""
        wanted = {name: value for name, value in plan.parameters.items() if name not in self.masked}
        given = {name: self.parameters.get(name) for name in wanted}
        return given == wanted and _is_template(self.template, plan.body)

    @property
    def masked(self) -> tuple[str, ...]:
        """The parameters whose values CloudFormation does not show."""
        return tuple(name for name, value in self.parameters.items() if value == MASKED)


@dataclass(frozen=True, slots=True)
class LivingStack:
    """One stack by name. `token` makes each of its changes one change, however often it is asked for."""

    stacks: Stacks
    name: str
    token: str
    show: Shown
    allowed: frozenset[str] = frozenset()

    def standing(self) -> Standing | None:
        """The stack as it is now; None where there is none, or nothing but its first change set."""
        found = self.stacks.describe(self.name)
        if found is None or found["StackStatus"] in (EMPTY, "DELETE_COMPLETE"):
            return None
        told = self._call("get_template", StackName=self.name, TemplateStage="Original")["TemplateBody"]
        given = {p["ParameterKey"]: p.get("ParameterValue", "") for p in found.get("Parameters", ())}
        outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", ())}
        return Standing(found["StackStatus"], told, given, outputs)

    def bring_to(self, plan: StackPlan) -> bool:
        """Bring it to a template and its parameters; whether anything had to change.

        Raises RefusedError where what holds data would be replaced or deleted, StackFailed where the
        template is at fault, InfrastructureError where the world is."""
        self.settle()
        standing = self.standing()
        if standing and standing.is_at(plan):
            return False
        name = f"lockgate-{self.token[:40]}-{_sha256(plan.body + repr(sorted(plan.parameters.items())))[:12]}"
        if not self._change_set(plan, name, "UPDATE" if standing else "CREATE"):
            return False
        self._decide(name)
        refusal = self._execute(name)
        status = self.stacks.settled(self.name, told=self._seen())
        if refusal:
            self._require_executed(name, plan, refusal)
        if status not in GOOD:
            raise self.stacks.failure(self.name, status)
        return True

    def settle(self) -> str:
        """Wait until nothing is under way, and lead a stuck stack out; its status, '' where there is none.

        A stillborn one is deleted, one that was ever good never. Raises InfrastructureError where it stays
        stuck, or its deletion is left to a person."""
        found = self.stacks.describe(self.name)
        if found is None or found["StackStatus"] == EMPTY:
            return ""
        status = self.stacks.settled(self.name, told=None)
        if status in STUCK:
            status = self._continued()
        if status in STILLBORN:
            self._bury(found["StackId"], status)
            return ""
        if status not in (*GOOD, *BACK, "DELETE_COMPLETE"):
            raise self._stuck(f"it is {status}")
        return status

    def _continued(self) -> str:
        """Where a rollback that got stuck rests after it was continued. Whatever the call says, somebody else
        may have done it, or its answer was lost; a token that was used once would be refused for ever."""
        seen = self._seen()
        token = _sha256(f"{self.token} {sorted(seen)}")[:40]
        failure = None
        try:
            self._call("continue_update_rollback", StackName=self.name, ClientRequestToken=token)
        except AwsError as error:
            failure = error
        status = self.stacks.settled(self.name, told=seen)
        if failure and status in STUCK:
            raise failure
        return status

    def _bury(self, stack_id: str, status: str) -> None:
        """Delete what a first creation left behind, if this may be done by whoever deploys."""
        if self._was_good(stack_id):
            raise self._stuck(f"it is {status}, and was good before")
        try:
            why = self.stacks.delete(stack_id)
        except AwsError as error:
            if error.code not in DENIED:
                raise
            raise self._persons(status) from error
        if why:
            raise self._stuck(why)

    def _was_good(self, stack_id: str) -> bool:
        events = self.stacks.aws.pages(
            "cloudformation", "describe_stack_events", "StackEvents", StackName=stack_id
        )
        return any(e["ResourceStatus"] in GOOD for e in events if e.get("PhysicalResourceId") == stack_id)

    def _persons(self, status: str) -> InfrastructureError:
        region = self.stacks.aws.target.region
        return InfrastructureError(
            f"its first creation failed ({status}): it has to be deleted, which who deploys may not",
            where=self.name,
            hint=f"a person's: aws cloudformation delete-stack --stack-name {self.name} --region {region}; "
            "then run the same command again",
        )

    def _stuck(self, why: str) -> InfrastructureError:
        return InfrastructureError(
            f"the stack cannot be changed: {why}",
            where=self.name,
            hint="mend what its events name, or finish deleting it, then run the same command again",
        )

    def _seen(self) -> set[str]:
        """The events that were told, or are older than this change."""
        events = self.stacks.aws.pages(
            "cloudformation", "describe_stack_events", "StackEvents", StackName=self.name
        )
        return {event["EventId"] for event in events}

    def _change_set(self, plan: StackPlan, name: str, kind: str) -> bool:
        """Have a change set made, or find the one that was; False where it would change nothing."""
        try:
            request = {**plan.request(), "ChangeSetName": name, "ChangeSetType": kind, "ClientToken": name}
            nested = {"IncludeNestedStacks": True} if NESTED in plan.body else {}
            self._call("create_change_set", **request, **nested)
        except AwsError as error:
            if error.code in ("ValidationError", "InsufficientCapabilitiesException"):
                raise StackFailed(f"the template is refused: {error.what}") from error
            if error.code != "AlreadyExistsException":
                raise
        told = self._settled_change_set(name)
        if told["Status"] == "CREATE_COMPLETE":
            return True
        why = str(told.get("StatusReason", told["Status"]))
        self._drop(name)
        if any(words in why for words in NO_CHANGE):
            return False
        raise StackFailed(f"the template is refused: {' '.join(why.split())}")

    def _settled_change_set(self, name: str) -> dict[str, Any]:
        told: dict[str, Any] = {}

        def ready() -> bool:
            told.update(self._call("describe_change_set", StackName=self.name, ChangeSetName=name))
            return str(told["Status"]) not in PENDING

        self.stacks.wait(ready, f"the change set of {self.name}")
        return told

    def _decide(self, name: str) -> None:
        """Show what will change, and refuse what would lose data."""
        changes = self._changes(name)
        self.show(words(changes))
        if lost := refused(changes, self.allowed):
            self._drop(name)
            raise RefusedError(
                "; ".join(lost), where=self.name, hint="name it with --replace if that is what you want"
            )

    def _changes(self, name: str) -> list[dict[str, Any]]:
        """A change set's changes, and those of the nested stacks' own change sets."""
        found = self._pages(StackName=self.name, ChangeSetName=name)
        nested: dict[str, list[dict[str, Any]]] = {}
        waiting = nested_sets(found)
        while waiting:
            below = waiting.pop()
            nested[below] = self._pages(ChangeSetName=below)
            waiting += [each for each in nested_sets(nested[below]) if each not in nested]
        return with_nested(found, nested)

    def _pages(self, **which: str) -> list[dict[str, Any]]:
        """All pages of one change set's changes."""
        found: list[dict[str, Any]] = []
        more: dict[str, str] = {}
        while True:
            told = self._call("describe_change_set", **which, **more)
            found += told.get("Changes", ())
            if not told.get("NextToken"):
                return found
            more = {"NextToken": told["NextToken"]}

    def _execute(self, name: str) -> AwsError | None:
        """Start it; the refusal where it cannot be started. It may have been, by this call's lost answer or
        before a kill: then it goes on."""
        refusal = None
        try:
            self._call("execute_change_set", StackName=self.name, ChangeSetName=name, ClientRequestToken=name)
        except AwsError as error:
            if error.code not in STARTED:
                raise
            refusal = error
        self._begun(name)
        return refusal

    def _begun(self, name: str) -> None:
        """Executing is asynchronous: until the change set says so, the stack's status is the old one."""
        soon = replace(self.stacks, timeout=min(self.stacks.timeout, BEGINS))
        soon.wait(lambda: self._execution_status(name) != "AVAILABLE", f"the change set of {self.name}")

    def _require_executed(self, name: str, plan: StackPlan, refusal: AwsError) -> None:
        """One whose start was refused was executed all the same, or InfrastructureError is raised: then
        somebody changed the stack since it was made."""
        status, standing = self._execution_status(name), self.standing()
        if status == "EXECUTE_FAILED" or (standing and standing.has(plan)):
            return
        if status in UNUSED:  # else the same command would find it again
            self._drop(name)
        raise InfrastructureError(
            f"its change set was not executed: {refusal.what}",
            where=self.name,
            hint="the stack was changed since it was made: run the same command again",
        )

    def _execution_status(self, name: str) -> str:
        try:
            told = self._call("describe_change_set", StackName=self.name, ChangeSetName=name)
        except AwsError as error:
            if error.code == "ChangeSetNotFound":
                return "GONE"
            raise
        return str(told.get("ExecutionStatus", ""))

    def _drop(self, name: str) -> None:
        self._call("delete_change_set", StackName=self.name, ChangeSetName=name)

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return self.stacks.aws.call("cloudformation", operation, **arguments)


def _is_template(told: Any, body: str) -> bool:
    if isinstance(told, str):
        return told == body
    try:
        return bool(told == json.loads(body))
    except (ValueError, RecursionError):
        return False


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
