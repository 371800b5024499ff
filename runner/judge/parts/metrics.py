"""`metrics`: absolute bounds on the candidate's own values."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from runner.judge.bounds import bounded
from runner.judge.criteria import Criteria
from runner.judge.metrics import value_of
from runner.judge.part import Limits, Part
from runner.judge.trial import Bench, Trial
from runner.model import Check


def ids(bench: Bench) -> Iterator[str]:
    return (f"metrics/{rule.label}" for rule in bench.criteria.metrics)


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    return ((f"metrics/{rule.label}", {"min": rule.min, "max": rule.max}) for rule in criteria.metrics)


def checks(trial: Trial) -> Iterator[Check]:
    rows = len(trial.predictions)
    for rule in trial.criteria.metrics:
        compute = partial(value_of, rule.metric, trial.predictions, rule.options)
        yield bounded(f"metrics/{rule.label}", rule.label, compute, low=rule.min, high=rule.max, rows=rows)


PART = Part(ids, checks, limits)
