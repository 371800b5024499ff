"""A local AWS in a process of its own, the wire to it, and solutions that each have an environment there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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


@dataclass
class Place:
    """`wire` sees every request to the AWS at `url`."""

    url: str
    folder: Path
    wire: Wire
    shops: int = 0
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
        return world(connect=self.connect, poll=0.02, **more)

    def answer(self, shop: Shop) -> float:
        """What production answers to 2."""
        return answer(self.aws, 2, f"{shop.config['solution']}-prod")

    def versions(self, shop: Shop) -> int:
        """How many versions of `predict` were ever published."""
        where = {"StackName": f"{shop.config['solution']}-prod", "LogicalResourceId": "Predict"}
        told = self.aws.call("cloudformation", "describe_stack_resource", **where)
        name = told["StackResourceDetail"]["PhysicalResourceId"]
        listed = self.aws.pages("lambda", "list_versions_by_function", "Versions", FunctionName=name)
        return len([v for v in listed if v["Version"] != "$LATEST"])

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
