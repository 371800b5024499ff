"""`size`: of the model file, in millions of bytes."""

from __future__ import annotations

from collections.abc import Iterator

from runner.judge.bounds import bounded
from runner.judge.criteria import Criteria
from runner.judge.part import Limits, Part
from runner.judge.trial import Bench, Trial
from runner.model import Check

ID = "size"


def ids(bench: Bench) -> list[str]:
    return [ID] * bool(bench.criteria.size)


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    if criteria.size:
        yield ID, {"max": criteria.size.max_mb}


def checks(trial: Trial) -> Iterator[Check]:
    rule, size = trial.criteria.size, trial.subject.size / 1e6
    if rule:
        yield bounded(ID, "the model file", lambda: size, high=rule.max_mb, unit="MB")


PART = Part(ids, checks, limits)
