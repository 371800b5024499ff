"""Time that passes by requests: who waits for a canary sends traffic through the router meanwhile."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from helpers.releases import PREDICT, function_of, world
from helpers.versions import SNIPPET
from helpers.weight_router import WeightRouter

from runner.adapters.aws import Aws, boto_clients
from runner.deploying import World

BEGIN = "def handler(event, context):\n"


def telling(before: str = "", answer: str = "FACTOR * event['square']") -> str:
    """The shop's `predict`, which tells its answers' bins as docs/traffic.md says; `before` comes first."""
    body = f"    {before or 'pass'}\n    answer = {answer}\n"
    body += "    told(tenth(answer))\n    return {'y': answer}\n"
    return SNIPPET + PREDICT.partition(BEGIN)[0] + BEGIN + body


@dataclass
class Customers:
    """Of one alias: `event` makes a request from a number in (0, 1), `rate` of them come each second.

    `seen` has the alias's shares at each nap, `answered` how many requests each version got; `then` is called
    after each nap with how many there were."""

    aws: Aws
    stack: str
    logical: str
    event: Callable[[float], Any]
    rate: float = 2.0
    then: Callable[[int], None] = lambda naps: None
    seen: list[tuple[str, dict[str, float]]] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    slept: float = 0.0

    def __post_init__(self) -> None:
        self.start, self.dice = datetime.now(UTC), random.Random(5)  # noqa: S311  a seed, not a secret
        self.router = WeightRouter(boto_clients(self.aws.target), clock=self.clock)

    def clock(self) -> datetime:
        return self.start + timedelta(seconds=self.slept)

    def sleep(self, seconds: float) -> None:
        """That many seconds of traffic, as fast as it is answered."""
        self.slept += seconds
        self.seen.append(self.points())
        events = (self.event(self.dice.betavariate(2, 5)) for _ in range(round(seconds * self.rate)))
        self.answered += self.router.traffic(self.function, "live", events)
        self.then(len(self.seen))

    def points(self) -> tuple[str, dict[str, float]]:
        """Where the alias points, and the shares of other versions."""
        told = self.aws.call("lambda", "get_alias", FunctionName=self.function, Name="live")
        return str(told["FunctionVersion"]), dict(
            (told.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        )

    @property
    def function(self) -> str:
        return function_of(self.aws, self.stack, self.logical)

    def world(self, **more: Any) -> World:
        """A world in which waiting is their traffic."""
        return world(clock=self.clock, sleep=self.sleep, settle=0, **more)
