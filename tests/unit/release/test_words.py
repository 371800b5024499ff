from __future__ import annotations

from typing import Any

import boto3
import pytest
from helpers.aws_model import problems

from runner.release.stateful import STATEFUL, refused
from runner.release.words import with_nested, words

MODEL = boto3.client("cloudformation", region_name="us-east-1").meta.service_model
TYPES = {"Bucket": "AWS::S3::Bucket", "Role": "AWS::IAM::Role", "Inner": "AWS::CloudFormation::Stack"}
ID = "arn:aws:cloudformation:us-east-1:000000000000:changeSet/inner/1"


RETAINED = {"Replacement": "True", "PolicyAction": "ReplaceAndRetain"}


def change(action: str, name: str, **more: Any) -> dict[str, Any]:
    """A change as DescribeChangeSet gives it, held against its model."""
    kind = TYPES.get(name, "AWS::Lambda::Function")
    made = {
        "Type": "Resource",
        "ResourceChange": {"Action": action, "LogicalResourceId": name, "ResourceType": kind, **more},
    }
    wrong = problems(MODEL.shape_for("Change"), made)
    assert not wrong, wrong
    return made


def detail(
    name: str, evaluation: str = "Static", attribute: str = "Properties", again: str = "Never"
) -> dict[str, Any]:
    target = {"Attribute": attribute, "RequiresRecreation": again}
    return {"Target": {**target, **({"Name": name} if name else {})}, "Evaluation": evaluation}


MANY = [
    detail("Code"),
    detail("Code", "Dynamic"),
    detail("Role", "Dynamic"),
    detail("Role"),
    detail("", attribute="Tags"),
]


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (change("Add", "F"), "added           F (AWS::Lambda::Function)"),
        (change("Import", "F"), "imported        F (AWS::Lambda::Function)"),
        (change("Remove", "F"), "deleted         F (AWS::Lambda::Function)"),
        (
            change("Remove", "F", PolicyAction="Retain"),
            "left behind     F (AWS::Lambda::Function): it stays, outside the stack",
        ),
        (
            change("Remove", "F", PolicyAction="Snapshot"),
            "deleted         F (AWS::Lambda::Function): a snapshot is kept",
        ),
        (
            change("Modify", "F", Replacement="False", Details=[detail("Timeout"), detail("Code")]),
            "changed         F (AWS::Lambda::Function): Code, Timeout change",
        ),
        (
            change("Modify", "F", **RETAINED, Details=[detail("FunctionName")]),
            "replaced        F (AWS::Lambda::Function): FunctionName changes; the old one is left behind",
        ),
        (
            change("Modify", "F", Replacement="Conditional", Details=[detail("Role", "Dynamic")]),
            "may be replaced F (AWS::Lambda::Function): Role may change; "
            "whether it is replaced is decided while it is updated",
        ),
        (
            change("Modify", "F", Replacement="False", Details=MANY),
            "changed         F (AWS::Lambda::Function): Code, Role, Tags change",
        ),
        (
            change("Dynamic", "F"),
            "may change      F (AWS::Lambda::Function): how is decided while it is updated",
        ),
        (
            change("Modify", "Inner", Replacement="False"),
            "changed         Inner (AWS::CloudFormation::Stack): what changes within it is not shown",
        ),
    ],
)  # fmt: skip
def test_each_change_is_a_line(made: dict[str, Any], line: str) -> None:
    assert words([made]) == [line]


def test_what_could_lose_something_comes_first() -> None:
    made = [change("Add", "A"), change("Modify", "B", Replacement="False"), change("Remove", "C")]
    assert [line.split()[1] for line in words(made)] == ["C", "B", "A"]


def test_a_change_that_does_not_say_whether_it_replaces_is_judged_by_its_details() -> None:
    quiet = change("Modify", "F", Details=[detail("Code")])
    loud = change("Modify", "F", Details=[detail("Code"), detail("Name", again="Always")])
    assert words([quiet])[0].startswith("changed ")
    assert words([loud])[0].startswith("may be replaced ")
    assert words([change("Modify", "F")])[0].startswith("may be replaced ")


