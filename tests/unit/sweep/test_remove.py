"""Carrying a plan out against an AWS that changes meanwhile, or refuses."""

from __future__ import annotations

import pytest
from helpers.incidents import Answers

from runner.adapters.aws import AwsError
from runner.stages.stack_deploy import Stacks
from runner.sweep import PURPOSE, RUN, SOLUTION
from runner.sweep.plan import Item, SweepPlan
from runner.sweep.remove import BY_HAND, REMOVERS, remove

TAGS = [{"Key": k, "Value": v} for k, v in {PURPOSE: "test", SOLUTION: "flights", RUN: "r1"}.items()]
LISTED = "resourcegroupstaggingapi:get_resources"
WRITES = ("delete", "remove", "detach", "empty")
ARNS = {
    "lambda:function:f": "delete_function", "states:stateMachine:m": "delete_state_machine",
    "events:rule/bus/r": "delete_rule", "cloudwatch:alarm:a": "delete_alarms", "sqs:q": "delete_queue",
    "sns:t": "delete_topic", "dynamodb:table/t": "delete_table", "s3:b": "delete_bucket",
    "secretsmanager:secret:s-AbCdEf": "delete_secret", "logs:log-group:/g:*": "delete_log_group",
    "iam:role/path/r": "delete_role",
}  # fmt: skip


def item(kind_and_name: str) -> Item:
    kind, _, name = kind_and_name.partition(":")
    return Item(kind, name, f"arn:aws:{kind}:r:1:{name}", "r1", "flights")


STACK = Item("stack", "s", "arn:stack", "r1", "flights")


def answers(tags=TAGS, **more):
    listed = {"ResourceTagMappingList": [{"Tags": tags}]}
    fixed = {
        LISTED: listed, "iam:list_role_tags": tags, "iam:list_role_policies": {"PolicyNames": ["p"]},
        "iam:list_attached_role_policies": [{"PolicyArn": "arn:p"}],
        "events:list_targets_by_rule": [{"Id": "1"}],
        "sqs:get_queue_url": {"QueueUrl": "https://q"},
    }  # fmt: skip
    return Answers({**fixed, **{name.replace("__", ":"): value for name, value in more.items()}})


def run(aws, *resources, stacks=()):
    said = []
    done = remove(Stacks(aws, poll=0, timeout=0), SweepPlan(stacks, resources, ()), said.append)
    return done, said


def writes(aws) -> list[str]:
    return [name.partition(":")[2] for name, _ in aws.calls if name.partition(":")[2].startswith(WRITES)]


@pytest.mark.parametrize(("arn", "operation"), ARNS.items())
def test_each_kind_is_removed_in_its_own_way(arn, operation):
    aws = answers()
    done, said = run(aws, item(arn))
    assert [(one.outcome, one.why) for one in done] == [("removed", "")]
    assert writes(aws)[-1] == operation
    assert said == [f"removed  {item(arn).kind} {item(arn).name}"]


def test_every_kind_is_tried_here():
    assert {start for start in REMOVERS if any(arn.startswith(start) for arn in ARNS)} == set(REMOVERS)


@pytest.mark.parametrize(
    ("arn", "name"), [("logs:log-group:/g:*", "/g"), ("iam:role/path/r", "r"), ("sqs:q", "q")]
)
def test_names_are_those_of_the_service(arn, name):
    aws = answers()
    run(aws, item(arn))
    assert any(name in arguments.values() for _, arguments in aws.calls)


def test_a_role_goes_without_its_policies_and_a_rule_without_its_targets():
    aws = answers()
    run(aws, item("iam:role/r"), item("events:rule/r"))
    assert writes(aws) == [
        "detach_role_policy",
        "delete_role_policy",
        "delete_role",
        "remove_targets",
        "delete_rule",
    ]


@pytest.mark.parametrize("key", [PURPOSE, SOLUTION, RUN])
@pytest.mark.parametrize("arn", ["s3:b", "iam:role/r"])
def test_what_changed_hands_since_the_plan_stays(arn, key):
    other = [{**tag, "Value": "other"} if tag["Key"] == key else tag for tag in TAGS]
    aws = answers(tags=other)
    (done,), _ = run(aws, item(arn))
    assert (done.outcome, done.why) == ("failed", "its tags are others by now")
    assert writes(aws) == []


def test_what_is_gone_by_itself_is_removed():
    assert run(answers(**{LISTED: {"ResourceTagMappingList": []}}), item("s3:b"))[0][0].outcome == "removed"
    gone = AwsError("no such bucket", code="NoSuchBucket")
    assert run(answers(s3__delete_bucket=gone), item("s3:b"))[0][0].outcome == "removed"
    missing = AwsError("no such role", code="NoSuchEntity")
    assert run(answers(iam__list_role_tags=missing), item("iam:role/r"))[0][0].outcome == "removed"


@pytest.mark.parametrize(
    "error", [AwsError("not authorized", code="AccessDenied"), KeyError("x"), OSError(5, "io")]
)
def test_one_that_fails_is_told_and_keeps_no_other(error):
    done, said = run(answers(s3__delete_bucket=error), item("s3:b"), item("sns:t"), item("kafka:cluster/c"))
    assert [one.outcome for one in done] == ["failed", "removed", "failed"]
    assert done[0].why
    assert done[2].why == BY_HAND
    assert said[0].startswith("FAILED   s3 b: ")


def described(status="CREATE_COMPLETE", tags=TAGS):
    return {"Stacks": [{"StackId": "arn:stack", "StackStatus": status, "Tags": tags}]}


@pytest.mark.parametrize(
    ("told", "why"),
    [(described("UPDATE_IN_PROGRESS"), "changing by now"), (described(tags=TAGS[:2]), "others by now")],
)
def test_a_stack_that_came_to_life_or_changed_hands_stays(told, why):
    aws = answers(cloudformation__describe_stacks=told)
    (done,), _ = run(aws, stacks=(STACK,))
    assert why in done.why
    assert writes(aws) == []


def test_what_a_stack_retained_fails_it_unless_it_went_by_itself():
    event = {"LogicalResourceId": "Logs", "ResourceType": "AWS::Logs::LogGroup", "PhysicalResourceId": "/g",
             "ResourceStatus": "DELETE_SKIPPED", "EventId": "1"}  # fmt: skip

    def aws():
        deleted = iter([described(), described(), {"Stacks": []}])
        return answers(cloudformation__describe_stacks=lambda StackName: next(deleted),
                       cloudformation__describe_stack_events=[event])  # fmt: skip

    (alone,), _ = run(aws(), stacks=(STACK,))
    assert alone.why == "left behind: Logs (AWS::Logs::LogGroup)"
    both, _ = run(aws(), item("logs:log-group:/g:*"), stacks=(STACK,))
    assert [one.outcome for one in both] == ["removed", "removed"]
