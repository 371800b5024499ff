"""A failed deployment in a real sandbox: the message that arrives, the evidence that is collected."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from runner.adapters.aws import Aws
from runner.adapters.redact import Redactor
from runner.adapters.secret_names import Secret
from runner.incident import Finding, Incident
from runner.incident.channels import Topic
from runner.incident.tell import Tools, tell
from runner.model import Status
from runner.stages.stack_deploy import StackFailed, StackPlan, Stacks

pytestmark = pytest.mark.integration

SECRET = "correct-horse-battery"
ROLE = "arn:aws:iam::000000000000:user/lockgate-sandbox"  # whom ministack's CloudTrail names
CODE = f"""
def handler(event, context):
    print("the password is {SECRET}")
    print("two\\nlines")
    raise ValueError("the model is gone")
"""
TEMPLATE = {
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Statement": []}},
        },
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "incident-fn", "Runtime": "python3.12", "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Code": {"ZipFile": CODE},
            },
        },
    }
}  # fmt: skip
BROKEN = {
    "Resources": {
        "Policy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "p", "PolicyDocument": {"Statement": []}, "Roles": ["no-such-role"]},
        }
    }
}


@pytest.fixture(scope="module")
def failed(sandbox) -> Incident:
    """A function that raised, a stack that was rolled back, a task that was stopped."""
    from runner.adapters.aws import sandbox_target

    aws, start = Aws(sandbox_target(sandbox.url)), datetime.now(UTC)
    stacks = Stacks(aws, poll=0.05, say=lambda line: None)
    stacks.deploy(StackPlan("incident-fn-stack", json.dumps(TEMPLATE), {}, {}))
    assert aws.invoke("incident-fn", {}).error
    with pytest.raises(StackFailed):
        stacks.deploy(StackPlan("incident-stack", json.dumps(BROKEN), {}, {}))
    return Incident(
        "deploy", "r2", "flights", Status.FAILED, "Policy (AWS::IAM::Policy): no such role", start,
        datetime.now(UTC) + timedelta(seconds=1), "c" * 40, "stack", "prod", "2026.11.23-2",
        failed=(Finding("stack", "Policy", Status.FAILED, "no such role", "missing", "present"),),
        stack="incident-stack", role=ROLE, tasks=(stopped_task(aws),),
        log_groups=("/aws/lambda/incident-fn", "/aws/lambda/gone"),
    )  # fmt: skip


def stopped_task(aws: Aws) -> str:
    """A task that somebody stopped before it began: no container is started for it."""
    aws.call("ecs", "create_cluster", clusterName="incident")
    container = {"name": "c", "image": "none/such@sha256:" + "0" * 64, "memory": 64}
    aws.call("ecs", "register_task_definition", family="incident", containerDefinitions=[container])
    override = {"containerOverrides": [{"name": "c", "environment": [{"name": "A_TOKEN", "value": SECRET}]}]}
    task = aws.call("ecs", "run_task", cluster="incident", taskDefinition="incident", overrides=override)
    arn = str(task["tasks"][0]["taskArn"])
    aws.call("ecs", "stop_task", cluster="incident", task=arn, reason="the deployment was cancelled")
    return arn


@pytest.fixture
def topic(aws: Aws) -> tuple[str, str]:
    """A topic, and the queue in which its messages arrive."""
    arn = aws.call("sns", "create_topic", Name="failures")["TopicArn"]
    url = aws.call("sqs", "create_queue", QueueName="inbox")["QueueUrl"]
    asked = {"QueueUrl": url, "AttributeNames": ["QueueArn"]}
    queue = aws.call("sqs", "get_queue_attributes", **asked)["Attributes"]["QueueArn"]
    aws.call("sns", "subscribe", TopicArn=arn, Protocol="sqs", Endpoint=queue)
    return arn, url


def test_one_message_arrives_with_cause_limits_and_links(aws, failed, topic, tmp_path):
    arn, url = topic
    redactor = Redactor([Secret("DB_PASSWORD", SECRET)])
    told = tell(failed, Tools((Topic(aws, arn),), tmp_path, redactor, aws))
    assert (told.sent, told.unsent) == (("SNS topic failures",), ())

    received = aws.call("sqs", "receive_message", QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert len(received) == 1
    message = json.loads(received[0]["Body"])
    assert message["Subject"].startswith("FAILED deploy of flights to prod at stack: Policy")
    for expected in (
        "c" * 40,
        "prod",
        "2026.11.23-2",
        "measured missing, limit present",
        str(tmp_path),
        failed.dedup,
    ):
        assert expected in message["Message"]
    assert message["MessageAttributes"]["dedup"]["Value"] == failed.dedup


def test_the_evidence_has_each_source_and_says_what_it_lacks(aws, failed, tmp_path):
    redactor = Redactor([Secret("DB_PASSWORD", SECRET)])
    told = tell(failed, Tools((), tmp_path, redactor, aws))
    raw = (tmp_path / "incident.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    index = json.loads(files["index.json"])
    outcomes = {s["source"]: (s["outcome"], s["why"]) for s in index["sources"]}

    log = next(text for name, text in files.items() if name.startswith("logs/aws-lambda-incident-fn"))
    assert "the model is gone" in log
    assert "the password is [redacted DB_PASSWORD]" in log
    assert not any(SECRET in text for text in files.values())
    assert outcomes["logs"] == (
        "partial",
        "/aws/lambda/gone: The specified log group does not exist: /aws/lambda/gone",
    )

    events = [json.loads(line) for line in files["stack-events.jsonl"].splitlines()]
    assert any(
        e["LogicalResourceId"] == "Policy" and "no-such-role" in e.get("ResourceStatusReason", "")
        for e in events
    )
    trail = [json.loads(line)["eventName"] for line in files["cloudtrail.jsonl"].splitlines()]
    assert {"CreateCluster", "StopTask"} <= set(trail), (
        "those of the JSON protocol: ministack names no others"
    )
    # Whichever came first, that it was cancelled or that an engine found no such image: what ECS says.
    task = json.loads(files["ecs-tasks.jsonl"])
    (stopped,) = aws.call("ecs", "describe_tasks", cluster="incident", tasks=list(failed.tasks))["tasks"]
    assert task["stoppedReason"] and task["stoppedReason"] == stopped["stoppedReason"]
    assert "overrides" not in task
    assert outcomes["xray"][0] == "failed", "the sandbox has no X-Ray, and that is said"
    assert any(line.startswith("evidence lacks xray: ") for line in told.lines())
    assert outcomes["files"] == ("nothing", "")
