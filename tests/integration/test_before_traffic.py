"""A solution's own tests before traffic, as a real AWS has them run: by a session of their own role, which is
the production stack's alone. The AWS is a scripted one; the tests are real processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.releases import Shop

from runner.adapters.aws import Aws, AwsTarget
from runner.asking import OwnTests
from runner.config.load import load
from runner.config.schema import IntegrationStage
from runner.errors import SolutionError
from runner.stages.stack_deploy import Stacks

pytestmark = pytest.mark.integration
ROLE = "arn:aws:iam::123456789012:role/before-traffic"
ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/square-prod/0a1b"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:square-prod-batch"
OUTPUTS = {"FeaturesFunction": "square-prod-Features:2", "PredictFunction": "square-prod-Predict:2"}
TEST = """
import json, os, stat, pytest

@pytest.mark.pre_traffic
def test_whose_rights_these_are():
    assert os.environ["AWS_ACCESS_KEY_ID"] == "ASIATESTS"
    assert not [v for v in os.environ.values() if "stage" in v]
    outputs = json.loads(os.environ["LOCKGATE_STACK_OUTPUTS"])
    assert outputs["PredictFunction"] == "square-prod-Predict:2"

@pytest.mark.pre_traffic
def test_another_user_could_read_what_it_is_told():
    context = os.environ["LOCKGATE_CONTEXT"]
    assert stat.S_IMODE(os.stat(os.path.dirname(context)).st_mode) == 0o755
    assert stat.S_IMODE(os.stat(context).st_mode) == 0o644

def test_that_is_not_marked():
    assert False
"""


class Scripted(Aws):
    """A real AWS's answers to what is asked for a session."""

    def __init__(self) -> None:
        keys = ("AKIASTAGE", "stage-secret", "stage-session")
        self.target = AwsTarget("real", "", "eu-west-1", "AWS: scripted", keys)
        self.policy: dict[str, Any] = {}

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        if operation == "assume_role":
            assert arguments["RoleArn"] == ROLE
            self.policy = json.loads(arguments["Policy"])
            keys = {
                "AccessKeyId": "ASIATESTS",
                "SecretAccessKey": "tests-only",
                "SessionToken": "tests-token",
            }
            return {"Credentials": keys}
        assert operation == "describe_stacks"
        return {"Stacks": [{"StackId": ID, "StackName": "square-prod", "StackStatus": "UPDATE_COMPLETE"}]}

    def pages(self, service: str, operation: str, field: str, /, **arguments: Any) -> list[dict[str, Any]]:
        """What the stack has; of its events, which are forgotten, none."""
        machine = ("Batch", "AWS::StepFunctions::StateMachine", MACHINE, "UPDATE_COMPLETE")
        names = ("LogicalResourceId", "ResourceType", "PhysicalResourceId", "ResourceStatus")
        return [dict(zip(names, machine, strict=True))] if operation == "list_stack_resources" else []


def own_tests(root: Path, aws: Aws, test: str) -> OwnTests:
    shop = Shop(root, root / "cache")
    shop.release()
    (shop.root / "suites/integration/test_live.py").write_text(test)
    solution = load(shop.root)
    stage = solution.stages["integration"]
    assert isinstance(stage, IntegrationStage)
    stacks = Stacks(aws, say=lambda line: None)
    return OwnTests(solution, shop.root, "integration", stage, stacks, "bucket", "square-prod", ROLE)


def test_the_marked_tests_have_a_session_for_the_stack_as_it_is_now(tmp_path: Path) -> None:
    aws = Scripted()
    own_tests(tmp_path, aws, TEST).run(OUTPUTS)
    allowed = {action: s["Resource"] for s in aws.policy["Statement"] for action in s["Action"]}
    assert allowed["lambda:InvokeFunction"] == [
        "arn:aws:lambda:eu-west-1:123456789012:function:square-prod-*"
    ]
    assert allowed["states:StartExecution"] == [MACHINE]


def test_one_that_fails_is_the_solutions_fault(tmp_path: Path) -> None:
    failing = TEST.replace('"ASIATESTS"', '"AKIASTAGE"')
    with pytest.raises(SolutionError, match=r"before traffic: .*test_whose_rights_these_are.*ASIATESTS"):
        own_tests(tmp_path, Scripted(), failing).run(OUTPUTS)
