"""Shifts by CodeDeploy: one deployment a release whatever goes wrong, stopped by the judge, rolled back.

boto3 speaks to the double over HTTP; time passes only while the shifter sleeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from helpers.aliases import Clock, FakeLambda, Numbers
from helpers.codedeploy_double import CodeDeployDouble
from helpers.codedeploy_spec import Fault
from helpers.codepipeline import serving

from runner.adapters.aws import Aws, AwsError, sandbox_target
from runner.errors import InfrastructureError, SolutionError
from runner.release.alias import LambdaAlias
from runner.release.canary import CanaryLimits, Window
from runner.release.canary_latency import Sketch
from runner.release.canary_watch import Subject
from runner.release.code_deploy import DeploymentGroup
from runner.release.code_deploy_shifting import CodeDeployShifter
from runner.release.pace import Pace
from runner.release.target import Moving

MOVING = Moving("PredictAlias", "predict", "live", "1", "2")
CANARY, LINEAR = Pace(10, 5), Pace(10, 1, is_linear=True)
HEALTHY = Window(1000, 1, 0, Sketch(((50.0, 50.0, 1000.0),)))
BROKEN = replace(HEALTHY, errors=400)
NAMES = {"applicationName": "flights", "deploymentGroupName": "predict"}


class World:
    """An application with one group over a function, and what a shift needs."""

    def __init__(self, double: CodeDeployDouble, *alarms: str) -> None:
        self.fake, self.clock, self.said = FakeLambda(), Clock(), list[str]()
        self.fake.add("predict:live", "1")
        self.started = self.clock()
        self.double = double
        double.reset()
        double.client, double.clock = lambda service: self.fake, lambda: self.clock().timestamp()
        self.new, self.guarded, self.until = HEALTHY, 0, self.started
        self.numbers = Numbers(lambda version, *_: self.new if version == "2" else HEALTHY)
        self.fake.alarms = dict.fromkeys(alarms, "OK")
        self.double._CreateApplication({"applicationName": "flights", "computePlatform": "Lambda"})
        watched = {"enabled": bool(alarms), "alarms": [{"name": name} for name in alarms]}
        self.double._CreateDeploymentGroup(NAMES | {"serviceRoleArn": "r", "alarmConfiguration": watched})

    def clients(self, service: str) -> Any:
        if service != "codedeploy":
            return self.fake
        return client(self.double.url)

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.double.tick()

    def guard(self) -> None:
        self.guarded += 1

    def shift(self, pace: Pace = CANARY, release: str = "r-7") -> None:
        aws = Aws(sandbox_target("http://127.0.0.1:1"), self.clients)
        CodeDeployShifter(
            DeploymentGroup(aws, "flights", "predict", self.guard),
            LambdaAlias(aws, "predict", "live", self.guard),
            Subject("predict:live", "1", "2", self.numbers),
            self.said.append, self.sleep, CanaryLimits(looks=3), poll=20.0, clock=self.clock,
        ).shift(MOVING, pace, release, self.started)  # fmt: skip

    def made(self) -> list[str]:
        return [d.id for d in self.double.deployments.values() if d.creator == "user"]


@cache
def client(url: str) -> Any:
    """boto3's own, without retries: each fault reaches our code."""
    return boto3.client(
        "codedeploy", region_name="us-east-1", endpoint_url=url, aws_access_key_id="x",
        aws_secret_access_key="x", config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )  # fmt: skip


@pytest.fixture(scope="module")
def double() -> Iterator[CodeDeployDouble]:
    service = CodeDeployDouble(lambda service: None)
    with serving(service):  # type: ignore[arg-type]  # what it needs of a service, this one has
        yield service


@pytest.fixture
def world(double: CodeDeployDouble) -> World:
    return World(double, "errors")


def test_a_canary_that_passes_gets_all(world: World) -> None:
    world.shift()
    assert world.fake.points("predict:live") == ("2", {})
    assert [u["RoutingConfig"]["AdditionalVersionWeights"] for u in world.fake.updates] == [{"2": 0.1}, {}]
    [told] = world.double.deployments.values()
    assert told.given["description"] == "lockgate r-7 predict:live 1 to 2"
    assert sum(line.startswith("look ") for line in world.said) == 3


def test_linear_is_judged_at_each_step(world: World) -> None:
    world.shift(LINEAR)
    assert world.fake.points("predict:live") == ("2", {})
    assert sum(line.startswith("look 1 of 1 at ") for line in world.said) == 9


def test_a_broken_version_is_stopped_and_rolled_back_by_a_new_deployment(world: World) -> None:
    world.new = BROKEN
    with pytest.raises(SolutionError, match="errors: new 400 of 1,000"):
        world.shift()
    assert world.fake.points("predict:live") == ("1", {})
    stopped, back = world.double.deployments.values()
    assert (stopped.status, back.status, back.creator) == ("Stopped", "Succeeded", "codeDeployRollback")
    assert back.rollback == {"rollbackTriggeringDeploymentId": stopped.id}


