"""CodeDeploy's double over the sandbox: real aliases move, real hooks answer it, a real alarm stops it.

A minute takes 0.15 seconds here, for CodeDeploy and for who watches it."""

from __future__ import annotations

import io
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from helpers.aliases import Numbers
from helpers.codedeploy_double import CodeDeployDouble, deploying
from helpers.versions import publish

from runner.adapters.aws import Aws, boto_clients, sandbox_target
from runner.errors import SolutionError
from runner.release.alias import LambdaAlias, Routing
from runner.release.canary import CanaryLimits, Window
from runner.release.canary_latency import Sketch
from runner.release.canary_watch import Subject
from runner.release.code_deploy import DeploymentGroup
from runner.release.code_deploy_shifting import CodeDeployShifter
from runner.release.pace import Pace
from runner.release.target import Moving
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration
MINUTE = 0.15
HEALTHY = Window(1000, 1, 0, Sketch(((50.0, 50.0, 1000.0),)))
HOOK = """
import boto3, os
def handler(event, context):
    codedeploy = boto3.client("codedeploy", endpoint_url=os.environ["CODEDEPLOY"])
    codedeploy.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=os.environ["SAYS"],
    )
"""


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeDeployDouble]:
    with start_embedded(tmp_path_factory.mktemp("log")) as sandbox:
        client = boto_clients(sandbox_target(sandbox.url))
        with deploying(CodeDeployDouble(client, MINUTE)) as service:
            yield service


class Shift:
    """A function with two versions, an application with its group, and a shift between the versions."""

    def __init__(self, double: CodeDeployDouble, *alarms: str) -> None:
        self.double, self.function = double, f"predict-{uuid.uuid4().hex[:8]}"
        publish(double.client, self.function, "good", "good")
        away = boto_clients(sandbox_target(double.url))
        self.aws = Aws(
            sandbox_target("http://127.0.0.1:1"),
            lambda service: (away if service == "codedeploy" else double.client)(service),
        )
        away("codedeploy").create_application(applicationName=self.function, computePlatform="Lambda")
        away("codedeploy").create_deployment_group(
            applicationName=self.function, deploymentGroupName="live", serviceRoleArn="r",
            alarmConfiguration={"enabled": bool(alarms), "alarms": [{"name": name} for name in alarms]},
        )  # fmt: skip
        self.look: Callable[..., Window] = lambda *_: HEALTHY
        self.begun, self.started = time.monotonic(), datetime.now(UTC) - timedelta(minutes=1)
        self.alias = LambdaAlias(self.aws, self.function, "live", lambda: None)

    def clock(self) -> datetime:
        return self.started + timedelta(minutes=(time.monotonic() - self.begun) / MINUTE)

    def run(self, **hooks: str) -> None:
        moving = Moving("PredictAlias", self.function, "live", "1", "2")
        CodeDeployShifter(
            DeploymentGroup(self.aws, self.function, "live", lambda: None),
            self.alias,
            Subject(str(self.alias), "1", "2", Numbers(self.look)),
            lambda line: None, lambda seconds: time.sleep(seconds * MINUTE / 60), CanaryLimits(looks=3),
            hooks=hooks, poll=10.0, clock=self.clock,
        ).shift(moving, Pace(10, 30), "r-7", self.started)  # fmt: skip

    def hook(self, says: str) -> str:
        """A Lambda that answers CodeDeploy."""
        stream, name = io.BytesIO(), f"{self.function}-{says}"
        with zipfile.ZipFile(stream, "w") as file:
            file.writestr("app.py", HOOK)
        self.double.client("lambda").create_function(
            FunctionName=name, Runtime="python3.12", Handler="app.handler", Timeout=20,
            Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": stream.getvalue()},
            Environment={"Variables": {"CODEDEPLOY": self.double.url, "SAYS": says}},
        )  # fmt: skip
        return name


def test_a_canary_with_hooks_on_both_sides_moves_the_real_alias(double: CodeDeployDouble) -> None:
    shift = Shift(double)
    hook = shift.hook("Succeeded")
    shift.run(BeforeAllowTraffic=hook, AfterAllowTraffic=hook)
    assert shift.alias.routing() == Routing("2")
    assert double.count("PutLifecycleEventHookExecutionStatus") == 2


def test_a_hook_that_says_no_leaves_the_alias_alone(double: CodeDeployDouble) -> None:
    shift = Shift(double)
    with pytest.raises(SolutionError, match="CodeDeploy Failed: HOOK_EXECUTION_FAILURE BeforeAllowTraffic"):
        shift.run(BeforeAllowTraffic=shift.hook("Failed"))
    assert shift.alias.routing() == Routing("1")


def test_a_real_alarm_stops_it_and_rolls_back(double: CodeDeployDouble) -> None:
    name = f"errors-{uuid.uuid4().hex[:8]}"
    cloudwatch: Any = double.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name, Namespace="Own", MetricName=name, Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold",
    )  # fmt: skip
    shift = Shift(double, name)
    seen = []

    def look(*_: object) -> Window:
        seen.append(shift.alias.routing())
        cloudwatch.put_metric_data(Namespace="Own", MetricData=[{"MetricName": name, "Value": 5}])
        return HEALTHY

    shift.look = look
    with pytest.raises(SolutionError, match=f"CodeDeploy Stopped: ALARM_ACTIVE in ALARM: {name}"):
        shift.run()
    assert seen[0] == Routing("1", {"2": 0.1})
    assert [d.creator for d in double.deployments.values()][-1] == "codeDeployRollback"
    assert shift.alias.routing() == Routing("1")