def test_a_nested_stacks_changes_are_told_by_its_name() -> None:
    nested = {ID: [change("Remove", "Bucket"), change("Modify", "Inner", Replacement="False")]}
    outer = [change("Modify", "Inner", Replacement="False", ChangeSetId=ID)]
    flat = with_nested(outer, nested)
    assert words(flat)[0] == "deleted         Inner/Bucket (AWS::S3::Bucket)"
    assert "Inner (AWS::CloudFormation::Stack)" in words(flat)[2] and len(flat) == 3
    assert refused(flat, ()) == ["Inner/Bucket (AWS::S3::Bucket) would be deleted"]
    assert refused(flat, {"Inner/Bucket"}) == []


def test_change_sets_that_name_each_other_end() -> None:
    inner = change("Modify", "Inner", Replacement="False", ChangeSetId=ID)
    assert len(with_nested([inner], {ID: [inner]})) == 2


def test_names_cannot_repaint_a_terminal() -> None:
    made = {"ResourceChange": {"Action": "Add", "LogicalResourceId": "A\x1b[2J\nB", "ResourceType": "T\r"}}
    assert words([made]) == ["added           A B (T)"]


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (change("Modify", "Bucket", Replacement="True"), "would be replaced by an empty one"),
        (change("Modify", "Bucket", **RETAINED), "would be replaced by an empty one"),
        (change("Modify", "Bucket", Replacement="Conditional"), "may be replaced by an empty one"),
        (change("Modify", "Bucket"), "may be replaced by an empty one"),
        (change("Remove", "Bucket"), "would be deleted"),
        (change("Remove", "Bucket", PolicyAction="Delete"), "would be deleted"),
        (change("Dynamic", "Bucket"), "may be replaced or deleted"),
    ],
)  # fmt: skip
def test_what_would_lose_data_is_refused_unless_it_is_named(made: dict[str, Any], why: str) -> None:
    assert refused([made], ()) == [f"Bucket (AWS::S3::Bucket) {why}"]
    assert refused([made], {"Bucket"}) == []


@pytest.mark.parametrize(
    "made",
    [
        change("Add", "Bucket"),
        change("Modify", "Bucket", Replacement="False"),
        change("Remove", "Bucket", PolicyAction="Retain"),
        change("Remove", "Bucket", PolicyAction="Snapshot"),
        change("Remove", "Role"),
        change("Modify", "Role", Replacement="True"),
    ],
)
def test_what_loses_nothing_is_not(made: dict[str, Any]) -> None:
    assert refused([made], ()) == []


def test_a_name_that_fits_none_is_asked_about() -> None:
    made = [change("Remove", "Bucket")]
    assert refused(made, {"Buckett", "zzz"})[1:] == [
        "'Buckett' is none of those that would be lost: did you mean Bucket?",
        "'zzz' is none of those that would be lost",
    ]
    assert refused([], {"Buckett"}) == []


def test_what_holds_data_is_on_the_list() -> None:
    kinds = {
        "S3::Bucket",
        "DynamoDB::Table",
        "RDS::DBInstance",
        "Redshift::Cluster",
        "KMS::Key",
        "SQS::Queue",
    }
    kinds |= {"Logs::LogGroup", "Glue::Table", "ECR::Repository", "SageMaker::ModelPackageGroup"}
    assert {f"AWS::{kind}" for kind in kinds} <= STATEFUL


def test_the_list_misspells_nothing_and_holds_what_cfn_lint_calls_stateful() -> None:
    from cfnlint.helpers import load_resource
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    known = set(PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1"))
    listed = set(load_resource("cfnlint.data.AdditionalSpecs", "StatefulResources.json")["ResourceTypes"])
    assert known >= STATEFUL >= listed and len(listed) > 20
