from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from runner.components.packaging import Packaged, packaged
from runner.config.schema import Solution, Stack
from runner.errors import SolutionError

COMPONENTS: dict[str, Any] = {
    "features": {"kind": "lambda-zip", "source": "src/features", "handler": "app.handler"},
    "train-job": {"kind": "definition", "path": "glue/train.py", "format": "glue-script"},
    "flow": {"kind": "definition", "path": "infra/flow.json", "format": "state-machine"},
    "server": {"kind": "image", "dockerfile": "src/server/Dockerfile"},
    "child": {"kind": "stack", "template": "infra/child.yml"},
    "busy": {"kind": "stack", "template": "infra/busy.yml", "package": ["features"]},
}
ALL = ["features", "train-job", "flow", "server", "child", "busy"]
TEMPLATE = """\
# A comment that stays.
Parameters:
  Own: {Type: String}
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Code: ../src/features   # local
      Role: !GetAtt Role.Arn
  Job:
    Type: AWS::Glue::Job
    Properties:
      Command: {Name: glueetl, ScriptLocation: "../glue/train.py"}
  Flow: {Type: AWS::StepFunctions::StateMachine, Properties: {DefinitionS3Location: flow.json}}
  Server:
    Type: AWS::SageMaker::Model
    Properties:
      PrimaryContainer:
        Image: ../src/server/Dockerfile
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./child.yml
"""


class Loader(yaml.SafeLoader):
    """Short forms as (tag, value)."""


Loader.add_multi_constructor("!", lambda loader, tag, node: (tag, node.value))


def pack(text: str, package: list[str] = ALL, path: str = "infra/stack.yml") -> Packaged:
    stack = Stack(kind="stack", template=path, package=tuple(package))
    solution = Solution.model_validate(
        {"solution": "s", "stages": {"unit": {"kind": "unit"}}, "components": COMPONENTS}
    )
    return packaged(text, path, stack, solution.components)


def resources(text: str) -> Any:
    return yaml.load(text, Loader)["Resources"]  # noqa: S506  a safe loader


def test_each_path_becomes_its_component_and_the_rest_stays() -> None:
    found = pack(TEMPLATE)
    made = resources(found.text)
    assert made["Fn"]["Properties"]["Code"] == {
        "S3Bucket": {"Ref": "LockgateBucket"},
        "S3Key": {"Ref": "LockgateFeaturesKey"},
    }
    script = made["Job"]["Properties"]["Command"]["ScriptLocation"]
    assert script == {"Fn::Sub": "s3://${LockgateBucket}/${LockgateTrainJobKey}"}
    assert made["Flow"]["Properties"]["DefinitionS3Location"] == {
        "Bucket": {"Ref": "LockgateBucket"},
        "Key": {"Ref": "LockgateFlowKey"},
    }
    assert made["Server"]["Properties"]["PrimaryContainer"]["Image"] == {"Ref": "LockgateServerImage"}
    assert made["Child"]["Properties"]["TemplateURL"] == {"Ref": "LockgateChildUrl"}
    assert found.parameters == {
        "LockgateBucket": "${bucket}",
        "LockgateFeaturesKey": "${features.key}",
        "LockgateTrainJobKey": "${train-job.key}",
        "LockgateFlowKey": "${flow.key}",
        "LockgateServerImage": "${server.image}",
        "LockgateChildUrl": "${child.url}",
    }
    assert yaml.load(found.text, Loader)["Parameters"].keys() == {"Own", *found.parameters}  # noqa: S506
    assert made["Fn"]["Properties"]["Role"] == ("GetAtt", "Role.Arn")
    assert "# A comment that stays." in found.text and "# local" in found.text


def test_lines_are_those_of_the_author() -> None:
    found = pack(TEMPLATE)
    told = [found.line(n) for n, text in enumerate(found.text.splitlines(), 1) if "# local" in text]
    assert told == [8]
    assert found.line(1) == 1 and {found.line(n) for n in range(1, 30)} <= set(range(1, 25))


@pytest.mark.parametrize(
    "head",
    [
        "",
        "Parameters: {}\n",
        "Parameters: {Own: {Type: String}}\n",
        "---\n",
        "Parameters:\n    Own:\n        Type: String\n",
        "Description: é\n",
    ],
)
def test_parameters_are_declared_wherever_there_is_room(head: str) -> None:
    text = head + "Resources: {Fn: {Type: AWS::Lambda::Function, Properties: {Code: ../src/features}}}\n"
    made = yaml.safe_load(pack(text).text)
    own = {"Own"} if "Own" in head else set()
    assert made["Parameters"].keys() == own | {"LockgateBucket", "LockgateFeaturesKey"}
    assert made["Resources"]["Fn"]["Properties"]["Code"]["S3Key"] == {"Ref": "LockgateFeaturesKey"}


@pytest.mark.parametrize("indent", [None, 2])
def test_a_template_in_json_stays_json(indent: int | None) -> None:
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": "../src/features"}}
    text = json.dumps({"Resources": {"Fn": function}}, indent=indent)
    made = json.loads(pack(text, path="infra/stack.json").text)
    assert made["Resources"]["Fn"]["Properties"]["Code"]["S3Bucket"] == {"Ref": "LockgateBucket"}


@pytest.mark.parametrize(
    "value",
    [
        "{S3Bucket: b, S3Key: k}",
        "!Ref Code",
        '{ZipFile: "x"}',
        "{ImageUri: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/x:1}",
        "",
    ],
)
def test_what_is_no_path_is_left_alone(value: str) -> None:
    text = f"Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: {value}\n"
    assert pack(text) == Packaged(text)


def test_a_remote_script_is_left_alone() -> None:
    text = 'Resources: {J: {Type: AWS::Glue::Job, Properties: {Command: {ScriptLocation: "s3://b/k"}}}}'
    assert pack(text) == Packaged(text)


@pytest.mark.parametrize(
    "text", ["", "[]", "a: 1", "Resources: []", "Resources: {A: 1}", "Resources: {A: {Type: []}}"]
)
def test_what_is_no_template_is_the_linters(text: str) -> None:
    assert pack(text) == Packaged(text)


def test_the_same_template_gives_the_same_bytes_whatever_was_built() -> None:
    assert pack(TEMPLATE).text == pack(TEMPLATE, package=ALL[::-1]).text
    assert "sha256" not in pack(TEMPLATE).text


@pytest.mark.parametrize(
    ("value", "package", "told"),
    [
        ("../src/nothing", ALL, "line 5: '../src/nothing' is no component's source"),
        ("../src/features", [], "is 'features', which `package` does not name"),
        ("../../../etc", ALL, "is no component's source"),
    ],
)
def test_a_path_that_nobody_builds_is_refused(value: str, package: list[str], told: str) -> None:
    text = f"Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: {value}\n"
    with pytest.raises(SolutionError) as error:
        pack(text, package)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Parameters: {LockgateBucket: {Type: String}}\n", "declares LockgateBucket itself"),
        ("Parameters: 3\n", "no mapping"),
    ],
)
def test_parameters_that_are_in_the_way(text: str, told: str) -> None:
    fn = "Resources: {Fn: {Type: AWS::Lambda::Function, Properties: {Code: ../src/features}}}\n"
    with pytest.raises(SolutionError, match=told):
        pack(text + fn)


def test_a_nested_template_has_no_paths_of_its_own() -> None:
    text = "Resources: {C: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: busy.yml}}}\n"
    with pytest.raises(SolutionError, match="packages components itself"):
        pack(text)
