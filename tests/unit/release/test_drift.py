from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from helpers.answering import Answer, answering, refusal

from runner.adapters.aws import AwsError
from runner.errors import InfrastructureError
from runner.release.drift import drift, not_checked

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ID = "00000000-0000-0000-0000-000000000000"
STACK = "arn:aws:cloudformation:us-east-1:000000000000:stack/s/1"


def status(state: str = "DETECTION_COMPLETE", **more: Any) -> dict[str, Any]:
    return {"StackId": STACK, "StackDriftDetectionId": ID, "DetectionStatus": state, "Timestamp": NOW, **more}


def drifted(name: str = "F", state: str = "MODIFIED", **more: Any) -> dict[str, Any]:
    kind = {"ResourceType": "AWS::Lambda::Function", "StackResourceDriftStatus": state}
    return {"StackId": STACK, "LogicalResourceId": name, "Timestamp": NOW, **kind, **more}


def property_(path: str, expected: str, actual: str, kind: str = "NOT_EQUAL") -> dict[str, Any]:
    return {
        "PropertyPath": path,
        "ExpectedValue": expected,
        "ActualValue": actual,
        "DifferenceType": kind,
    }


def formation(*found: dict[str, Any], **more: Answer) -> dict[str, Answer]:
    return {
        "detect_stack_drift": {"StackDriftDetectionId": ID},
        "describe_stack_drift_detection_status": status(),
        "describe_stack_resource_drifts": {"StackResourceDrifts": list(found)},
        **more,
    }


def once(ready: Callable[[], bool], what: str) -> None:
    assert ready(), what


def lines(*found: dict[str, Any], **more: Answer) -> list[str]:
    return drift(answering(cloudformation=formation(*found, **more))[0], "s", once)


def test_each_property_that_somebody_changed_is_a_line() -> None:
    differences = [
        property_("/Timeout", "10", "77"),
        property_("/Tags/2", "null", '{"Key":"by","Value":"hand"}', "ADD"),
        property_("/Layers/0", "arn:layer", "null", "REMOVE"),
    ]
    assert lines(drifted(PropertyDifferences=differences), drifted("G", "DELETED")) == [
        "F (AWS::Lambda::Function): /Timeout is 77, the template has 10",
        "F (AWS::Lambda::Function): /Tags/2 was added: {Key, Value}",
        "F (AWS::Lambda::Function): /Layers/0 was removed, the template has arn:layer",
        "G (AWS::Lambda::Function) was deleted",
    ]


def test_nothing_changed_is_nothing_told() -> None:
    assert lines() == []


def test_a_change_without_its_properties_and_what_could_not_be_read_are_told() -> None:
    assert lines(drifted(), drifted("G", "UNKNOWN", DriftStatusReason="Access denied")) == [
        "F (AWS::Lambda::Function) was changed",
        "G (AWS::Lambda::Function) could not be read: Access denied",
    ]


def test_a_secret_is_not_shown() -> None:
    path = "/Environment/Variables"
    both = [
        property_(f"{path}/DB_PASSWORD", "hunter2", "hunter3"),
        property_(path, "null", '{"DB_PASSWORD": "hunter2", "A": "b"}', "ADD"),
    ]
    found = lines(drifted(PropertyDifferences=both))
    assert "hunter" not in str(found)
    assert found[1].endswith("/Environment/Variables was added: {DB_PASSWORD, A}")


def test_a_stack_that_is_being_changed_is_told() -> None:
    refused = refusal("ValidationError", "Drift detection cannot be performed: UPDATE_IN_PROGRESS")
    assert lines(detect_stack_drift=refused) == [
        "drift could not be looked for: Drift detection cannot be performed: UPDATE_IN_PROGRESS"
    ]


def test_a_missing_right_is_no_answer() -> None:
    with pytest.raises(AwsError, match="not authorized"):
        lines(detect_stack_drift=refusal("AccessDenied", "not authorized"))


def test_a_detection_that_failed_says_so_beside_what_it_found() -> None:
    failed = status("DETECTION_FAILED", DetectionStatusReason="one resource could not be read")
    assert lines(drifted("G", "DELETED"), describe_stack_drift_detection_status=failed) == [
        "G (AWS::Lambda::Function) was deleted",
        "drift could not be looked for everywhere: one resource could not be read",
    ]


def test_it_waits_as_long_as_it_is_let() -> None:
    states = iter([status("DETECTION_IN_PROGRESS"), status("DETECTION_IN_PROGRESS"), status()])
    aws, calls = answering(
        cloudformation=formation(describe_stack_drift_detection_status=lambda **_: next(states))
    )

    def patient(ready: Callable[[], bool], what: str) -> None:
        while not ready():
            pass

    assert drift(aws, "s", patient) == []
    assert [operation for _, operation in calls].count("describe_stack_drift_detection_status") == 3

    def impatient(ready: Callable[[], bool], what: str) -> None:
        ready()
        raise InfrastructureError(f"{what} did not settle")

    with pytest.raises(InfrastructureError, match="drift detection of s did not settle"):
        drift(answering(cloudformation=formation())[0], "s", impatient)


def test_all_pages_are_read() -> None:
    def pages(**request: Any) -> dict[str, Any]:
        if "NextToken" in request:
            return {"StackResourceDrifts": [drifted("G", "DELETED")]}
        return {"StackResourceDrifts": [drifted("F", "DELETED")], "NextToken": "more"}

    assert len(lines(describe_stack_resource_drifts=pages)) == 2


def test_what_cannot_be_compared_is_named() -> None:
    def resource(kind: str, state: str | None) -> dict[str, Any]:
        told = {"DriftInformation": {"StackResourceDriftStatus": state}} if state else {}
        own = {"ResourceType": kind, "LogicalResourceId": "R", "ResourceStatus": "CREATE_COMPLETE"}
        return {**own, "LastUpdatedTimestamp": NOW, **told}

    listed = [
        resource("AWS::S3::Bucket", "IN_SYNC"),
        resource("A::B::C", "NOT_CHECKED"),
        resource("D::E::F", None),
    ]
    answer: Answer = {"StackResourceSummaries": listed}
    aws, _ = answering(cloudformation={"list_stack_resources": answer})
    assert not_checked(aws, "s") == "not checked for changes by hand: A::B::C, D::E::F"
    clean: Answer = {"StackResourceSummaries": listed[:1]}
    assert not_checked(answering(cloudformation={"list_stack_resources": clean})[0], "s") == ""
