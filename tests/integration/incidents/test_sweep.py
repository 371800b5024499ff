"""What a run that was killed leaves in a sandbox, and `lockgate sweep` over it, by main(argv)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from helpers.project import minimal, write

from runner.adapters.aws import Aws
from runner.cli import main
from runner.sandbox.process import Sandbox
from runner.stages.stack_deploy import StackPlan, Stacks

pytestmark = pytest.mark.integration

OLD, YOUNG = "20200101T000000Z-abcdef", f"{datetime.now(UTC) - timedelta(minutes=1):%Y%m%dT%H%M%SZ}-abcdef"
TEMPLATE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    DeletionPolicy: Retain
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}
  Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties: {VersioningConfiguration: {Status: Enabled}}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {ZipFile: "def handler(event, context): return event"}
"""


def tags(run: str, **other: str) -> dict[str, str]:
    return {"lockgate:solution": "tiny", "lockgate:run": run, "lockgate:purpose": "test", **other}


def pairs(given: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in given.items()]


@pytest.fixture
def root(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOCKGATE_SANDBOX_URL", sandbox.url)
    return write(tmp_path / "tiny", minimal())


def leak(aws: Aws, name: str, given: dict[str, str]) -> str:
    """A stack that nobody removes, with two versions of an object in its bucket; the bucket's name."""
    stacks = Stacks(aws, poll=0.05, say=lambda line: None)
    stacks.deploy(StackPlan(name, TEMPLATE, {}, given))
    found = {r.name: r.physical for r in stacks.resources(stacks.describe(name)["StackId"])}  # type: ignore[index]
    for body in (b"1", b"2"):
        aws.call("s3", "put_object", Bucket=found["Bucket"], Key="k", Body=body)
    return found["Bucket"]


def single(aws: Aws, name: str, given: dict[str, str]) -> None:
    """A bucket, a role and a queue that belong to no stack."""
    aws.call("s3", "create_bucket", Bucket=name)
    aws.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": pairs(given)})
    aws.call("sqs", "create_queue", QueueName=name, tags=given)
    aws.call("iam", "create_role", RoleName=name, AssumeRolePolicyDocument="{}", Tags=pairs(given))


def there(aws: Aws) -> set[str]:
    """The names of all stacks, buckets, queues and roles."""
    stacks = aws.call("cloudformation", "describe_stacks")["Stacks"]
    queues = aws.call("sqs", "list_queues").get("QueueUrls", ())
    return {
        *(s["StackName"] for s in stacks),
        *(b["Name"] for b in aws.call("s3", "list_buckets")["Buckets"]),
        *(url.rpartition("/")[2] for url in queues),
        *(r["RoleName"] for r in aws.call("iam", "list_roles")["Roles"]),
    }


def sweep(root: Path, capfd: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, object]]:
    capfd.readouterr()
    code = main(["sweep", "--solution", str(root), "--json", *more])
    return code, json.loads(capfd.readouterr().out)


def test_what_a_killed_run_left_goes_and_nothing_else(aws, root, capfd):
    leak(aws, "tiny-test-old", tags(OLD))
    single(aws, "tiny-test-stray", tags(OLD))
    single(aws, "tiny-test-busy", tags(YOUNG))
    single(aws, "tiny-test-prod", tags(OLD, **{"lockgate:purpose": "production"}))
    single(aws, "tiny-test-other", tags(OLD, **{"lockgate:solution": "other"}))
    single(aws, "tiny-test-untagged", {})
    before = there(aws)

    code, told = sweep(root, capfd)
    assert (code, told["dry_run"], there(aws)) == (0, True, before), "a dry run removes nothing"
    assert [s["name"] for s in told["plan"]["stacks"]] == [], "a stack that was touched just now is at work"

    code, told = sweep(root, capfd, "--older-than", "0m", "--yes")
    assert code == 0, told
    swept = {n for n in before if n.startswith(("tiny-test-old", "tiny-test-stray", "tiny-test-busy"))}
    assert len(swept) == 3 + 1 + 1, "stack, bucket, role; and the names of what is single"
    assert there(aws) == before - swept
    assert sweep(root, capfd, "--older-than", "0m", "--yes")[1]["removed"] == []
