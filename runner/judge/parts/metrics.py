"""`metrics`: absolute bounds on the candidate's own values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from runner.judge.bounds import bounded, number
from runner.judge.choice import MetricRule
from runner.judge.criteria import Criteria
from runner.judge.estimates import Estimate, around, estimate
from runner.judge.part import Limits, Part
from runner.judge.predictions import CannotCompute, Predictions
from runner.judge.trial import Bench, Trial
from runner.model import Check


def ids(bench: Bench) -> Iterator[str]:
    return (f"metrics/{rule.label}" for rule in bench.criteria.metrics)


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    return ((f"metrics/{rule.label}", {"min": rule.min, "max": rule.max}) for rule in criteria.metrics)


def checks(trial: Trial) -> Iterator[Check]:
    return (_check(rule, trial.predictions) for rule in trial.criteria.metrics)


def _check(rule: MetricRule, predictions: Predictions) -> Check:
    """The value against its bounds; its 95% interval is shown beside it, where the rows give one."""
    id, rows, around_it = f"metrics/{rule.label}", len(predictions), ""

    def compute() -> float:
        nonlocal around_it
        found = estimate(rule.metric, predictions, rule.options)
        around_it = _interval(found, rule.metric, predictions)
        return found.value

    check = bounded(id, rule.label, compute, low=rule.min, high=rule.max, rows=rows)
    return replace(check, measured=check.measured + around_it)


def _interval(found: Estimate, metric: str, predictions: Predictions) -> str:
    try:
        reach = around(found, metric, predictions.task, predictions.query)
    except CannotCompute:  # the value stands without it
        return ""
    return f" [{number(reach.low)}, {number(reach.high)}]"


PART = Part(ids, checks, limits)
