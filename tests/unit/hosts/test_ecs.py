"""What is asked of ECS, within its limits, and what counts as the end of a task: one thing alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from helpers.aws_model import problems
from helpers.remotes import remote
from hypothesis import given
from hypothesis import strategies as st

from runner.adapters.aws import Aws, AwsTarget, sandbox_target
from runner.config.schema import FargateHost
from runner.errors import InfrastructureError, UsageError
from runner.hosts.ecs import OVERRIDES, TaskLog, exit_code, resolve, task_request

MODEL = boto3.client("ecs", region_name="us-east-1").meta.service_model
TARGET = sandbox_target("http://127.0.0.1:4566")
PLACE = FargateHost(
    cluster="lockgate", task_definition="lockgate:3", subnets=("subnet-1",), bucket="results",
    security_groups=("sg-1",),
)  # fmt: skip
REAL = AwsTarget("real", "", "eu-west-1", "AWS: REAL")


def request(**fields: Any) -> dict[str, Any]:
    given = {"url": "s3://results/runs/r", "sha256": "a" * 64, "key": "k" * 64, "stage": "unit", **fields}
    return task_request(given.pop("place", PLACE), given.pop("remote", remote(target=TARGET)), **given)


# The request.


@pytest.mark.parametrize("target", [None, TARGET, REAL])
def test_the_request_is_one_that_ecs_takes(target: AwsTarget | None) -> None:
    asked = request(remote=remote(target=target))
    assert not problems(MODEL.operation_model("RunTask").input_shape, asked)
    assert (asked["launchType"], asked["count"]) == ("FARGATE", 1)
    assert len(asked["clientToken"]) <= 64
    assert len(asked["startedBy"]) <= 128


def test_a_real_task_gets_its_key_and_no_credentials() -> None:
    [override] = request(remote=remote(target=REAL))["overrides"]["containerOverrides"]
    assert [e["name"] for e in override["environment"]] == ["LOCKGATE_SEAL_KEY"]
    assert override["command"] == ["task", "stage", "--store", "s3://results/runs/r", "--job", "a" * 64]


def test_a_sandboxs_task_is_told_where_it_is_and_that_it_is_none_else() -> None:
    [override] = request()["overrides"]["containerOverrides"]
    environment = {e["name"]: e["value"] for e in override["environment"]}
    assert environment["LOCKGATE_SANDBOX_URL"] == TARGET.endpoint
    assert environment["LOCKGATE_AWS"] == "0"


def test_the_same_part_has_the_same_token_and_another_part_another() -> None:
    parts = [remote(part=p, target=TARGET) for p in ("", "1-of-2", "2-of-2")]
    parts += [replace(parts[0], run_id="other")]
    tokens = [request(remote=part, key=key * 64)["clientToken"] for part in parts for key in "kj"]
    assert len(set(tokens)) == 4
    assert tokens[::2] == tokens[1::2]
    assert request(stage="unit2")["clientToken"] not in tokens


@pytest.mark.parametrize(("length", "fits"), [(7_700, True), (8_192, False)])
def test_overrides_that_ecs_would_not_take_are_not_sent(length: int, fits: bool) -> None:
    url = "s3://results/" + "x" * length
    if fits:
        assert len(str(request(url=url)["overrides"])) < OVERRIDES
    else:
        with pytest.raises(InfrastructureError, match="ECS takes 8192"):
            request(url=url)


def test_long_names_are_cut_to_what_ecs_takes() -> None:
    asked = request(remote=remote(run_id="r" * 500, target=TARGET))
    assert not problems(MODEL.operation_model("RunTask").input_shape, asked)
    assert len(asked["startedBy"]) == 128


@pytest.mark.parametrize(("public", "said"), [(True, "ENABLED"), (False, "DISABLED")])
def test_a_public_address_only_where_asked_for(public: bool, said: str) -> None:
    network = request(place=PLACE.model_copy(update={"public_ip": public}))["networkConfiguration"]
    assert network["awsvpcConfiguration"]["assignPublicIp"] == said


# The end: the table of CONTRACTS, section 3.


def stopped(code: Any = 0, stop: str | None = "EssentialContainerExited", **fields: Any) -> dict[str, Any]:
    container = {"name": "lockgate", "exitCode": code, "lastStatus": "STOPPED"}
    container = {name: value for name, value in container.items() if value is not None}
    task = {"lastStatus": "STOPPED", "stopCode": stop, "containers": [container], **fields}
    return {name: value for name, value in task.items() if value is not None}


STOP_CODES = MODEL.shape_for("TaskStopCode").enum


@pytest.mark.parametrize(("code", "seen"), [(0, 0), (1, 1), (3, 3), (128, 128), (137, -9), (143, -15)])
def test_a_container_that_ended_by_itself(code: int, seen: int) -> None:
    assert exit_code(stopped(code), "lockgate") == (seen, "")


@pytest.mark.parametrize("stop", [s for s in STOP_CODES if s != "EssentialContainerExited"])
@pytest.mark.parametrize("code", [0, 1, 137, None])
def test_a_task_that_was_stopped_is_no_evidence_whatever_its_status(stop: str, code: int | None) -> None:
    seen, why = exit_code(stopped(code, stop, stoppedReason="Spot went away"), "lockgate")
    assert seen is None
    assert stop in why and "Spot went away" in why


STATUSES = (
    *("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING"),
    *("DELETED", "stopped", ""),
)
NO_END: dict[str, tuple[dict[str, Any], str]] = {
    "nothing known of it": ({}, "MISSING"),
    "no stop code": (stopped(stop=None), "no stopCode"),
    "an empty stop code": (stopped(stop=""), "no stopCode"),
    "no exit code": (stopped(None), "no exit code"),
    "true for an exit code": (stopped(True), "no exit code"),
    "false for an exit code": (stopped(False), "no exit code"),
    "text for an exit code": (stopped("0"), "no exit code"),
    "no containers": (stopped(containers=[]), "no exit code"),
    "no such container": (stopped(containers=[{"name": "sidecar", "exitCode": 0}]), "no exit code"),
    "a container without a name": (stopped(containers=[{"exitCode": 0}]), "no exit code"),
    **{f"still {status!r}": (stopped(lastStatus=status), status) for status in STATUSES},
}


@pytest.mark.parametrize("name", NO_END)
def test_anything_else_is_no_evidence(name: str) -> None:
    task, said = NO_END[name]
    seen, why = exit_code(task, "lockgate")
    assert seen is None
    assert said in why


def test_the_reason_why_an_image_could_not_be_pulled_is_told() -> None:
    container = {"name": "lockgate", "reason": "CannotPullContainerError: no such tag"}
    task = stopped(stop="TaskFailedToStart", stoppedReason="Task failed to start", containers=[container])
    assert "CannotPullContainerError: no such tag" in exit_code(task, "lockgate")[1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
TASKS = st.fixed_dictionaries(
    {},
    optional={
        "lastStatus": st.sampled_from(["STOPPED", "RUNNING"]),
        "stopCode": st.sampled_from([*STOP_CODES, "", "New"]),
        "containers": st.lists(
            st.fixed_dictionaries({}, optional={"name": st.sampled_from(["lockgate", "x"]), "exitCode": JSON})
        ),
        "stoppedReason": st.text(max_size=5),
    },
)


@given(TASKS)
def test_status_0_is_seen_only_where_it_stands(task: dict[str, Any]) -> None:
    seen, why = exit_code(task, "lockgate")
    assert (seen is None) == bool(why)
    if seen == 0:
        assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "EssentialContainerExited")
        first = next(c for c in task["containers"] if c.get("name") == "lockgate")
        assert first["exitCode"] == 0 and first["exitCode"] is not False


# Settings.


class Stacks:
    def __init__(self, outputs: dict[str, str]) -> None:
        self.outputs = [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()]

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        assert StackName == "road"
        return {"Stacks": [{"Outputs": self.outputs}]}


OUTPUTS = {
    "Cluster": "c", "TaskDefinition": "arn:td:7", "Container": "other", "Bucket": "b", "LogGroup": "/l",
    "Subnets": "subnet-1, subnet-2", "SecurityGroups": "sg-1",
}  # fmt: skip


def test_the_stack_says_what_the_settings_do_not() -> None:
    aws = Aws(TARGET, lambda service: Stacks(OUTPUTS))
    found = resolve(FargateHost(stack="road", bucket="mine"), aws)
    assert (found.cluster, found.task_definition, found.bucket) == ("c", "arn:td:7", "mine")
    assert (found.subnets, found.security_groups) == (("subnet-1", "subnet-2"), ("sg-1",))
    assert found.log_group == "/l"


def test_what_nobody_says_is_asked_for() -> None:
    with pytest.raises(UsageError, match="lacks cluster, task_definition, bucket, subnets") as refused:
        resolve(FargateHost(), Aws(TARGET, lambda service: Stacks({})))
    assert "infra/task.yml" in refused.value.hint


# The log: for the eye.


class Logs:
    def __init__(self, *pages: list[str] | None) -> None:
        self.pages, self.asked = list(pages), []
        self.model = boto3.client("logs", region_name="us-east-1").meta.service_model

    def get_log_events(self, **asked: Any) -> dict[str, Any]:
        assert not problems(self.model.operation_model("GetLogEvents").input_shape, asked)
        self.asked.append(asked)
        page = self.pages.pop(0)
        if page is None:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetLogEvents")
        return {"events": [{"message": m} for m in page], "nextForwardToken": f"t{len(self.asked)}"}


def test_a_log_is_read_on_from_where_it_was_left_and_its_absence_is_nothing() -> None:
    logs = Logs(None, ["a"], [], ["b", "c"])
    place = PLACE.model_copy(update={"log_group": "/lockgate"})
    log = TaskLog(lambda: Aws(TARGET, lambda service: logs), place, "arn:aws:ecs:r:1:task/lockgate/abc")
    assert [log.news() for _ in range(4)] == [[], ["a"], [], ["b", "c"]]
    assert [a.get("nextToken") for a in logs.asked] == [None, None, "t2", "t3"]
    assert logs.asked[0]["logStreamName"] == "lockgate/lockgate/abc"


def test_without_a_log_group_nothing_is_asked() -> None:
    assert TaskLog(lambda: Aws(TARGET, lambda service: None), PLACE, "arn").news() == []
