"""The Fargate host against a fake ECS with a clock of its own: every request is held against ECS's model,
every task ends, and whoever loses sight of one stops it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from helpers.aws_model import problems
from helpers.buckets import Bucket
from helpers.remotes import leave, order, remote

from runner.adapters.aws import Aws, sandbox_target
from runner.config.schema import FargateHost
from runner.errors import InfrastructureError
from runner.hosts.fargate import ATTEMPTS, SETUP_SECONDS, STOP_SECONDS, UNSEEN_SECONDS, Fargate
from runner.model import Check, Status
from runner.remote.job import KEY
from runner.remote.store import S3Store
from runner.verdict import Ending

MODEL = boto3.client("ecs", region_name="us-east-1").meta.service_model
TARGET = sandbox_target("http://127.0.0.1:4566")
ARN = "arn:aws:ecs:us-east-1:123456789012:task/lockgate/0123456789abcdef"
PLACE = FargateHost(
    cluster="lockgate", task_definition="lockgate:3", subnets=("subnet-1",), bucket="results",
    log_group="/lockgate", start_timeout=900,
)  # fmt: skip
ROOM = {"failures": [{"reason": "Capacity is unavailable at this time. Please try again later"}]}
Task = dict[str, Any] | None | Exception


def seen(status: str, code: int | None = None, stop: str = "", reason: str = "") -> dict[str, Any]:
    container = {"name": "lockgate"} | ({} if code is None else {"exitCode": code})
    told = {"taskArn": ARN, "lastStatus": status, "containers": [container]}
    return told | ({"stopCode": stop} if stop else {}) | ({"stoppedReason": reason} if reason else {})


def ended(code: int = 0) -> dict[str, Any]:
    return seen("STOPPED", code, "EssentialContainerExited")


@dataclass
class Ecs:
    """ECS that shows a task as `looks` say, the last one for ever; StopTask makes it `after_stop`."""

    looks: list[Task]
    starts: list[dict[str, Any]] = field(default_factory=lambda: [{"tasks": [{"taskArn": ARN}]}])
    after_stop: dict[str, Any] = field(
        default_factory=lambda: seen("STOPPED", 3, "UserInitiated", "as you wished")
    )
    on_look: Callable[[int], object] = lambda n: None
    run: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    described: int = 0

    def _checked(self, operation: str, request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        model = MODEL.operation_model(operation)
        assert not problems(model.input_shape, request)
        assert not problems(model.output_shape, answer)
        return answer

    def run_task(self, **request: Any) -> dict[str, Any]:
        self.run.append(request)
        return self._checked("RunTask", request, self.starts[min(len(self.run), len(self.starts)) - 1])

    def describe_tasks(self, **request: Any) -> dict[str, Any]:
        self.described += 1
        self.on_look(self.described)
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        missing = {"tasks": [], "failures": [{"arn": ARN, "reason": "MISSING"}]}
        return self._checked("DescribeTasks", request, {"tasks": [look]} if look else missing)

    def stop_task(self, **request: Any) -> dict[str, Any]:
        assert request["task"] == ARN
        self.stopped.append(request["reason"])
        self.looks = [self.after_stop]
        return self._checked("StopTask", request, {})

    @property
    def key(self) -> str:
        [override] = self.run[0]["overrides"]["containerOverrides"]
        return next(e["value"] for e in override["environment"] if e["name"] == KEY)


class Logs:
    """CloudWatch Logs with one page, then nothing."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)

    def get_log_events(self, **request: Any) -> dict[str, Any]:
        lines, self.lines = self.lines, []
        return {"events": [{"message": line} for line in lines], "nextForwardToken": "t"}


