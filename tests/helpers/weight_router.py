"""What the sandbox lacks of Lambda's aliases: invocations are split by the alias's weights.

ministack stores the weights and sends everything to the alias's own version. The router reads them, draws a
version (seeded), and invokes that published version for real: real code, answers, errors, durations. Then it
writes to ministack's CloudWatch what Lambda writes by version, and, as CloudWatch does, what the function
logged in the embedded metric format.
"""

from __future__ import annotations

import base64
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

BATCH, VALUES = 900, 150  # metrics of a PutMetricData call, values of a metric
Key = tuple[str, str, str, tuple[tuple[str, str], ...]]  # namespace, metric, unit, dimensions


@dataclass(frozen=True)
class Answered:
    """One routed invocation."""

    version: str
    answer: Any
    is_error: bool
    seconds: float


@dataclass
class WeightRouter:
    """Routes invocations of the sandbox whose clients `client` makes; `clock` is when metrics are told."""

    client: Callable[[str], Any]
    seed: int = 0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    dice: random.Random = field(init=False)
    points: dict[Key, list[float]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311  a seed, not a secret

    def invoke(self, function: str, alias: str, event: Any) -> Answered:
        """One invocation of the alias, which AWS would send to one of its versions by chance."""
        version = self._drawn(function, alias)
        begun = time.monotonic()
        told = self.client("lambda").invoke(
            FunctionName=function, Qualifier=version, Payload=json.dumps(event).encode(), LogType="Tail"
        )
        answer, seconds = json.loads(told["Payload"].read() or b"null"), time.monotonic() - begun
        answered = Answered(version, answer, "FunctionError" in told, seconds)
        self._count(function, alias, answered)
        self._embedded(base64.b64decode(told.get("LogResult", "")).decode("utf-8", "replace"))
        return answered

    def traffic(self, function: str, alias: str, events: Iterable[Any]) -> Counter[str]:
        """All events, one after another; how many each version got. Its metrics are written at the end."""
        got = Counter(self.invoke(function, alias, event).version for event in events)
        self.flush()
        return got

    def flush(self) -> None:
        """What was counted, to CloudWatch."""
        points, self.points = self.points, {}
        spaces: dict[str, list[dict[str, Any]]] = {}
        for (space, metric, unit, by), values in points.items():
            for begin in range(0, len(values), VALUES):
                part = {"MetricName": metric, "Unit": unit, "Values": values[begin : begin + VALUES]}
                part["Timestamp"] = self.clock()
                part["Dimensions"] = [{"Name": name, "Value": value} for name, value in by]
                spaces.setdefault(space, []).append(part)
        for space, data in spaces.items():
            for begin in range(0, len(data), BATCH):
                self.client("cloudwatch").put_metric_data(
                    Namespace=space, MetricData=data[begin : begin + BATCH]
                )

    def _drawn(self, function: str, alias: str) -> str:
        told = self.client("lambda").get_alias(FunctionName=function, Name=alias)
        shares = (told.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        left = self.dice.random()
        for version, share in sorted(shares.items()):
            left -= share
            if left < 0:
                return str(version)
        return str(told["FunctionVersion"])

    def _count(self, function: str, alias: str, answered: Answered) -> None:
        resource = f"{function}:{alias}"
        by = (("FunctionName", function), ("Resource", resource), ("ExecutedVersion", answered.version))
        self._add("AWS/Lambda", "Invocations", "Count", by, 1)
        self._add("AWS/Lambda", "Errors", "Count", by, float(answered.is_error))
        self._add("AWS/Lambda", "Duration", "Milliseconds", by, 1000 * answered.seconds)

    def _embedded(self, log: str) -> None:
        """The lines of a log that are in the embedded metric format, as CloudWatch reads them."""
        for line in log.splitlines():
            begin = line.find('{"_aws"')
            if begin < 0:
                continue
            told = json.loads(line[begin:])
            for directive in told["_aws"]["CloudWatchMetrics"]:
                for names in directive["Dimensions"]:
                    by = tuple((name, str(told[name])) for name in names)
                    for metric in directive["Metrics"]:
                        unit = metric.get("Unit", "None")
                        self._add(directive["Namespace"], metric["Name"], unit, by, told[metric["Name"]])

    def _add(self, space: str, metric: str, unit: str, by: tuple[tuple[str, str], ...], value: float) -> None:
        self.points.setdefault((space, metric, unit, by), []).append(float(value))
