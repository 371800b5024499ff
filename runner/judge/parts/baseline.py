"""`baseline`: what the candidate must beat, or be compared with in pairs: a dummy or a champion."""

from __future__ import annotations

from collections.abc import Iterator

from runner.judge.baseline import beats, dummy
from runner.judge.criteria import Champion, Compare, Criteria, Dummy
from runner.judge.paired.check import compared
from runner.judge.part import Limits, Part
from runner.judge.predictions import CannotCompute, Predictions
from runner.judge.trial import Bench, Trial
from runner.model import Check, Status


def ids(bench: Bench) -> Iterator[str]:
    rule = bench.criteria.baseline
    yield from (f"baseline/{each.label}" for each in (rule.must_beat if rule else ()))
    yield from (f"champion/{each.label}" for each in _compared(bench.criteria))


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    rule = criteria.baseline
    against = f"{rule.strategy} dummy" if isinstance(rule, Dummy) else "champion"
    for beat in rule.must_beat if rule else ():
        yield f"baseline/{beat.label}", {"by": beat.by, "against": against}
    for each in _compared(criteria):
        told = {"margin": each.margin, "alpha": each.alpha, "accept": list(each.accept)}
        yield f"champion/{each.label}", told


def checks(trial: Trial) -> Iterator[Check]:
    rule = trial.criteria.baseline
    if rule is None:
        return
    name = f"the {rule.strategy} dummy" if isinstance(rule, Dummy) else "the champion"
    try:
        other = _other(trial, rule)
    except CannotCompute as error:
        yield from _absent(trial.criteria, name, error)
        return
    for beat in rule.must_beat:
        yield beats(beat, trial.predictions, other, name)
    for each in _compared(trial.criteria):
        yield compared(each, trial.predictions, other, trial.bench.evaluation.frame)


def _absent(criteria: Criteria, name: str, error: CannotCompute) -> Iterator[Check]:
    for beat in criteria.baseline.must_beat if criteria.baseline else ():
        cause = f"there is no baseline to beat: {error}"
        yield Check(f"baseline/{beat.label}", Status.ERROR, cause=cause, limit=f"beats {name}")
    for each in _compared(criteria):
        yield Check(f"champion/{each.label}", Status.ERROR, cause=f"there is no champion: {error}")


def _compared(criteria: Criteria) -> tuple[Compare, ...]:
    return criteria.baseline.compare if isinstance(criteria.baseline, Champion) else ()


def _other(trial: Trial, rule: Dummy | Champion) -> Predictions:
    return dummy(trial.predictions, rule.strategy) if isinstance(rule, Dummy) else trial.champion


PART = Part(ids, checks, limits)