@dataclass
class Host:
    """The host under test with what is fake around it. `waited` are the seconds that passed."""

    ecs: Ecs
    root: Path
    logs: Logs = field(default_factory=Logs)
    bucket: Bucket = field(default_factory=Bucket)
    waited: float = 0.0
    said: list[str] = field(default_factory=list)
    heard: list[Check] = field(default_factory=list)

    def aws(self) -> Aws:
        return Aws(TARGET, lambda service: {"ecs": self.ecs, "logs": self.logs, "s3": self.bucket}[service])

    def pause(self, seconds: float) -> None:
        self.waited += seconds

    @property
    def store(self) -> S3Store:
        return S3Store(self.aws(), "results", f"runs/{remote().run_id}")

    def run(self) -> Ending:
        far = remote(target=TARGET, say=self.said.append)
        wanted = order(self.root, remote=far, progress=self.heard.append)
        return Fargate(wanted, far, PLACE, self.aws, self.pause, lambda: self.waited).run()

    def passes(self) -> Callable[[int], object]:
        """The container leaves a passing ending before it is looked at the first time."""
        return lambda n: leave(self.store, key=self.ecs.key) if n == 1 else None


@pytest.fixture
def host(tmp_path: Path, interrupted: Event) -> Iterator[Host]:
    found = Host(Ecs([ended()]), tmp_path)
    found.ecs.on_look = found.passes()
    yield found


def test_a_task_from_start_to_end(host: Host) -> None:
    host.ecs.looks = [seen("PROVISIONING"), seen("PENDING"), seen("RUNNING"), seen("RUNNING"), ended()]
    ending = host.run()
    assert (ending.code, ending.sealed, ending.damage) == (0, True, "")
    assert host.ecs.stopped == []
    assert [line.split(": ")[-1] for line in host.said] == ["provisioning", "pending", "running", "stopped"]
    assert len(host.ecs.run) == 1


def test_what_it_prints_is_shown_and_kept(host: Host) -> None:
    check = json.dumps({"id": "t::a", "status": "PASSED", "seconds": 0.5})
    host.logs = Logs("fetching", check, "{}")
    host.run()
    assert host.heard == [Check("t::a", Status.PASSED, seconds=0.5)]
    assert (host.root / "out/container.log").read_text() == "fetching\n{}"


def test_each_task_has_a_key_of_its_own(host: Host, tmp_path: Path) -> None:
    other = Host(Ecs([ended()]), tmp_path / "other")
    host.run(), other.run()
    assert host.ecs.key != other.ecs.key and len(host.ecs.key) == 64


def test_a_task_that_left_nothing_is_no_pass(host: Host) -> None:
    host.ecs.on_look = lambda n: None
    ending = host.run()
    assert ending.report is None
    assert "no ending was left" in ending.damage


@pytest.mark.parametrize(
    "last",
    [
        seen("STOPPED", 0, "UserInitiated"),
        seen("STOPPED", 0, "SpotInterruption"),
        seen("STOPPED", None, "EssentialContainerExited"),
        seen("STOPPED", None, "TaskFailedToStart", "CannotPullContainerError"),
        seen("STOPPED", 137, "EssentialContainerExited"),
        seen("STOPPED", 143, "EssentialContainerExited"),
        seen("STOPPED", 0),
    ],
)
def test_a_passing_ending_does_not_help_a_task_that_ended_in_another_way(
    host: Host, last: dict[str, Any]
) -> None:
    host.ecs.looks = [last]
    ending = host.run()
    assert ending.code is None or ending.code < 0
    assert ending.damage


# Starting.


def test_failures_are_read_though_the_answer_is_200(host: Host) -> None:
    host.ecs.starts = [{"failures": [{"arn": ARN, "reason": "MISSING"}, {"reason": "AGENT"}]}]
    with pytest.raises(InfrastructureError, match="ECS started no task: MISSING; AGENT"):
        host.run()
    assert len(host.ecs.run) == 1


def test_an_answer_with_neither_is_no_task(host: Host) -> None:
    host.ecs.starts = [{}]
    with pytest.raises(InfrastructureError, match="no reason"):
        host.run()


def test_no_room_is_asked_for_again_with_the_same_token(host: Host) -> None:
    host.ecs.starts = [ROOM, {"failures": [{"reason": "RESOURCE:MEMORY"}]}, {"tasks": [{"taskArn": ARN}]}]
    assert host.run().code == 0
    assert host.waited >= 15
    assert len({json.dumps(r, sort_keys=True) for r in host.ecs.run}) == 1, "not the same request"
    assert sum("no room" in line for line in host.said) == 2


