"""Stacks against a scripted CloudFormation: what is the template's fault, and what is left behind."""

import pytest

from runner.adapters.aws import AwsError
from runner.errors import InfrastructureError
from runner.stages.stack_deploy import StackFailed, StackPlan, Stacks, stack_name
from runner.stages.stack_remove import remove_stack

PLAN = StackPlan("s-test-1", "{}", {"B": "2", "A": "1"}, {"lockgate:purpose": "test"})


class Script:
    """An Aws that answers from a table: 'service:operation' -> answer, error, or a list of them in turn."""

    def __init__(self, answers, events=()):
        self.answers, self.events, self.calls = dict(answers), list(events), []

    def call(self, service, operation, /, **arguments):
        self.calls.append((operation, arguments))
        answer = self.answers.get(operation, {})
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def pages(self, service, operation, field, /, **arguments):
        return self.events

    def empty_bucket(self, bucket):
        self.calls.append(("empty_bucket", bucket))


def stack(status, **more):
    return {"Stacks": [{"StackId": "id", "StackStatus": status, **more}]}


def event(name, kind, status, physical="p", reason=""):
    return {
        "EventId": f"{name}{status}",
        "LogicalResourceId": name,
        "ResourceType": kind,
        "ResourceStatus": status,
        "PhysicalResourceId": physical,
        "ResourceStatusReason": reason,
    }


GONE = AwsError("Stack with id x does not exist", code="ValidationError")
NO_FUNCTION = AwsError("gone", code="ResourceNotFoundException")
READY = {"describe_change_set": {"Status": "CREATE_COMPLETE"}}


def stacks(aws, **more):
    return Stacks(aws, poll=0.0, say=lambda line: None, **more)


def test_outputs_of_a_stack_that_came_up():
    outputs = [{"OutputKey": "Fn", "OutputValue": "arn"}]
    aws = Script(
        {**READY, "describe_stacks": [stack("CREATE_IN_PROGRESS"), stack("CREATE_COMPLETE", Outputs=outputs)]}
    )
    assert stacks(aws).deploy(PLAN) == {"Fn": "arn"}
    asked = dict(aws.calls)["create_change_set"]
    assert asked["ChangeSetType"] == "CREATE"
    assert asked["Parameters"][0] == {"ParameterKey": "A", "ParameterValue": "1"}
    assert asked["Tags"] == [{"Key": "lockgate:purpose", "Value": "test"}]


def failing(reason):
    events = [  # newest first, as CloudFormation tells them
        event("Late", "AWS::X::Y", "CREATE_FAILED", reason="Resource creation cancelled"),
        event("Fn", "AWS::Lambda::Function", "CREATE_FAILED", reason=reason),
        event("Early", "AWS::X::Y", "CREATE_FAILED", reason="Resource creation cancelled"),
    ]
    return stacks(Script({**READY, "describe_stacks": stack("ROLLBACK_COMPLETE")}, events))


def test_the_first_resource_that_failed_of_itself_is_the_cause():
    with pytest.raises(StackFailed) as error:
        failing("Handler is\nwrong").deploy(PLAN)
    assert error.value.what == "Fn (AWS::Lambda::Function): Handler is wrong"