def test_a_canary_without_traffic_is_stopped_before_codedeploy_goes_on(world: World) -> None:
    world.new = Window()
    with pytest.raises(SolutionError, match="INCONCLUSIVE: the new version had 0 requests"):
        world.shift()
    assert world.fake.points("predict:live") == ("1", {})
    assert "2" not in [u["FunctionVersion"] for u in world.fake.updates]


def test_codedeploys_own_alarm_is_told(world: World) -> None:
    world.numbers.tell = lambda *_: world.fake.alarms.update(errors="ALARM") or HEALTHY
    with pytest.raises(SolutionError, match="CodeDeploy Stopped: ALARM_ACTIVE in ALARM: errors"):
        world.shift()
    assert world.fake.points("predict:live") == ("1", {})


def test_a_shift_that_was_cut_off_makes_no_second_deployment(world: World) -> None:
    class Killed(BaseException):
        pass

    def kill(seconds: float) -> None:
        raise Killed

    sleep, world.sleep = world.sleep, kill  # type: ignore[method-assign]
    with pytest.raises(Killed):
        world.shift()
    world.sleep = sleep  # type: ignore[method-assign]
    world.shift()
    assert len(world.made()) == 1 and world.fake.points("predict:live") == ("2", {})


def test_an_answer_that_was_lost_is_looked_for_and_the_shift_goes_on(world: World) -> None:
    world.double.faults = [Fault(1, "CreateDeployment", lost=True)]
    world.shift()
    assert len(world.made()) == 1 and world.fake.points("predict:live") == ("2", {})


def test_what_codedeploy_finished_while_nobody_watched_was_not_passed(world: World) -> None:
    world.shift()
    world.fake.aliases["predict:live"]["FunctionVersion"] = "2"
    with pytest.raises(SolutionError, match="CodeDeploy ended before 10% had been passed"):
        world.shift()
    assert world.fake.points("predict:live") == ("1", {}) and len(world.made()) == 1


def test_another_releases_deployment_is_named_and_left_alone(world: World) -> None:
    world.double._CreateDeployment(
        NAMES
        | {"description": "lockgate r-6", "revision": _revision(), "deploymentConfigName": CANARY.code_deploy}
    )
    with pytest.raises(InfrastructureError, match=r"another deployment is under way: d-\d+ \(lockgate r-6\)"):
        world.shift()
    assert world.double.count("StopDeployment") == 0


def test_a_version_that_is_not_the_alias_s_fails_in_codedeploy(world: World) -> None:
    world.fake.add("predict:live", "9")
    with pytest.raises((SolutionError, InfrastructureError)):
        world.shift()


def test_a_configuration_that_does_not_exist_is_an_error_before_anything(world: World) -> None:
    with pytest.raises(AwsError, match="LambdaCanary50Percent5Minutes"):
        world.shift(Pace(50, 5))
    assert not world.fake.updates


FAULTS = {
    "throttle": {},
    "5xx": {"code": "InternalFailure", "status": 500},
    "lost": {"lost": True},
}


def test_a_linear_shift_that_was_cut_off_goes_on_from_its_step(world: World) -> None:
    class Killed(BaseException):
        pass

    whole, world.until = world.sleep, world.clock() + timedelta(minutes=3.5)

    def kill(seconds: float) -> None:
        whole(seconds)
        if world.clock() > world.until:
            raise Killed

    world.sleep = kill  # type: ignore[method-assign]
    with pytest.raises(Killed):
        world.shift(LINEAR)
    world.sleep = whole  # type: ignore[method-assign]
    world.shift(LINEAR)
    assert len(world.made()) == 1 and world.fake.points("predict:live") == ("2", {})


def test_a_step_that_nobody_passed_ends_a_linear_shift(world: World) -> None:
    whole = world.sleep

    def late(seconds: float) -> None:
        whole(seconds)
        if world.fake.points("predict:live")[1].get("2") == 0.3:
            whole(60.0)

    world.sleep = late  # type: ignore[method-assign]
    with pytest.raises(SolutionError, match="CodeDeploy went on to 40% before all before it"):
        world.shift(LINEAR)
    assert world.fake.points("predict:live") == ("1", {})


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("new", [HEALTHY, BROKEN], ids=["healthy", "broken"])
def test_each_call_failing_in_turn_makes_one_deployment_at_most(
    double: CodeDeployDouble, kind: str, new: Window
) -> None:
    number, calls = 0, 1
    while number < calls:
        number += 1
        world = World(double)
        world.new, double.faults = new, [Fault(number, **FAULTS[kind])]  # type: ignore[arg-type]
        calls = _until_it_is_over(world)
        assert len(world.made()) == 1, f"call {number}"
        expected = ("2", {}) if new is HEALTHY else ("1", {})
        assert world.fake.points("predict:live") == expected, f"call {number}"
    assert number > 8


def _until_it_is_over(world: World) -> int:
    """Run the same command until it says how it went; how many calls that took."""
    for _ in range(3):
        try:
            world.shift()
        except SolutionError:
            break
        except InfrastructureError:
            continue
        break
    else:
        raise AssertionError("three runs, and one fault")
    return len(world.double.calls)


def _revision() -> dict[str, Any]:
    from runner.release.app_spec import revision

    return revision(MOVING, {})
