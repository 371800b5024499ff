"""infra/task.yml keeps what Fargate demands and allows (CONTRACTS: awsvpc, sizes, stop, hardening)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from helpers.cloudformation import read, statements, texts

from runner.hosts.ecs import OUTPUTS

ROOT = Path(__file__).parents[3]
# MiB by CPU units: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
SIZES = {
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return read("task")


@pytest.fixture(scope="module")
def task(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]["TaskDefinition"]["Properties"]
    return found


@pytest.fixture(scope="module")
def container(task: dict[str, Any]) -> dict[str, Any]:
    [only] = task["ContainerDefinitions"]
    assert isinstance(only, dict)
    return only


def test_the_task_is_one_that_fargate_takes(task: dict[str, Any]) -> None:
    assert task["NetworkMode"] == "awsvpc"
    assert task["RequiresCompatibilities"] == ["FARGATE"]
    assert {"Cpu", "Memory", "ExecutionRoleArn", "TaskRoleArn"} <= set(task)


def test_each_size_that_can_be_chosen_is_one_that_fargate_has(template: dict[str, Any]) -> None:
    chosen = {}
    for rule in template["Rules"].values():
        tests = rule["RuleCondition"].get("Fn::Equals", [{}])
        if tests[0] == {"Ref": "Cpu"}:
            [assertion] = rule["Assertions"]
            chosen[tests[1]] = assertion["Assert"]["Fn::Contains"][0]
    parameters = template["Parameters"]
    assert set(chosen) == set(parameters["Cpu"]["AllowedValues"])
    assert {m for ms in chosen.values() for m in ms} == set(parameters["Memory"]["AllowedValues"])
    assert all(int(m) in SIZES[int(cpu)] for cpu, ms in chosen.items() for m in ms)
    assert parameters["Memory"]["Default"] in chosen[parameters["Cpu"]["Default"]]
    storage = parameters["StorageGiB"]
    assert 21 <= storage["MinValue"] <= storage["Default"] <= storage["MaxValue"] <= 200


def test_the_container_is_hardened_as_far_as_fargate_goes(container: dict[str, Any]) -> None:
    assert container["Name"] == "lockgate"
    assert container["Essential"] is True
    assert container["User"] == "1000:1000"
    assert container["ReadonlyRootFilesystem"] is True
    assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert not {"Privileged", "DockerSecurityOptions", "Secrets"} & set(container)


def test_nobody_but_lockgate_is_pid_1(container: dict[str, Any]) -> None:
    """An init process would show the seal's key and the credentials' address to the tests."""
    assert container["LinuxParameters"]["InitProcessEnabled"] is False


def test_there_is_time_to_remove_the_test_stack(container: dict[str, Any]) -> None:
    assert container["StopTimeout"] == 120
    environment = {e["Name"]: e["Value"] for e in container["Environment"]}
    assert environment["LOCKGATE_STOP_TIMEOUT"] == "120"
    assert environment["LOCKGATE_AWS"] == "1"
    assert texts(environment["LOCKGATE_TEST_ROLE"]) == ["${SuitesRole.Arn}"]


def test_what_is_mounted_is_the_images_own(task: dict[str, Any], container: dict[str, Any]) -> None:
    """A Fargate bind mount is root's unless the path is a VOLUME of the image and its user's there."""
    mounts = {m["ContainerPath"]: m["SourceVolume"] for m in container["MountPoints"]}
    assert set(mounts) == {"/scratch", "/cache", "/tmp", "/work"}
    assert {"Name": "scratch"} in task["Volumes"]
    assert sorted(v["Name"] for v in task["Volumes"]) == sorted(mounts.values())
    dockerfile = (ROOT / "images/Dockerfile").read_text(encoding="utf-8")
    volumes = re.findall(r"^VOLUME (.*)$", dockerfile, re.M)
    assert len(volumes) == 4
    assert all(set(re.findall(r"/\w+", line)) == set(mounts) for line in volumes)


def test_logs_go_where_they_are_looked_for(container: dict[str, Any], template: dict[str, Any]) -> None:
    log = container["LogConfiguration"]
    assert log["LogDriver"] == "awslogs"
    assert log["Options"]["awslogs-stream-prefix"] == "lockgate"
    assert template["Resources"]["LogGroup"]["Properties"]["RetentionInDays"] == {"Ref": "LogDays"}


def test_nothing_comes_in(template: dict[str, Any]) -> None:
    group = template["Resources"]["SecurityGroup"]["Properties"]
    assert "SecurityGroupIngress" not in group
    assert [rule["ToPort"] for rule in group["SecurityGroupEgress"]] == [443]


def test_the_outputs_have_the_names_that_the_host_reads(template: dict[str, Any]) -> None:
    names = (
        "Cluster TaskDefinition Container Subnets SecurityGroups Bucket LogGroup StateMachineRole TestRole"
    )
    assert set(OUTPUTS.values()) <= set(template["Outputs"])
    assert set(names.split()) <= set(template["Outputs"])


def test_a_state_machine_hands_its_tasks_these_roles_and_no_other(template: dict[str, Any]) -> None:
    [passes] = [
        s for s in statements(template) if "iam:PassRole" in s.actions and "StateMachineRole" in s.owners
    ]
    roles = ("ExecutionRole", "TaskRole", "PrepareRole", "ConcludeRole")
    assert sorted(passes.resources) == sorted(f"${{{role}.Arn}}" for role in roles)


def test_who_starts_single_tasks_cannot_hand_them_more(template: dict[str, Any]) -> None:
    [passes] = [s for s in statements(template) if "iam:PassRole" in s.actions and "StartTasks" in s.owners]
    assert sorted(passes.resources) == ["${ExecutionRole.Arn}", "${TaskRole.Arn}"]


@pytest.mark.parametrize("role", ["TaskRole", "PrepareRole", "SuitesRole"])
def test_where_the_solutions_code_runs_no_verdict_can_be_written(template: dict[str, Any], role: str) -> None:
    written = [
        r
        for s in statements(template)
        if role in s.owners and "s3:PutObject" in s.actions
        for r in s.resources
    ]
    assert written
    assert not any(re.search(r"runs/\*?$|report|runs/\*/\*", r) for r in written)
