"""The tests' role: what its session may do, and that nothing else will do in its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runner.adapters.aws import AwsError, AwsTarget
from runner.adapters.output import SECRECY
from runner.errors import InfrastructureError, UsageError
from runner.stages.stack_deploy import Resource
from runner.stages.test_role import env_for_tests, role_for_tests, session_name, session_policy

ROLE = "arn:aws:iam::123456789012:role/lockgate/suites"
STACK = {
    "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/flights-test-r1/0a1b",
    "StackName": "flights-test-r1",
}
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:flights-test-r1-Batch-1"
TARGET = AwsTarget("real", "", "eu-west-1", "AWS: REAL", ("AKIASTAGE", "stage-secret", "stage-session"))


class Sts:
    """An Aws that knows one call."""

    def __init__(self, refuses: bool = False) -> None:
        self.target, self.refuses, self.asked = TARGET, refuses, dict[str, Any]()

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        assert (service, operation) == ("sts", "assume_role")
        if self.refuses:
            raise AwsError("not authorized to perform: sts:AssumeRole", code="AccessDenied")
        self.asked = arguments
        keys = {"AccessKeyId": "ASIATESTS", "SecretAccessKey": "tests-secret", "SessionToken": "tests-token"}
        return {"Credentials": keys}


def resource(kind: str, physical: str) -> Resource:
    return Resource("Name", kind, physical, "CREATE_COMPLETE")


def assumed(sts: Sts, timeout: float = 600.0, resources: tuple[Resource, ...] = ()) -> dict[str, str]:
    return env_for_tests(sts, ROLE, "20260101T000000Z-ab12cd", STACK, resources, "bucket", timeout)  # type: ignore[arg-type]


def test_the_tests_get_the_roles_session_and_nothing_of_the_stages() -> None:
    env = assumed(sts := Sts())
    assert (env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"]) == (
        "ASIATESTS", "tests-secret", "tests-token",
    )  # fmt: skip
    assert not any("stage" in value for value in env.values())
    assert env["LOCKGATE_RUN_PREFIX"] == "s3://bucket/runs/20260101T000000Z-ab12cd/tests/"
    assert (env["AWS_REGION"], env["AWS_CONFIG_FILE"]) == ("eu-west-1", "/dev/null")
    assert (sts.asked["RoleArn"], sts.asked["RoleSessionName"]) == (ROLE, "lockgate-20260101T000000Z-ab12cd")
    assert SECRECY.redactor().text("it is tests-secret") == "it is [redacted AWS_SECRET_ACCESS_KEY]"


@pytest.mark.parametrize(("timeout", "seconds"), [(1.0, 900), (900.0, 1020), (1800.5, 1921), (7200.0, 3600)])
def test_the_session_lasts_as_long_as_the_stage_within_what_sts_takes(timeout: float, seconds: int) -> None:
    assumed(sts := Sts(), timeout)
    assert sts.asked["DurationSeconds"] == seconds


def test_the_policy_names_this_stack_and_this_run_alone() -> None:
    resources = (
        resource("AWS::Lambda::Function", "flights-test-r1-Predict-X1"),
        resource("AWS::Lambda::Function", "chosen-name"),
        resource("AWS::S3::Bucket", "flights-test-r1-data"),
        resource("AWS::StepFunctions::StateMachine", MACHINE),
    )
    policy = session_policy(STACK["StackId"], STACK["StackName"], resources, "bucket/runs/r1/tests/")
    allowed = {a: s["Resource"] for s in json.loads(policy)["Statement"] for a in s["Action"]}
    functions = "arn:aws:lambda:eu-west-1:123456789012:function:"
    states = "arn:aws:states:eu-west-1:123456789012:"
    assert allowed == {
        "lambda:InvokeFunction": [
            f"{functions}flights-test-r1-*", f"{functions}chosen-name", f"{functions}chosen-name:*"
        ],
        "s3:PutObject": ["arn:aws:s3:::bucket/runs/r1/tests/*"],
        "states:StartExecution": [f"{states}stateMachine:flights-test-r1-Batch-1"],
        "states:StartSyncExecution": [f"{states}stateMachine:flights-test-r1-Batch-1"],
        "states:DescribeExecution": [f"{states}execution:flights-test-r1-Batch-1:*"],
    }  # fmt: skip
    assert {s["Effect"] for s in json.loads(policy)["Statement"]} == {"Allow"}


def test_without_a_state_machine_there_is_no_right_to_start_one() -> None:
    assert "states:" not in session_policy(STACK["StackId"], STACK["StackName"], (), "b/runs/r/tests/")


def test_another_partition() -> None:
    policy = session_policy(STACK["StackId"].replace("aws:", "aws-cn:"), "s", (), "b/runs/r/tests/")
    assert "arn:aws-cn:lambda:" in policy and "arn:aws-cn:s3:::" in policy


def test_names_that_no_policy_can_hold_are_an_error() -> None:
    many = tuple(resource("AWS::Lambda::Function", f"a-function-with-a-name-{n}") for n in range(20))
    with pytest.raises(InfrastructureError, match="STS takes 2,048"):
        assumed(Sts(), resources=many)


def test_a_role_that_cannot_be_assumed_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(InfrastructureError) as raised:
        assumed(Sts(refuses=True))
    assert "trust" in raised.value.hint and raised.value.where == "LOCKGATE_TEST_ROLE"


@pytest.mark.parametrize(
    "given", ["", "suites", "arn:aws:iam::123456789012:user/me", f"{ROLE} ", "arn:aws:iam::1:role/x"]
)
def test_without_a_role_there_are_no_tests_in_a_real_aws(given: str) -> None:
    with pytest.raises(UsageError) as raised:
        role_for_tests({"LOCKGATE_TEST_ROLE": given} if given else {})
    assert raised.value.where == "LOCKGATE_TEST_ROLE" and "infra/task.yml" in raised.value.hint


def test_roles_of_any_partition_and_path() -> None:
    for arn in (ROLE, ROLE.replace("arn:aws:", "arn:aws-us-gov:"), "arn:aws:iam::123456789012:role/x"):
        assert role_for_tests({"LOCKGATE_TEST_ROLE": arn}) == arn


def test_session_names_stay_within_sts_letters() -> None:
    assert session_name("a b/c") == "lockgate-a-b-c"
    assert len(session_name("r" * 100)) == 64
