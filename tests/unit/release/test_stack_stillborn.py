"""A first creation that failed: deleted by who may, left to a person by who may not; no other stack is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from runner.adapters.aws import Aws, AwsError, AwsTarget
from runner.errors import InfrastructureError
from runner.release.stack import LivingStack
from runner.stages.stack_deploy import Stacks

ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/flights-prod/0a1b"


class OneStack(Aws):
    """A CloudFormation with one stack, in a status, and its events; `refuses`: DeleteStack's error code."""

    def __init__(self, status: str, past: Sequence[str] = (), refuses: str = "") -> None:
        self.target = AwsTarget("real", "", "eu-west-1", "AWS: one stack")
        self.status, self.past, self.refuses, self.deleted = status, past, refuses, list[str]()

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        if operation == "delete_stack":
            if self.refuses:
                raise AwsError("not authorized to perform: cloudformation:DeleteStack", code=self.refuses)
            self.deleted.append(arguments["StackName"])
            self.status = "DELETE_COMPLETE"
            return {}
        assert operation == "describe_stacks"
        return {"Stacks": [{"StackId": ID, "StackName": "flights-prod", "StackStatus": self.status}]}

    def pages(self, service: str, operation: str, field: str, /, **arguments: Any) -> list[dict[str, Any]]:
        """Its own events, newest first, and a function's, whose creation is no sign of the stack's."""
        function = event("flights-prod-Fn", "CREATE_COMPLETE")
        return [event(ID, self.status), *(event(ID, status) for status in reversed(self.past)), function]


def event(physical: str, status: str) -> dict[str, str]:
    return {
        "EventId": physical + status, "LogicalResourceId": "x", "ResourceType": "t", "ResourceStatus": status,
        "PhysicalResourceId": physical,
    }  # fmt: skip


def living(aws: Aws) -> LivingStack:
    return LivingStack(Stacks(aws, 0.0, say=lambda line: None), "flights-prod", "token", lambda lines: None)


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"])
def test_what_never_lived_is_deleted_by_its_id(status: str) -> None:
    aws = OneStack(status, ["CREATE_IN_PROGRESS", "CREATE_FAILED"])
    assert living(aws).settle() == ""
    assert aws.deleted == [ID]


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_who_may_not_is_told_whose_it_is(code: str) -> None:
    with pytest.raises(InfrastructureError) as error:
        living(OneStack("ROLLBACK_COMPLETE", refuses=code)).settle()
    assert "its first creation failed (ROLLBACK_COMPLETE)" in error.value.what
    command = "aws cloudformation delete-stack --stack-name flights-prod --region eu-west-1"
    assert command in error.value.hint
    assert error.value.exit_code == 3


def test_another_refusal_is_what_it_is() -> None:
    with pytest.raises(AwsError) as error:
        living(OneStack("ROLLBACK_COMPLETE", refuses="Throttling")).settle()
    assert error.value.code == "Throttling"


@pytest.mark.parametrize("good", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"])
def test_what_was_ever_good_is_not(good: str) -> None:
    """Whatever status it got into since."""
    aws = OneStack("ROLLBACK_FAILED", ["CREATE_IN_PROGRESS", good])
    with pytest.raises(InfrastructureError, match="it is ROLLBACK_FAILED, and was good before"):
        living(aws).settle()
    assert aws.deleted == []


@pytest.mark.parametrize("status", ["DELETE_FAILED", "UPDATE_FAILED", "IMPORT_ROLLBACK_FAILED"])
def test_nor_is_what_somebody_else_failed_to_delete_or_change(status: str) -> None:
    aws = OneStack(status)
    with pytest.raises(InfrastructureError, match=f"it is {status}"):
        living(aws).settle()
    assert aws.deleted == []


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_what_lives_is_left_alone(status: str) -> None:
    aws = OneStack(status)
    assert living(aws).settle() == status
    assert aws.deleted == []
