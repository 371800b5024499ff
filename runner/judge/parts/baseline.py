"""`baseline`: what the candidate must beat, or be compared with in pairs: a dummy or a champion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from runner.judge.baseline import beats, dummy
from runner.judge.champion import FIRST, itself, without_champion
from runner.judge.criteria import Champion, Compare, Criteria, Dummy
from runner.judge.differences import differences
from runner.judge.paired.check import compared, limit_of, paired
from runner.judge.paired.compare import Paired
from runner.judge.part import Limits, Part
from runner.judge.predictions import CannotCompute, Predictions
from runner.judge.trial import Bench, Trial
from runner.model import Check, Plot


def ids(bench: Bench) -> Iterator[str]:
    if rule := bench.criteria.baseline:
        yield from (f"baseline/{each.label}" for each in rule.must_beat)
        yield from (f"{rule.kind}/{each.label}" for each in rule.compare)


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    if (rule := criteria.baseline) is None:
        return
    against = f"{rule.strategy} dummy" if isinstance(rule, Dummy) else _words(rule)
    for beat in rule.must_beat:
        yield f"baseline/{beat.label}", {"by": beat.by, "against": against}
    for each in rule.compare:
        told = {"margin": each.margin, "alpha": each.alpha, "accept": list(each.accept)}
        yield f"{rule.kind}/{each.label}", {**told, "group": each.group, "against": against}


def _words(rule: Champion) -> str:
    """The champion, with what the criteria allow where there is none."""
    where = f"champion of {rule.environment}" if rule.environment else "champion"
    return where + (" (first release allowed)" if rule.first_release == "allow" else "")


def checks(trial: Trial) -> Iterator[Check]:
    rule = trial.criteria.baseline
    if rule is None:
        return
    name = f"the {rule.strategy} dummy" if isinstance(rule, Dummy) else "the champion"
    try:
        other = _other(trial, rule)
    except CannotCompute as error:
        yield from _absent(rule, name, error)
        return
    for beat in rule.must_beat:
        yield beats(beat, trial.predictions, other, name)
    for each, found in _pairs(trial, rule, other):
        if isinstance(rule, Champion) and trial.is_champion and isinstance(found, Paired):
            allowed = any(word != "better" for word in each.accept)
            yield itself(f"{rule.kind}/{each.label}", limit_of(each), passes=allowed)
        else:
            yield compared(f"{rule.kind}/{each.label}", each, found)


def _pairs(
    trial: Trial, rule: Dummy | Champion, other: Predictions
) -> list[tuple[Compare, Paired | CannotCompute]]:
    def compute() -> list[tuple[Compare, Paired | CannotCompute]]:
        frame = trial.bench.evaluation.frame
        return [(each, paired(each, trial.predictions, other, frame)) for each in rule.compare]

    return trial.once("baseline", compute)


def plots(trial: Trial) -> Iterator[Plot]:
    """How far the candidate is from what it is compared with."""
    rule = trial.criteria.baseline
    if rule is None or not rule.compare:
        return
    with suppress(CannotCompute):  # the checks say so
        known = [(r, p) for r, p in _pairs(trial, rule, _other(trial, rule)) if isinstance(p, Paired)]
        if known:
            yield differences(f"Difference from the {rule.kind}", known)


def _absent(rule: Dummy | Champion, name: str, error: CannotCompute) -> Iterator[Check]:
    for beat in rule.must_beat:
        limit = f"beats {name}"
        yield without_champion(f"baseline/{beat.label}", error, "there is no baseline to beat", limit)
    for each in rule.compare:
        yield without_champion(f"{rule.kind}/{each.label}", error, "there is no champion")


def _other(trial: Trial, rule: Dummy | Champion) -> Predictions:
    return dummy(trial.predictions, rule.strategy) if isinstance(rule, Dummy) else trial.champion


def facts(trial: Trial) -> dict[str, Any]:
    """Which champion it was; and in so many words, what passes without one because the criteria allow it."""
    champion, rule = trial.bench.champion, trial.criteria.baseline
    if champion is None or not isinstance(rule, Champion):
        return {}
    told: dict[str, Any] = {"champion": {**champion.facts, "sha256": champion.digest()}}
    return told | ({"allowed": [f"{FIRST} in {rule.environment}"]} if champion.first else {})


PART = Part(ids, checks, limits, plots=plots, facts=facts)
