"""A metric's value with what each row does to it: the one form from which intervals are made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from runner.judge.metrics import METRICS, measured
from runner.judge.options import Options
from runner.judge.paired.interval import bounds, spread
from runner.judge.paired.verdict import Interval
from runner.judge.predictions import CannotCompute, Predictions, Task


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and each row's influence (n,) on it (see `runner.judge.measures`): over independent rows its
    standard error is sqrt(sum(influence**2)) / n, over clusters the same of their sums. `carries` (n,) is
    what two models can be told to differ by on each row, `excess` by how much the value may be too high on
    average."""

    value: float
    influence: Any
    carries: Any
    excess: float = 0.0


def estimate(metric: str, predictions: Predictions, options: Options | None = None) -> Estimate:
    """A metric of all rows; raises CannotCompute with the reason where there is none."""
    found = measured(metric, predictions, options)
    if found.faults:
        raise CannotCompute(found.faults[0])
    excess = 0.0 if found.excess is None else float(found.excess[0])
    return Estimate(float(found.values[0]), found.influence, found.carries, excess)


def interval_of(
    metric: str, predictions: Predictions, options: Options | None = None, *, groups: Any = None,
    alpha: float = 0.025,
) -> Interval:  # fmt: skip
    """A metric's value and its two-sided interval of 1 - 2 alpha, within what the metric can be; `groups`
    (n,) are clusters of rows, of a ranking its queries where not given.

    Raises CannotCompute where there is no value, or no row moves it (all right, all alike): then these rows
    do not tell how far it may be off."""
    units = predictions.query if groups is None else groups
    return around(estimate(metric, predictions, options), metric, predictions.task, units, alpha)


def around(found: Estimate, metric: str, task: Task, units: Any = None, alpha: float = 0.025) -> Interval:
    """The same of an estimate that is there already; `units` (n,) are clusters of rows."""
    if not abs(found.influence).max() > 0:
        raise CannotCompute("no row moves it")
    varies = replace(spread(found.influence, units), slack=(found.excess, 0.0))
    wide, known = bounds(found.value, varies, alpha), METRICS[metric]
    return Interval(wide.value, max(wide.low, known.low), min(wide.high, known.highest(task)))