def test_no_room_for_ever_ends(host: Host) -> None:
    host.ecs.starts = [ROOM]
    with pytest.raises(InfrastructureError, match="Capacity is unavailable"):
        host.run()
    assert len(host.ecs.run) == ATTEMPTS
    assert host.waited < 200  # and there is no waiting after the last one


def test_an_interrupt_ends_the_waiting_for_room(host: Host, interrupted: Event) -> None:
    host.ecs.starts = [ROOM]
    host.said = Setting(interrupted)
    with pytest.raises(InfrastructureError, match="started no task"):
        host.run()
    assert (len(host.ecs.run), host.waited) == (2, 0.0)


class Setting(list[str]):
    """A list that sets an event once something is put into it."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event

    def append(self, line: str) -> None:
        super().append(line)
        self.event.set()


# Watching.


def test_a_task_that_is_not_seen_at_first_is_looked_for_again(host: Host) -> None:
    host.ecs.looks = [None, None, seen("PENDING"), ended()]
    assert host.run().code == 0
    assert host.ecs.stopped == []


def test_one_that_is_lost_for_a_moment_too(host: Host) -> None:
    """DescribeTasks is eventually consistent; how long the task had run by then says nothing."""
    late = [seen("RUNNING")] * int(2 * UNSEEN_SECONDS / 0.5)
    host.ecs.looks = [*late, None, None, seen("RUNNING"), ended()]
    assert host.run().code == 0
    assert host.ecs.stopped == []


@pytest.mark.parametrize("before", [[], [seen("RUNNING")]])
def test_one_that_is_never_seen_again_is_stopped_and_no_evidence(host: Host, before: list[Task]) -> None:
    host.ecs.looks = [*before, None]
    ending = host.run()
    assert (ending.code, len(host.ecs.stopped)) == (None, 1)
    assert "MISSING" in ending.damage
    assert UNSEEN_SECONDS <= host.waited < UNSEEN_SECONDS + 5


def test_one_that_does_not_start_in_time_is_stopped(host: Host) -> None:
    host.ecs.on_look = lambda n: None
    host.ecs.looks = [seen("PENDING")]
    ending = host.run()
    assert host.ecs.stopped == ["not running after 900 s (start_timeout)"]
    assert ending.code is None
    assert "UserInitiated" in ending.damage


def test_one_that_does_not_end_in_time_is_stopped(host: Host) -> None:
    host.ecs.looks = [seen("RUNNING")]
    ending = host.run()
    assert host.ecs.stopped == [f"not ended after {60 + SETUP_SECONDS:.0f} s"]
    assert ending.code is None, "its passing ending must not count"
    assert host.waited >= 60 + SETUP_SECONDS


def test_one_that_does_not_even_stop_is_given_up(host: Host) -> None:
    host.ecs.looks, host.ecs.after_stop = [seen("RUNNING")], seen("DEACTIVATING")
    ending = host.run()
    assert "it does not stop" in ending.damage
    assert len(host.ecs.stopped) == 1
    assert host.waited >= 60 + SETUP_SECONDS + STOP_SECONDS


def test_an_interrupt_stops_it(host: Host, interrupted: Event) -> None:
    host.ecs.looks = [seen("RUNNING")]
    host.ecs.on_look = lambda n: interrupted.set() if n == 3 else None
    ending = host.run()
    assert host.ecs.stopped == ["lockgate was interrupted"]
    assert ending.code is None


LOST = [
    ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not yours"}}, "DescribeTasks"),
    RuntimeError("a bug"),
    KeyboardInterrupt(),
]


@pytest.mark.parametrize("error", LOST, ids=lambda e: type(e).__name__)
def test_whoever_loses_sight_of_it_stops_it(host: Host, error: BaseException) -> None:
    def fail(look: int) -> None:
        if look == 2:
            raise error

    host.ecs.looks, host.ecs.on_look = [seen("RUNNING")], fail
    with pytest.raises((InfrastructureError, RuntimeError, KeyboardInterrupt)):
        host.run()
    assert host.ecs.stopped == ["lockgate lost sight of it"]