@pytest.mark.parametrize("begun", ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_what_failed_before_this_change_of_the_stack_is_no_cause_of_its(begun):
    kind = "AWS::CloudFormation::Stack"
    events = [  # newest first: a change long ago failed, too, and a nested stack began later than this one
        event("Fn", "AWS::Lambda::Function", "UPDATE_FAILED", reason="the new one"),
        {**event("Below", kind, "UPDATE_IN_PROGRESS", physical="another"), "StackId": "id"},
        {**event("s", kind, begun, physical="id"), "StackId": "id"},
        event("Old", "AWS::Lambda::Function", "UPDATE_FAILED", reason="Rate exceeded"),
    ]
    found = stacks(Script({}, events)).failure("s", "UPDATE_ROLLBACK_COMPLETE")
    assert isinstance(found, StackFailed)
    assert found.what == "Fn (AWS::Lambda::Function): the new one"


@pytest.mark.parametrize(
    "reason", ["Rate exceeded", "User: x is not authorized to perform: y", "Internal Failure"]
)
def test_the_worlds_fault_is_not_the_solutions(reason):
    with pytest.raises(InfrastructureError):
        failing(reason).deploy(PLAN)


@pytest.mark.parametrize(
    "answers",
    [
        {"create_change_set": AwsError("Template error", code="ValidationError")},
        {"describe_change_set": {"Status": "FAILED", "StatusReason": "Template error"}},
    ],
)
def test_a_refused_template_is_the_solutions_fault(answers):
    with pytest.raises(StackFailed, match="Template error"):
        stacks(Script({**READY, **answers})).deploy(PLAN)


def test_a_refused_right_is_not():
    with pytest.raises(AwsError):
        stacks(Script({"create_change_set": AwsError("no", code="AccessDenied")})).deploy(PLAN)


def test_a_stack_that_never_settles_is_given_up():
    aws = Script({**READY, "describe_stacks": stack("CREATE_IN_PROGRESS")})
    with pytest.raises(InfrastructureError, match="did not settle"):
        stacks(aws, timeout=0.01).deploy(PLAN)


def test_removing_what_is_not_there_is_done():
    aws = Script({"describe_stacks": GONE})
    assert remove_stack(stacks(aws), "s") == ""
    assert [operation for operation, _ in aws.calls] == ["describe_stacks"]


def removal(events, **answers):
    deleted = {"describe_stacks": [stack("CREATE_COMPLETE"), GONE], "get_function_configuration": NO_FUNCTION}
    return Script({**deleted, **answers}, events)


def test_buckets_are_emptied_first_and_versions_go_with_their_function():
    aws = removal(
        [
            event("V", "AWS::Lambda::Version", "DELETE_SKIPPED", "f:1"),
            event("F", "AWS::Lambda::Function", "DELETE_COMPLETE", "f"),
            event("B", "AWS::S3::Bucket", "DELETE_SKIPPED", "b"),
        ],
        head_bucket=AwsError("gone", code="404"),
    )
    assert remove_stack(stacks(aws), "s") == ""
    operations = [operation for operation, _ in aws.calls]
    assert (
        operations.index("empty_bucket")
        < operations.index("delete_stack")
        < operations.index("delete_bucket")
    )


@pytest.mark.parametrize(
    ("events", "answers", "told"),
    [
        ([event("B", "AWS::S3::Bucket", "DELETE_COMPLETE")], {"head_bucket": {}}, "B (AWS::S3::Bucket)"),
        (
            [event("F", "AWS::Lambda::Function", "DELETE_COMPLETE")],
            {"get_function_configuration": {}},
            "F (AWS::Lambda::Function)",
        ),
        ([event("T", "AWS::DynamoDB::Table", "DELETE_SKIPPED")], {}, "T (AWS::DynamoDB::Table)"),
    ],
)
def test_what_is_left_is_told(events, answers, told):
    assert remove_stack(stacks(removal(events, **answers)), "s") == f"left behind: {told}"


def test_a_stack_that_cannot_be_deleted_is_told():
    events = [event("R", "AWS::IAM::Role", "DELETE_FAILED", reason="in use")]
    aws = removal(events, describe_stacks=stack("DELETE_FAILED"))
    assert (
        remove_stack(stacks(aws), "s") == "stack s is still there: DELETE_FAILED: R (AWS::IAM::Role): in use"
    )


def test_a_right_that_is_missing_is_not_taken_for_gone():
    with pytest.raises(AwsError):
        remove_stack(
            stacks(removal([event("B", "AWS::S3::Bucket", "X")], head_bucket=AwsError("no", code="403"))), "s"
        )


@pytest.mark.parametrize(
    ("solution", "run", "expected"),
    [
        ("flights", "20260101T000000Z-ab12", "flights-test-20260101T000000Z-ab12"),
        ("flights", "a/b c_", "flights-test-a-b-c"),
        ("x" * 63, "r" * 100, "x" * 22 + "-test-" + "r" * 100),
    ],
)
def test_stack_names(solution, run, expected):
    assert stack_name(solution, run) == expected
    assert len(stack_name(solution, run)) <= 128


def test_cloudformation_makes_the_stack_as_the_role_it_is_given_and_as_the_caller_without_one():
    given = StackPlan("s-test-1", "{}", {}, {}, role="arn:aws:iam::1:role/stacks")
    assert given.request()["RoleARN"] == "arn:aws:iam::1:role/stacks"
    assert "RoleARN" not in PLAN.request()
