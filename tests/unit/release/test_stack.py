"""A stack brought to a template: by one change set, out of whatever state it was left in."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.answering import refusal
from helpers.formation import BODY, ID, NOW, Formation, change, plan

from runner.adapters.aws import AwsError
from runner.errors import InfrastructureError, RefusedError
from runner.release.stack import Standing
from runner.stages.stack_deploy import StackFailed


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
