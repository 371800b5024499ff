"""Where the canary judge's numbers come from: CloudWatch, by version of the function behind an alias.

Lambda tells requests, errors and durations itself (namespace AWS/Lambda, dimensions FunctionName, Resource,
ExecutedVersion). What the answers were, only the function knows: it logs one line a request in CloudWatch's
embedded metric format (docs/traffic.md), namespace Lockgate, metric Output, counted by label or bin.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from runner.adapters.aws import Aws, AwsError
from runner.release.canary import Window
from runner.release.canary_latency import Sketch

NAMESPACE, METRIC = "Lockgate", "Output"
# Bins that are not the caller's: an answer that is none, and one of a label that was not expected.
INVALID, OTHER = "invalid", "other"
MINUTE = timedelta(minutes=1)
QUERIES = 500  # of one GetMetricData call
# The levels at which durations are asked for; between two of them lies a bin of the sketch.
LEVELS = (
    *(
        0.0,
        0.01,
        0.025,
        0.05,
        0.1,
        0.15,
        0.2,
        0.25,
        0.3,
        0.35,
        0.4,
        0.425,
        0.45,
        0.475,
        0.5,
        0.525,
        0.55,
        0.575,
    ),
    *(
        0.6,
        0.65,
        0.7,
        0.75,
        0.8,
        0.85,
        0.875,
        0.9,
        0.92,
        0.94,
        0.95,
        0.96,
        0.97,
        0.98,
        0.99,
        0.995,
        0.999,
        1.0,
    ),
)
Series = Mapping[datetime, float]


class CanaryMetrics(Protocol):
    """What one version behind the alias did in a span of time."""

    def window(self, version: str, since: datetime, until: datetime) -> Window:
        """Times are aware. No data is a window without requests. Raises AwsError where it cannot be told."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One time series: `stat` is a statistic of CloudWatch's ('Sum', 'p95')."""

    namespace: str
    metric: str
    stat: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CloudWatchMetrics:
    """The metrics of a function (its name) behind an alias; `labels` are those of its outputs, none where
    outputs are not compared."""

    aws: Aws
    function: str
    alias: str
    labels: tuple[str, ...] = ()

    def window(self, version: str, since: datetime, until: datetime) -> Window:
        """Whole minutes, the one of `since` and the one of `until` among them."""
        labels = (*self.labels, OTHER, INVALID) if self.labels else ()
        asked = [*self._lambda(version), *(self._output(version, label) for label in labels)]
        told = dict(zip(asked, self._series(asked, since, until), strict=True))
        requests, errors, counts = (self._ask(version, *name) for name in COUNTS)
        outputs = {label: _total(told[self._output(version, label)]) for label in labels}
        invalid = outputs.pop(INVALID, 0)
        levels = {level: told[self._ask(version, "Duration", _stat(level))] for level in LEVELS}
        sketch = Sketch(tuple(_bins(told[counts], levels)))
        return Window(_total(told[requests]), _total(told[errors]), invalid, sketch, outputs)

    def _lambda(self, version: str) -> Iterator[Ask]:
        for metric, stat in (*COUNTS, *(("Duration", _stat(level)) for level in LEVELS)):
            yield self._ask(version, metric, stat)

    def _ask(self, version: str, metric: str, stat: str) -> Ask:
        resource = f"{self.function}:{self.alias}"
        by = (("FunctionName", self.function), ("Resource", resource), ("ExecutedVersion", version))
        return Ask("AWS/Lambda", metric, stat, by)

    def _output(self, version: str, label: str) -> Ask:
        by = (("Function", self.function), ("Version", version), ("Bin", label))
        return Ask(NAMESPACE, METRIC, "Sum", by)

    def _series(self, asked: Sequence[Ask], since: datetime, until: datetime) -> Iterator[Series]:
        span = {"StartTime": _floor(since), "EndTime": _floor(until) + MINUTE}
        for begin in range(0, len(asked), QUERIES):
            queries = [_query(i, ask) for i, ask in enumerate(asked[begin : begin + QUERIES])]
            answers = self.aws.pages(
                "cloudwatch", "get_metric_data", "MetricDataResults",
                MetricDataQueries=queries, ScanBy="TimestampAscending", **span,
            )  # fmt: skip
            yield from _joined([q["Id"] for q in queries], answers)


COUNTS = (("Invocations", "Sum"), ("Errors", "Sum"), ("Duration", "SampleCount"))


def _stat(level: float) -> str:
    return {0.0: "Minimum", 1.0: "Maximum"}.get(level, f"p{100 * level:g}")


def _query(number: int, ask: Ask) -> dict[str, Any]:
    # Minutes, since longer periods are cut at their own multiples, not at our span's ends.
    metric = {
        "Namespace": ask.namespace,
        "MetricName": ask.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in ask.dimensions],
    }
    return {"Id": f"q{number}", "MetricStat": {"Metric": metric, "Period": 60, "Stat": ask.stat}}


def _joined(ids: Iterable[str], answers: Iterable[Mapping[str, Any]]) -> Iterator[Series]:
    """Each query's points from all pages. Raises AwsError where a series is missing, broken or unfinished."""
    series: dict[str, dict[datetime, float]] = {}
    states: dict[str, str] = {}
    for answer in answers:
        points = zip(answer["Timestamps"], answer["Values"], strict=True)
        series.setdefault(answer["Id"], {}).update(points)
        states[answer["Id"]] = answer.get("StatusCode", "")
    for id in ids:
        found, state = series.get(id, {}), states.get(id, "no answer")
        if state != "Complete" or not all(math.isfinite(value) for value in found.values()):
            raise AwsError(f"CloudWatch did not tell a metric ({state})", where="cloudwatch:get_metric_data")
        yield found


def _total(series: Series) -> int:
    return round(sum(series.values()))


def _bins(counts: Series, levels: Mapping[float, Series]) -> Iterator[tuple[float, float, float]]:
    """A sketch's bins, minute by minute."""
    for minute, count in counts.items():
        known = [(level, series[minute]) for level, series in levels.items() if minute in series]
        yield from Sketch.of_levels(count, known).bins


def _floor(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
