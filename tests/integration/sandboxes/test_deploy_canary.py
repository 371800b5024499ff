"""Releases by canary in a local AWS whose Lambdas answer: the good one passes, each broken one leaves
production as it was, and the message names the cause.

The split and the metrics by version are the router's (tests/helpers/weight_router.py); waiting is traffic.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from helpers.customers import Customers, telling
from helpers.releases import Shop, answer, world

from runner.adapters.aws import Aws, AwsTarget, sandbox_target
from runner.release.drift import drift
from runner.release.flow import Done
from runner.release.records import Ended, Outcome
from runner.releasing import deploy, statuses
from runner.sandbox.choose import URL
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration
LABELS = [f"0.{tenth}" for tenth in range(10)]
CANARY = {
    "looks": 3, "min_requests": 45, "output_shift": 0.25, "labels": LABELS, "latency_floor_ms": 25.0,
}  # fmt: skip
HALF, STACK, ALARM = "canary-50-percent-1-minute", "square-prod", "square-errors"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """A sandbox for all of them; `deploy` finds it in the environment."""
    with (
        start_embedded(tmp_path_factory.mktemp("log")) as sandbox,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv(URL, sandbox.url)
        yield Aws(sandbox_target(sandbox.url))


@pytest.fixture(scope="module")
def shop(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Release 1 runs. What fails leaves it so, for the next one too."""
    root = tmp_path_factory.mktemp("shop")
    shop = Shop(root / "square", root / "cache")
    shop.configure(canary=CANARY)
    shop.config["stages"]["integration"]["suites"] = ["stock:smoke"]  # what fails here fails under traffic
    assert _outcome(deploy(shop.asked(shop.release(predict=telling())), world())).ended is Ended.SUCCEEDED
    return shop


def _customers(aws: Aws, **more: Any) -> Customers:
    return Customers(aws, STACK, "Predict", lambda p: {"square": p}, **more)


def _outcome(done: Done) -> Outcome:
    assert done.outcome is not None
    return done.outcome


def _until(ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not ready():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _agrees(shop: Shop) -> bool:
    (status,) = statuses(shop.root, "prod", world(), real=False)
    return status.agrees


BROKEN: dict[str, tuple[dict[str, str], float, str]] = {
    "wrong answers with HTTP 200": ({"answer": "0.5 + event['square'] / 2"}, 2, "FAIL: outputs: shift"),
    "answers that are none": (
        {"answer": "FACTOR * event['square'] if event['square'] > 0.3 else float('nan')"},
        2,
        "FAIL: errors: new",
    ),
    "a handler that raises for some": (
        {"before": "assert not 0.15 < event['square'] < 1, 'beyond the table'"},
        1,
        "FAIL: errors: new",
    ),
    "latency x10": ({"before": "time.sleep(0.06)"}, 2, "FAIL: latency p50: new"),
    "no traffic": ({}, 0, "INCONCLUSIVE: the new version had 0 requests, at least 45 are needed"),
    "silence about its answers": (
        {"answer": "event['square']\n    told = print"},
        2,
        "INCONCLUSIVE: outputs: the new version told 0 outputs",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_by(aws: Aws, shop: Shop, name: str) -> None:
    damage, rate, cause = BROKEN[name]
    shop.configure(traffic=HALF)
    customers = _customers(aws, rate=rate)
    run = shop.release(factor=1.001, predict=telling(**damage))
    outcome = _outcome(deploy(shop.asked(run), customers.world()))
    assert (outcome.ended, outcome.restored) == (Ended.FAILED, True), outcome.cause
    assert cause in outcome.cause
    assert next(iter(customers.seen[0][1].values())) == 0.5
    assert customers.points()[1] == {}
    assert answer(aws, 0.5) == 0.25
    assert _agrees(shop)


def test_an_alarm_in_the_middle_stops_it(aws: Aws, shop: Shop) -> None:
    aws.call(
        "cloudwatch", "put_metric_alarm", AlarmName=ALARM, Namespace="Shop", MetricName="Complaints",
        Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1, TreatMissingData="ignore",
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    _alarm(aws, "OK")
    shop.configure(traffic=HALF, alarms=[ALARM])
    customers = _customers(aws, then=lambda naps: _alarm(aws, "ALARM") if naps == 2 else None)
    done = deploy(shop.asked(shop.release(factor=1.002, predict=telling())), customers.world())
    shop.configure(alarms=[])
    outcome = _outcome(done)
    assert (outcome.ended, outcome.restored) == (Ended.FAILED, True)
    assert outcome.cause == f"canary: in ALARM: {ALARM}"
    assert len(customers.seen) == 2
    assert answer(aws, 0.5) == 0.25
    assert _agrees(shop)


def _alarm(aws: Aws, state: str) -> None:
    aws.call("cloudwatch", "set_alarm_state", AlarmName=ALARM, StateValue=state, StateReason="a test")


class Keeping(Aws):
    """A platform that says yes to a new version, and silently keeps an alias where it was."""

    def __init__(self, target: AwsTarget, function: str, version: str) -> None:
        super().__init__(target)
        self.kept, self.version, self.times, self.is_found_out = function, version, 0, False

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        told = super().call(service, operation, **arguments)
        if operation in ("update_alias", "describe_stacks") and not self.is_found_out:
            self._put_back()
        return told

    def heard(self, line: str) -> None:
        """It keeps to it until somebody has noticed."""
        self.is_found_out |= line.startswith("FAILED")

    def _put_back(self) -> None:
        where = {"FunctionName": self.kept, "Name": "live"}
        if super().call("lambda", "get_alias", **where)["FunctionVersion"] != self.version:
            super().call("lambda", "update_alias", **where, FunctionVersion=self.version)
            self.times += 1


def test_a_platform_that_silently_keeps_the_old_version(aws: Aws, shop: Shop) -> None:
    shop.configure(traffic="all-at-once")
    customers = _customers(aws)
    function, (version, _) = customers.function, customers.points()
    platform = Keeping(aws.target, function, version)
    run = shop.release(factor=1.003, predict=telling())
    outcome = _outcome(deploy(shop.asked(run), world(connect=lambda target: platform, say=platform.heard)))
    assert platform.times
    assert (outcome.ended, outcome.restored) == (Ended.FAILED, True), outcome.cause
    assert "what runs is not what was deployed" in outcome.cause and "predict live" in outcome.cause
    assert answer(aws, 0.5) == 0.25
    assert _agrees(shop)


@pytest.mark.parametrize(
    ("traffic", "rate", "factor", "shares"),
    [
        ("canary-10-percent-5-minutes", 2, 1.01, {0.1}),
        ("linear-40-percent-every-1-minute", 5, 1.02, {0.4, 0.8}),
    ],
)
def test_a_good_release_gets_all_traffic(
    aws: Aws, shop: Shop, traffic: str, rate: float, factor: float, shares: set[float]
) -> None:
    """Last, since it is the one that stays."""
    shop.configure(traffic=traffic)
    customers, said = _customers(aws, rate=rate), list[str]()
    run = shop.release(factor=factor, predict=telling())
    there = customers.world(say=said.append)
    outcome = _outcome(deploy(shop.asked(run), there))
    assert outcome.ended is Ended.SUCCEEDED, (outcome.cause, said)
    assert {share for _, others in customers.seen for share in others.values()} == shares
    assert len(customers.answered) == 2
    assert answer(aws, 0.5) == pytest.approx(factor / 4)
    assert customers.points()[1] == {}
    assert drift(aws, STACK, _until) == []
    assert _agrees(shop)
    assert deploy(shop.asked(run), world()).outcome is None
