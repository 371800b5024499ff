"""A stack brought to a template: by one change set, out of whatever state it was left in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.answering import answering, refusal

from runner.adapters.aws import AwsError
from runner.errors import InfrastructureError, RefusedError
from runner.release.stack import LivingStack, Standing
from runner.stages.stack_deploy import StackFailed, StackPlan, Stacks

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

    def living(self, *allowed: str) -> LivingStack:
        names = (
            "describe_stacks", "get_template", "create_change_set", "describe_change_set",
            "execute_change_set", "delete_change_set", "describe_stack_events", "continue_update_rollback",
            "delete_stack",
        )  # fmt: skip
        self.aws, self.calls = answering(cloudformation={name: self._asked(name) for name in names})
        self.shown: list[str] = []
        stacks = Stacks(self.aws, 0.0, 5.0, lambda line: None)
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


def test_it_is_changed_by_one_change_set_that_is_shown_first() -> None:
    formation = Formation(changes=[change("F", "Add", "AWS::Lambda::Function")])
    assert formation.living().bring_to(plan(Key="k")) is True
    assert formation.names() == ["create_change_set", "execute_change_set"]
    created, executed = (dict(formation.requests)[n] for n in formation.names())
    assert created["ChangeSetType"] == "UPDATE"
    assert created["ClientToken"] == created["ChangeSetName"] == executed["ClientRequestToken"]
    assert created["ChangeSetName"].startswith("lockgate-release1-")
    assert formation.shown == ["added           F (AWS::Lambda::Function)"]


def test_a_new_stack_is_created() -> None:
    formation = Formation(statuses=[], ends=("CREATE_IN_PROGRESS", "CREATE_COMPLETE"))
    assert formation.living().bring_to(plan()) is True
    assert dict(formation.requests)["create_change_set"]["ChangeSetType"] == "CREATE"


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_that_is_there_already_is_left_alone(status: str) -> None:
    formation = Formation([status], template='{ "Resources":{} }', given={"Key": "k", "Default": "d"})
    assert formation.living().bring_to(plan('{ "Resources":{} }', Key="k")) is False
    assert formation.names() == []


@pytest.mark.parametrize(
    ("template", "given"),
    [('{"Resources": {"Old": {}}}', {"Key": "k"}), (BODY, {"Key": "other"}), (BODY, {})],
)
def test_another_template_or_value_is_a_change(template: str, given: dict[str, str]) -> None:
    assert Formation(template=template, given=given).living().bring_to(plan(Key="k")) is True


@pytest.mark.parametrize(
    "reason", ["The submitted information didn't contain changes.", "No updates are to be performed."]
)
def test_no_changes_is_a_success(reason: str) -> None:
    formation = Formation(reason=reason)
    assert formation.living().bring_to(plan()) is False
    assert formation.names() == ["create_change_set", "delete_change_set"]


def test_a_template_that_is_refused() -> None:
    with pytest.raises(StackFailed, match="the template is refused: no such type"):
        Formation(reason="no such type").living().bring_to(plan())
    invalid = Formation(refuses={"create_change_set": refusal("ValidationError", "not well-formed")})
    with pytest.raises(StackFailed, match="the template is refused: not well-formed"):
        invalid.living().bring_to(plan())


def test_what_holds_data_is_not_replaced_unless_named() -> None:
    replaced = change("Table", "Modify", "AWS::DynamoDB::Table", Replacement="True")
    formation = Formation(changes=[replaced])
    with pytest.raises(RefusedError, match="Table") as told:
        formation.living().bring_to(plan())
    assert "--replace" in told.value.hint
    assert formation.names() == ["create_change_set", "delete_change_set"]
    assert Formation(changes=[replaced]).living("Table").bring_to(plan()) is True


def test_an_update_that_fails_names_the_first_resource() -> None:
    formation = Formation(ends=("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"))
    event = {"StackId": ID, "StackName": "s", "Timestamp": NOW, "EventId": "1", "LogicalResourceId": "F"}
    event |= {"ResourceType": "AWS::Lambda::Function", "ResourceStatus": "UPDATE_FAILED"}

    def events(request: Any) -> dict[str, Any]:
        begun = "execute_change_set" in formation.names()
        return {"StackEvents": [{**event, "ResourceStatusReason": "no such role"}] if begun else []}

    formation.on_describe_stack_events = events  # type: ignore[method-assign]
    with pytest.raises(StackFailed, match=r"F.*no such role"):
        formation.living().bring_to(plan())


@pytest.mark.parametrize("code", ["InvalidChangeSetStatus", "ChangeSetNotFound"])
def test_one_that_was_started_before_a_kill_goes_on(code: str) -> None:
    """The same release makes the same change set: it was executed, and its end is waited for."""
    formation = Formation()
    formation.living().bring_to(plan())
    formation.template, formation.statuses = "{}", ["UPDATE_COMPLETE"]
    formation.refuses["execute_change_set"] = refusal(code, "it was executed")
    assert formation.living().bring_to(plan()) is True
    assert len(formation.sets) == 1


def test_another_error_is_told() -> None:
    formation = Formation(refuses={"execute_change_set": refusal("Throttling", "Rate exceeded")})
    with pytest.raises(AwsError, match="Rate exceeded"):
        formation.living().bring_to(plan())


def test_what_is_under_way_is_waited_for() -> None:
    formation = Formation(["UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"])
    assert formation.living().settle() == "UPDATE_COMPLETE"
    assert formation.names() == []


def test_a_stuck_rollback_is_continued() -> None:
    formation = Formation(["UPDATE_ROLLBACK_FAILED"])
    assert formation.living().settle() == "UPDATE_ROLLBACK_COMPLETE"
    assert dict(formation.requests)["continue_update_rollback"]["ClientRequestToken"] == "release1"


def test_one_that_stays_stuck_is_a_persons() -> None:
    formation = Formation(["UPDATE_ROLLBACK_FAILED"])
    formation.on_continue_update_rollback = lambda request: {}  # type: ignore[method-assign]
    with pytest.raises(InfrastructureError, match="it is UPDATE_ROLLBACK_FAILED") as told:
        formation.living().settle()
    assert "run the same command again" in told.value.hint


@pytest.mark.parametrize("statuses", [[], ["REVIEW_IN_PROGRESS"]])
def test_nothing_but_a_first_change_set_is_no_stack(statuses: list[str]) -> None:
    formation = Formation(statuses)
    assert formation.living().settle() == ""
    assert formation.living().standing() is None


def test_a_stack_that_rolled_back_is_at_its_older_plan() -> None:
    standing = Standing("UPDATE_ROLLBACK_COMPLETE", {"Resources": {}}, {"Key": "k"}, {})
    assert standing.is_at(plan(Key="k")) and standing.has(plan(Key="k"))
    stuck = Standing("UPDATE_ROLLBACK_FAILED", {"Resources": {}}, {"Key": "k"}, {})
    assert stuck.has(plan(Key="k")) and not stuck.is_at(plan(Key="k"))
    assert not standing.has(plan("not: json", Key="k"))
    assert Standing("UPDATE_COMPLETE", "a: b", {}, {}).has(plan("a: b"))


def test_a_value_that_is_not_shown_is_taken_for_the_plans_but_only_a_change_set_says_so() -> None:
    standing = Standing("UPDATE_COMPLETE", {"Resources": {}}, {"Key": "k", "Word": "****"}, {})
    asked = plan(Key="k", Word="open sesame")
    assert standing.has(asked) and not standing.is_at(asked)
    assert not standing.has(plan(Key="other", Word="open sesame"))
    same = Formation(
        template='{"Resources": {}}', given={"Word": "****"}, reason="didn't contain changes"
    ).living()
    assert same.bring_to(plan(Word="open sesame")) is False
