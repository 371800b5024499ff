"""A local AWS in a process of its own, the wire to it, and solutions that each have an environment there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from helpers.faults_aws import Fate, Wire, connecting, planted
from helpers.releases import Shop, answer, world

from runner.adapters.aws import Aws, sandbox_target
from runner.deploying import World
from runner.history.store import S3Records
from runner.release.flow import Done
from runner.release.ledger import Ledger
from runner.release.records import Ended, Outcome
from runner.sandbox.choose import URL
from runner.sandbox.process import start_embedded

PASS: Fate = lambda number, write, name: ""  # noqa: E731


class Clock:
    """The time, so many hours ahead, and further by what was slept."""

    def __init__(self, hours: float) -> None:
        self.ahead = timedelta(hours=hours)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@dataclass
class Place:
    """`wire` sees every request to the AWS at `url`."""

    url: str
    folder: Path
    wire: Wire
    shops: int = 0
    hours: int = 0
    connect: Callable[..., Aws] = field(init=False)

    def __post_init__(self) -> None:
        self.connect = connecting(sandbox_target(self.url), "s3", "cloudformation", "lambda")

    @property
    def aws(self) -> Aws:
        return self.connect(sandbox_target(self.url))

    def shop(self, **more: Any) -> Shop:
        """A solution with an environment and a bucket of its own, neither of which is there yet."""
        self.shops += 1
        name = f"square{self.shops}"
        shop = Shop(self.folder / name, self.folder / "cache", **more)
        shop.config["solution"] = name
        shop.config["stages"]["integration"]["suites"] = ["stock:smoke"]
        shop.configure(stack_name=f"{name}-prod", bucket=f"bucket-{name}")
        return shop

    def world(self, **more: Any) -> World:
        """One whose clock is an hour ahead of the last one's, so that what a dead one held has ended, and in
        which sleeping takes no time."""
        self.hours += 1
        clock = Clock(self.hours)
        given = {"connect": self.connect, "poll": 0.02, "settle": 0, "clock": clock, "sleep": clock.sleep}
        return world(**given | more)

    def answer(self, shop: Shop) -> float:
        """What production answers to 2."""
        return answer(self.aws, 2, f"{shop.config['solution']}-prod")

    def versions(self, shop: Shop) -> int:
        """How many versions of `predict` were ever published."""
        name = self._predict(shop)
        listed = self.aws.pages("lambda", "list_versions_by_function", "Versions", FunctionName=name)
        return len([v for v in listed if v["Version"] != "$LATEST"])

    def shares(self, shop: Shop) -> dict[str, float]:
        """The parts of the traffic that `predict` sends elsewhere than to where its alias points."""
        told = self.aws.call("lambda", "get_alias", FunctionName=self._predict(shop), Name="live")
        return dict((told.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {})

    def _predict(self, shop: Shop) -> str:
        where = {"StackName": f"{shop.config['solution']}-prod", "LogicalResourceId": "Predict"}
        told = self.aws.call("cloudformation", "describe_stack_resource", **where)
        return str(told["StackResourceDetail"]["PhysicalResourceId"])

    def records(self, shop: Shop) -> S3Records:
        name = shop.config["solution"]
        return S3Records(self.aws, f"bucket-{name}", f"deployments/{name}/prod")

    def releases(self, shop: Shop) -> int:
        """How many releases the ledger has."""
        return len(self.records(shop).keys("releases"))

    def outcome(self, shop: Shop, number: int) -> Outcome | None:
        return Ledger(self.records(shop)).outcome(number)


@contextmanager
def under_fire(folder: Path) -> Iterator[Place]:
    """The place, as long as it lasts."""
    wire = Wire()
    with start_embedded(folder) as sandbox, pytest.MonkeyPatch.context() as patch, planted(wire):
        patch.setenv(URL, sandbox.url)
        yield Place(sandbox.url, folder, wire)


@dataclass(frozen=True)
class Scene:
    """A command, and what production answers to 2 before and after it."""

    shop: Shop
    command: Callable[[World], Done]
    before: float
    after: float


def ended(done: Done) -> Ended | None:
    """How a command ended; None where it had nothing to do."""
    return done.outcome.ended if done.outcome else None
