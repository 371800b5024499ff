"""What was begun and not answered, or by another: change sets and rollbacks go on, or are told to be none."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from helpers.answering import refusal
from helpers.formation import ID, NOW, Formation, plan

from runner.errors import InfrastructureError

STARTED = ("InvalidChangeSetStatus", "ChangeSetNotFound", "TokenAlreadyExistsException")


@pytest.mark.parametrize("code", STARTED)
def test_one_whose_start_was_not_answered_goes_on(code: str) -> None:
    """It was executed all the same: its end is waited for."""
    formation = Formation()
    executed = formation.on_execute_change_set

    def lost(request: Any) -> dict[str, Any]:
        executed(request)
        if code == "ChangeSetNotFound":
            formation.refuses["describe_change_set"] = refusal(code, "it is gone")
        raise refusal(code, "it was executed")

    formation.on_execute_change_set = lost  # type: ignore[method-assign]
    assert formation.living().bring_to(plan()) is True


@pytest.mark.parametrize("code", STARTED)
@pytest.mark.parametrize("status", ["OBSOLETE", "UNAVAILABLE"])
def test_one_that_cannot_be_executed_any_more_is_no_update(code: str, status: str) -> None:
    """Somebody changed the stack since it was made: no release's fault, and the next one is made anew."""
    formation = Formation()

    def refused(request: Any) -> dict[str, Any]:
        formation.sets[request["ChangeSetName"]]["ExecutionStatus"] = status
        raise refusal(code, "it cannot be executed")

    formation.on_execute_change_set = refused  # type: ignore[method-assign]
    with pytest.raises(InfrastructureError, match="was not executed: it cannot be executed") as told:
        formation.living().bring_to(plan())
    assert "run the same command again" in told.value.hint
    assert formation.names()[-1] == "delete_change_set" and formation.sets == {}


def test_one_that_is_gone_and_changed_nothing_is_no_update() -> None:
    formation = Formation(refuses={"execute_change_set": refusal("ChangeSetNotFound", "there is none")})
    formation.on_describe_change_set = gone_after(formation)  # type: ignore[method-assign]
    with pytest.raises(InfrastructureError, match="was not executed: there is none"):
        formation.living().bring_to(plan())


def gone_after(formation: Formation) -> Callable[[Any], dict[str, Any]]:
    """A change set that is there until it is executed."""
    told = formation.on_describe_change_set

    def describe(request: Any) -> dict[str, Any]:
        if "execute_change_set" in formation.names():
            raise refusal("ChangeSetNotFound", "it is gone")
        return told(request)

    return describe


def test_one_that_does_not_begin_is_not_taken_for_done() -> None:
    """Executing is asynchronous: it may begin at any moment, so nothing is taken back either."""
    formation = Formation()
    formation.on_execute_change_set = lambda request: {}  # type: ignore[method-assign]
    with pytest.raises(InfrastructureError, match="did not settle within"):
        formation.living(timeout=0.05).bring_to(plan())
    assert len(formation.sets) == 1


def test_each_try_to_continue_has_a_token_of_its_own() -> None:
    """CloudFormation refuses a token that it knows, so that once mended a stack could never go on; a retry
    of one call, before anything has happened, has the same."""
    formation = Formation()
    for number in ("1", "1", "2"):
        formation.events = [stack_event("UPDATE_ROLLBACK_FAILED", number)]
        formation.statuses = ["UPDATE_ROLLBACK_FAILED"]
        formation.living().settle()
    asked = [r["ClientRequestToken"] for n, r in formation.requests if n == "continue_update_rollback"]
    assert asked[0] == asked[1] != asked[2]
    assert all(re.fullmatch("[a-zA-Z0-9][-a-zA-Z0-9]{0,127}", token) for token in asked)


@pytest.mark.parametrize("code", ["TokenAlreadyExistsException", "ValidationError"])
def test_who_finds_it_continued_already_waits(code: str) -> None:
    """By a call whose answer was lost, or by a person."""
    formation = Formation(["UPDATE_ROLLBACK_FAILED"])

    def lost(request: Any) -> dict[str, Any]:
        formation.statuses = ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]
        raise refusal(code, "it is being continued")

    formation.on_continue_update_rollback = lost  # type: ignore[method-assign]
    assert formation.living().settle() == "UPDATE_ROLLBACK_COMPLETE"


def stack_event(status: str, number: str) -> dict[str, Any]:
    told = {"StackId": ID, "StackName": "s", "Timestamp": NOW, "LogicalResourceId": "s", "EventId": number}
    return {**told, "ResourceType": "AWS::CloudFormation::Stack", "ResourceStatus": status}
