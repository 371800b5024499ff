"""The tests' session against a sandbox that enforces IAM: what it may, and what it may not.

ministack evaluates the role's policy and the session's; that AWS does so too is its documentation's word.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.adapters.aws import Aws, AwsError, sandbox_target
from runner.errors import InfrastructureError
from runner.sandbox import process
from runner.sandbox.process import health
from runner.stages.stack_deploy import Stacks
from runner.stages.test_role import env_for_tests

pytestmark = pytest.mark.integration

ACCOUNT, RUN = "123456789012", "r1"
STACK, OTHER = "s-test-r1", "s-test-r2"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                   "Action": "sts:AssumeRole"}],
}  # fmt: skip
# What infra/task.yml gives the role: more than a session may have.
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"],
         "Resource": f"arn:aws:lambda:*:{ACCOUNT}:function:s-test-*"},
        {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::runs-bucket*"},
        {"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"},
    ],
}  # fmt: skip
TEMPLATE = {
    "Resources": {
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.12", "Handler": "index.handler", "Role": {"Ref": "Role"},
                "Code": {"ZipFile": "def handler(event, context):\n    return event\n"},
            },
        }
    },
    "Parameters": {"Role": {"Type": "String"}},
    "Outputs": {"Fn": {"Value": {"Ref": "Fn"}}},
}  # fmt: skip


@pytest.fixture(scope="module")
def enforcing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """A sandbox with AUTH=true, as its account's root (the key of a root is the account's number)."""
    log = tmp_path_factory.mktemp("auth") / "sandbox.log"
    settings = {"GATEWAY_PORT": str(process._free_port()), "AUTH": "true"}
    with log.open("wb") as sink:
        bare = process._prepared(Path(process.cache_dir()))
        with process._launch(bare, settings, log, sink, embedded=True) as sandbox:
            deadline = time.monotonic() + 30
            while health(sandbox.url) is None:
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            root = dataclasses.replace(sandbox_target(sandbox.url), credentials=(ACCOUNT, "root", ""))
            yield Aws(root)


@pytest.fixture(scope="module")
def tests(enforcing: Aws) -> tuple[Aws, dict[str, str]]:
    """AWS as the tests of run r1 see it, and the functions of both stacks."""
    role = enforcing.call(
        "iam", "create_role", RoleName="suites", AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    enforcing.call(
        "iam", "put_role_policy", RoleName="suites", PolicyName="p", PolicyDocument=json.dumps(POLICY)
    )
    enforcing.ensure_bucket("runs-bucket")
    stacks, functions = Stacks(enforcing, poll=0.1, say=lambda line: None), {}
    for name in (STACK, OTHER):
        enforcing.call(
            "cloudformation", "create_stack", StackName=name, TemplateBody=json.dumps(TEMPLATE),
            Parameters=[{"ParameterKey": "Role", "ParameterValue": role}],
        )  # fmt: skip
        assert stacks.settled(name, None) == "CREATE_COMPLETE"
        functions[name] = stacks.describe(name)["Outputs"][0]["OutputValue"]
    stack = stacks.describe(STACK)
    env = env_for_tests(enforcing, role, RUN, stack, stacks.resources(stack["StackId"]), "runs-bucket", 60.0)
    target = sandbox_target(enforcing.target.endpoint)
    keys = (env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"])
    return Aws(dataclasses.replace(target, credentials=keys)), functions


def put(aws: Aws, key: str) -> None:
    aws.call("s3", "put_object", Bucket="runs-bucket", Key=key, Body=b"x")


def test_the_tests_invoke_their_own_stack_and_leave_files_of_their_own_run(tests) -> None:
    aws, functions = tests
    assert aws.account() == ACCOUNT
    assert aws.invoke(functions[STACK], {"value": 1}).answer == {"value": 1}
    put(aws, f"runs/{RUN}/tests/plot.png")


FORBIDDEN: dict[str, Callable[[Aws, dict[str, str]], object]] = {
    "another run's function": lambda aws, f: aws.invoke(f[OTHER], {}),
    "looking at a function": lambda aws, f: aws.call(
        "lambda", "get_function_configuration", FunctionName=f[STACK]
    ),
    "changing a function": lambda aws, f: aws.call(
        "lambda", "update_function_code", FunctionName=f[STACK], ZipFile=b"PK"
    ),
    "another run's files": lambda aws, f: put(aws, "runs/r2/tests/x"),
    "its own run's ending": lambda aws, f: put(aws, f"runs/{RUN}/endings/unit.json"),
    "an artifact": lambda aws, f: put(aws, "s/model/aa.onnx"),
    "reading the bucket": lambda aws, f: aws.call(
        "s3", "get_object", Bucket="runs-bucket", Key=f"runs/{RUN}/tests/plot.png"
    ),
    "removing its stack": lambda aws, f: aws.call("cloudformation", "delete_stack", StackName=STACK),
    "making a stack": lambda aws, f: aws.call(
        "cloudformation", "create_stack", StackName="x", TemplateBody=json.dumps(TEMPLATE)
    ),
    "making a user": lambda aws, f: aws.call("iam", "create_user", UserName="me"),
    "assuming a role": lambda aws, f: aws.call(
        "sts", "assume_role", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/suites", RoleSessionName="again"
    ),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_tests_may_nothing_else(tests, what: str) -> None:
    with pytest.raises(AwsError) as refused:
        FORBIDDEN[what](*tests)
    assert refused.value.code in ("AccessDenied", "AccessDeniedException", "403"), refused.value.what


def test_a_role_that_does_not_exist_is_an_error(enforcing: Aws) -> None:
    stack = {"StackId": f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/{STACK}/1", "StackName": STACK}
    with pytest.raises(InfrastructureError) as refused:
        env_for_tests(enforcing, f"arn:aws:iam::{ACCOUNT}:role/none", RUN, stack, (), "b", 60.0)
    assert refused.value.where == "LOCKGATE_TEST_ROLE"
