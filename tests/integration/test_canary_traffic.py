"""Canaries in the sandbox: real Lambdas answer, the router splits by the alias's weights, the judge decides.

The split and the metrics by version are the router's (tests/helpers/weight_router.py). Time passes by
requests, so that a slow machine changes nothing.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from helpers.versions import publish
from helpers.weight_router import WeightRouter

from runner.adapters.aws import Aws, boto_clients, sandbox_target
from runner.errors import SolutionError
from runner.release.canary import CanaryLimits
from runner.release.canary_metrics import CloudWatchMetrics
from runner.release.pace import Pace
from runner.release.shifting import Shifter
from runner.release.target import Moving
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration
LABELS = tuple(f"0.{i}" for i in range(10))
LIMITS = CanaryLimits(looks=3, min_requests=45, output_shift=0.25)
HALF, PER_SECOND = Pace(50, 1), 2


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with start_embedded(tmp_path_factory.mktemp("log")) as sandbox:
        target = sandbox_target(sandbox.url)
        yield Aws(target, boto_clients(target))


class Canary:
    """A function with two versions behind an alias, and traffic of probabilities."""

    def __init__(self, aws: Aws, kind: str) -> None:
        self.function = f"predict-{uuid.uuid4().hex[:8]}"
        self.client: Callable[[str], Any] = boto_clients(aws.target)
        old, new = publish(self.client, self.function, "good", kind)
        self.moving = Moving("PredictAlias", self.function, "live", old, new)
        self.router = WeightRouter(self.client)
        self.aws, self.said = aws, list[str]()
        self.dice = random.Random(5)  # noqa: S311

        self.start, self.slept, self.per_second = datetime.now(UTC), 0.0, PER_SECOND

    def clock(self) -> datetime:
        return self.start + timedelta(seconds=self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        count = round(seconds * self.per_second)
        self.router.traffic(self.function, "live", map(self.event, range(count)))

    def event(self, number: int) -> dict[str, Any]:
        return {"p": self.dice.betavariate(2, 5), "n": number}

    def shift(self) -> None:
        def metrics(moving: Moving) -> CloudWatchMetrics:
            return CloudWatchMetrics(self.aws, moving.function, moving.alias, LABELS)

        Shifter(
            self.aws, lambda: None, metrics, self.said.append, self.sleep, LIMITS, settle=0, clock=self.clock
        ).shift([self.moving], HALF)

    def points(self) -> tuple[str, dict[str, float]]:
        told = self.client("lambda").get_alias(FunctionName=self.function, Name="live")
        return told["FunctionVersion"], told.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


def test_a_version_that_is_as_good_gets_all_traffic(aws: Aws) -> None:
    canary = Canary(aws, "good")
    canary.shift()
    assert canary.points() == ("2", {})
    assert canary.said[-2] == f"look 3 of 3: {canary.function}:live PASS"


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("wrong", "outputs: shift"),
        ("raising", "errors: new"),
        ("nan", "errors: new"),
        ("slow", "latency p50: new"),
    ],
)
def test_a_broken_version_is_found_and_production_answers_as_before(aws: Aws, kind: str, cause: str) -> None:
    canary = Canary(aws, kind)
    with pytest.raises(SolutionError, match=f"canary: {canary.function}:live FAIL: .*{cause}"):
        canary.shift()
    assert canary.points() == ("1", {})
    after = [canary.router.invoke(canary.function, "live", {"p": 0.25, "n": n}) for n in range(5)]
    assert [(a.version, a.answer) for a in after] == [("1", {"p": 0.25})] * 5


def test_a_version_that_does_not_tell_its_outputs_is_not_passed(aws: Aws) -> None:
    canary = Canary(aws, "silent")
    with pytest.raises(SolutionError, match="INCONCLUSIVE: outputs: the new version told 0 outputs"):
        canary.shift()
    assert canary.points() == ("1", {})


def test_a_canary_without_traffic_is_not_passed(aws: Aws) -> None:
    canary = Canary(aws, "good")
    canary.per_second = 0
    with pytest.raises(SolutionError, match="INCONCLUSIVE: the new version had 0 requests"):
        canary.shift()
    assert canary.points() == ("1", {})


def test_the_router_splits_by_weight_and_counts_by_version(aws: Aws) -> None:
    canary = Canary(aws, "good")
    canary.client("lambda").update_alias(
        FunctionName=canary.function, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}}
    )
    got = canary.router.traffic(canary.function, "live", map(canary.event, range(100)))
    assert 12 <= got["2"] <= 40 and got["1"] + got["2"] == 100
