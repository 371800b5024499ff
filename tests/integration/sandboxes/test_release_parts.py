"""Two releases of a small stack in a local AWS: its versions are kept, what changed is told, what runs is
read back, and what somebody does by hand is found."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from runner.adapters.aws import Aws, sandbox_target
from runner.release.drift import drift, not_checked
from runner.release.expected import Expectation, expected, not_reread
from runner.release.records import Content, Part
from runner.release.running import Running, differences, read_running
from runner.release.stateful import refused
from runner.release.template import aliases, pinned, versioned
from runner.release.words import words

pytestmark = pytest.mark.integration
BUCKET = "release-parts"
RECIPE = {"Bucket": "${bucket}", "Key": "${code.key}", "Model": "${model.uri}", "Flow": "${flow.key}"}
TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Bucket: {Type: String}
  Key: {Type: String}
  Model: {Type: String}
  Flow: {Type: String}
  Group: {Type: String, Default: first}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub "/${AWS::StackName}/${Group}"}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      Role: !GetAtt Role.Arn
      Timeout: 10
      Code: {S3Bucket: !Ref Bucket, S3Key: !Ref Key}
      Environment: {Variables: {MODEL: !Ref Model}}
  Version:  # published again when the function changes
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Function}
  Alias:
    Type: AWS::Lambda::Alias
    Properties: {Name: live, FunctionName: !Ref Function, FunctionVersion: !GetAtt Version.Version}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      DefinitionS3Location: {Bucket: !Ref Bucket, Key: !Ref Flow}
      DefinitionSubstitutions: {Predict: !Ref Alias, Note: !Ref Model}
Outputs:
  Number: {Value: !GetAtt Version.Version}
"""
FLOW = {
    "StartAt": "Ask",
    "States": {"Ask": {"Type": "Task", "Resource": "${Predict}", "Comment": "${Note}", "End": True}},
}


def part(kind: str, name: str, data: bytes) -> Part:
    digest = hashlib.sha256(data).hexdigest()
    return Part(kind, "1", digest, digest, f"{name}/{digest}")


def archive(answer: str) -> bytes:
    """A function that answers with a word of its own, and with its variable."""
    code = f"import os\ndef handler(event, context):\n    return [{answer!r}, os.environ['MODEL']]\n"
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        made.writestr(zipfile.ZipInfo("app.py"), code)  # of a fixed time: the same bytes each time
    return body.getvalue()


@dataclass
class Small:
    """The stack, and the tools to bring it to a release and look at it."""

    aws: Aws
    name: str
    count: int = 0
    changes: list[dict[str, Any]] = field(default_factory=list)

    def content(self, answer: str, model: bytes) -> Content:
        bytes_of = {"code": archive(answer), "model": model, "flow": json.dumps(FLOW).encode()}
        kinds = {"code": "lambda-zip", "model": "model", "flow": "definition"}
        parts = {name: part(kinds[name], name, data) for name, data in bytes_of.items()}
        for name, data in bytes_of.items():
            self.aws.call("s3", "put_object", Bucket=BUCKET, Key=parts[name].key, Body=data)
        parts["stack"] = part("stack", "stack", TEMPLATE.encode())
        return Content(self.name, parts["stack"].sha256, RECIPE, parts)

    def given(self, content: Content, **more: str) -> dict[str, str]:
        keys = {name: content.parts[name].key for name in ("code", "model", "flow")}
        model = f"s3://{BUCKET}/{keys['model']}"
        return {"Bucket": BUCKET, "Key": keys["code"], "Model": model, "Flow": keys["flow"], **more}

    def wanted(self, content: Content) -> tuple[str, tuple[Expectation, ...]]:
        text = versioned(TEMPLATE, self.given(content))
        return text, expected(text, self.given(content), content)

    def bring_to(self, text: str, given: dict[str, str]) -> list[str]:
        """By a change set; its words."""
        self.propose(text, given)
        assert self.execute() in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        return words(self.changes)

    def execute(self) -> str:
        """What was proposed; the status at which the stack then rests."""
        self._call("execute_change_set", ChangeSetName=f"c{self.count}")
        self.wait(lambda: not self.status().endswith("_IN_PROGRESS"), "the stack")
        return self.status()

    def propose(self, text: str, given: dict[str, str]) -> None:
        self.count += 1
        name = f"c{self.count}"
        values = [{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()]
        kind = {"ChangeSetType": "CREATE" if self.count == 1 else "UPDATE", "Parameters": values}
        self._call("create_change_set", ChangeSetName=name, TemplateBody=text, **kind)
        told: dict[str, Any] = {}

        def made() -> bool:
            told.update(self._call("describe_change_set", ChangeSetName=name))
            return str(told["Status"]).endswith(("COMPLETE", "FAILED"))

        self.wait(made, name)
        assert told["Status"] == "CREATE_COMPLETE", told
        self.changes = told["Changes"]

    def status(self) -> str:
        return str(self._call("describe_stacks")["Stacks"][0]["StackStatus"])

    def running(self, wanted: tuple[Expectation, ...]) -> Running:
        return read_running(self.aws, self.name, wanted)

    def drift(self) -> list[str]:
        return drift(self.aws, self.name, self.wait)

    @property
    def function(self) -> str:
        return str(self.running(()).physical["Function"])

    def answers(self, qualifier: str) -> list[str]:
        answer = self.aws.invoke(f"{self.function}:{qualifier}", {}).answer
        return list(answer) if isinstance(answer, list) else [str(answer)]

    def wait(self, ready: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + 60
        while not ready():
            assert time.monotonic() < end, f"{what} did not settle"
            time.sleep(0.05)

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return self.aws.call("cloudformation", operation, StackName=self.name, **arguments)


@pytest.fixture(scope="module")
def aws(sandbox: Any) -> Aws:
    aws = Aws(sandbox_target(sandbox.url))
    aws.ensure_bucket(BUCKET)
    return aws


@pytest.fixture
def small(aws: Aws, request: pytest.FixtureRequest) -> Iterator[Small]:
    """A stack at its first release."""
    small = Small(aws, "parts-" + hashlib.sha256(request.node.name.encode()).hexdigest()[:8])
    first = small.content("one", b"model 1")
    small.bring_to(small.wanted(first)[0], small.given(first))
    yield small
    aws.call("cloudformation", "delete_stack", StackName=small.name)


def test_a_second_release_keeps_the_version_of_the_first_and_both_answer(small: Small) -> None:
    first, second = small.content("one", b"model 1"), small.content("two", b"model 2")
    (old, before), (new, after) = small.wanted(first), small.wanted(second)
    assert differences(before, small.running(before)) == []
    lines = small.bring_to(new, small.given(second))
    left, added = aliases(old)["Alias"][1], aliases(new)["Alias"][1]
    assert left != added and left[:7] == added[:7] == "Version"
    assert f"left behind     {left} (AWS::Lambda::Version): it stays, outside the stack" in lines
    assert f"added           {added} (AWS::Lambda::Version)" in lines
    changed = next(line for line in lines if " Function " in line)
    assert changed.startswith("changed ") and "Code" in changed and "Environment" in changed
    assert small.answers("1")[0] == "one" and small.answers("2")[0] == small.answers("live")[0] == "two"
    assert differences(after, small.running(after)) == []
    assert not_reread(after, second) == ()
    told = small.running(after).facts()
    assert told["Alias"] == f"code {second.parts['code'].deployed}, version 2"
    assert told["Machine"] == f"definition {second.parts['flow'].deployed}"


def test_a_pinned_alias_stays_while_the_new_version_is_published(small: Small) -> None:
    second = small.content("two", b"model 1")
    text, wanted = small.wanted(second)
    held = pinned(text, {"Alias": "1"})
    small.bring_to(held, small.given(second))
    assert small.answers("live")[0] == "one" and small.answers("2")[0] == "two"
    assert differences(expected(held, small.given(second), second), small.running(wanted)) == []
    found = differences(wanted, small.running(wanted))
    old = small.content("one", b"model 1").parts["code"].deployed
    assert found == [
        f"code live runs sha256:{old[:12]} (version 1), "
        f"the release has sha256:{second.parts['code'].deployed[:12]}",
        "code live is at version 1, the release has version 2",
    ]
    weights = {"AdditionalVersionWeights": {"2": 0.1}}
    request = {"FunctionName": small.function, "Name": "live", "FunctionVersion": "1"}
    small.aws.call("lambda", "update_alias", RoutingConfig=weights, **request)
    assert "alias code live still sends 10% to version 2" in differences(wanted, small.running(wanted))


def test_going_back_publishes_the_old_content_anew(small: Small) -> None:
    first, second = small.content("one", b"model 1"), small.content("two", b"model 1")
    for content in (second, first):
        text, wanted = small.wanted(content)
        small.bring_to(text, small.given(content))
    assert small.answers("live")[0] == "one" and small.running(wanted).seen["Alias"].facts["version"] == "3"
    assert differences(wanted, small.running(wanted)) == []


BAD = """
  Bad:
    Type: AWS::IAM::Policy
    DependsOn: Alias
    Properties: {PolicyName: p, PolicyDocument: {Statement: []}, Roles: [no-such-role]}
"""


def test_what_an_update_that_failed_had_published_is_gone_and_can_be_published_again(small: Small) -> None:
    second = small.content("two", b"model 1")
    text, wanted = small.wanted(second)
    small.propose(text.replace("Outputs:", f"{BAD}Outputs:"), small.given(second))
    assert small.execute() == "UPDATE_ROLLBACK_COMPLETE"
    assert differences(wanted, small.running(wanted))[0] == "the stack is UPDATE_ROLLBACK_COMPLETE"
    listed = small.aws.call("lambda", "list_versions_by_function", FunctionName=small.function)
    assert [version["Version"] for version in listed["Versions"]] == ["$LATEST", "1"]
    assert small.answers("live")[0] == "one"
    small.bring_to(text, small.given(second))
    assert small.answers("live")[0] == "two" and differences(wanted, small.running(wanted)) == []


def test_what_somebody_changed_by_hand_is_told(small: Small) -> None:
    content = small.content("one", b"model 1")
    _, wanted = small.wanted(content)
    assert small.drift() == []
    assert "AWS::Lambda::Alias" in not_checked(small.aws, small.name)
    change: dict[str, Any] = {"Timeout": 77, "Environment": {"Variables": {"MODEL": "s3://other/model"}}}
    small.aws.call("lambda", "update_function_configuration", FunctionName=small.function, **change)
    meant = f"s3://{BUCKET}/{content.parts['model'].key}"[:79] + "…"
    assert set(small.drift()) == {
        "Function (AWS::Lambda::Function): /Timeout is 77, the template has 10",
        "Function (AWS::Lambda::Function): /Environment/Variables/MODEL is s3://other/model, "
        f"the template has {meant}",
    }
    assert any(
        "has environment MODEL s3://other/model" in line
        for line in differences(wanted, small.running(wanted))
    )


def test_a_resource_that_was_deleted_by_hand_is_missed(small: Small) -> None:
    _, wanted = small.wanted(small.content("one", b"model 1"))
    small.aws.call("lambda", "delete_function", FunctionName=small.function)
    assert "Function (AWS::Lambda::Function) was deleted" in small.drift()
    assert differences(wanted, small.running(wanted))[0] == "code (Function) is not there"


def test_a_replaced_log_group_is_refused(small: Small) -> None:
    first = small.content("one", b"model 1")
    text, _ = small.wanted(first)
    small.propose(text, small.given(first, Group="second"))
    [line] = refused(small.changes, {"Log"})[:1]
    assert line.startswith("Logs (AWS::Logs::LogGroup) ") and "replaced" in line
    assert refused(small.changes, {"Logs"}) == []


def test_a_stack_that_is_not_there_runs_nothing(aws: Aws) -> None:
    found = differences((), read_running(aws, "no-such-stack", ()))
    assert found == ["there is no stack no-such-stack"]


SERVICE = """
Resources:
  Cluster: {Type: AWS::ECS::Cluster}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {Family: parts, ContainerDefinitions: [{Name: main, Image: IMAGE, Memory: 64}]}
  Service:
    Type: AWS::ECS::Service
    Properties: {Cluster: !Ref Cluster, TaskDefinition: !Ref Task, DesiredCount: 0}
"""


def test_a_service_is_read_back_and_its_other_task_definition_found(aws: Aws) -> None:
    small = Small(aws, "parts-service")
    image, other = (f"registry.test/app@sha256:{digit * 64}" for digit in "12")
    content = Content(small.name, "0" * 64, {}, {"stack": part("stack", "stack", b"")})
    wanted = expected(SERVICE.replace("IMAGE", image), {}, content)
    small.bring_to(SERVICE.replace("IMAGE", image), {})
    assert differences(wanted, small.running(wanted)) == []
    container = {"name": "main", "image": other, "memory": 64}
    made = aws.call("ecs", "register_task_definition", family="parts", containerDefinitions=[container])
    there = small.running(()).physical
    task = made["taskDefinition"]["taskDefinitionArn"]
    aws.call("ecs", "update_service", cluster=there["Cluster"], service=there["Service"], taskDefinition=task)
    assert differences(wanted, small.running(wanted)) == [
        f"Service runs app@sha256:{'2' * 12}, the release has app@sha256:{'1' * 12}"
    ]
    aws.call("cloudformation", "delete_stack", StackName=small.name)
