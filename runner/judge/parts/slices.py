"""`slices`: the same bounds, or the same margin against the champion, in every group of rows."""

from __future__ import annotations

from collections.abc import Iterator

from runner.judge.champion import FirstRelease, itself, without_champion
from runner.judge.criteria import Criteria
from runner.judge.criteria_slices import SliceRule
from runner.judge.metrics import METRICS
from runner.judge.part import Fault, Limits, Part
from runner.judge.predictions import CannotCompute
from runner.judge.slicing.checks import checks as checks_of
from runner.judge.slicing.forest import forest
from runner.judge.slicing.judging import Judged, against_bounds, against_champion
from runner.judge.slicing.slices import Slices, slices_of
from runner.judge.trial import Bench, Trial
from runner.model import Check, Plot, Status


def ids(bench: Bench) -> Iterator[str]:
    for rule in bench.criteria.slices:
        yield from ((rule.id,) if bench.table is None else slices_of(rule, bench.evaluation.frame).ids())


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    for rule in criteria.slices:
        kept = {"min", "max", "margin", "min_rows", "bins", "where", "group"}
        told = rule.model_dump(mode="json", include=kept)
        if rule.adjustment:
            told |= {"adjust": rule.adjustment, "alpha": rule.alpha}
        yield rule.id, told


def faults(criteria: Criteria) -> Iterator[Fault]:
    """A margin that no loss could exceed. What else is wrong with a rule is seen where all rules are."""
    for i, rule in enumerate(criteria.slices):
        metric = METRICS.get(rule.metric)
        if metric and rule.margin and rule.margin >= metric.highest(criteria.task) - metric.low:
            yield Fault(("slices", i), f"margin {rule.margin:g} can never fail")


def checks(trial: Trial) -> Iterator[Check]:
    for rule in trial.criteria.slices:
        slices, judged = _judged(trial, rule)
        if isinstance(judged, CannotCompute):
            yield from _without(slices, judged)
        elif rule.margin is not None and trial.is_champion and not slices.fault:
            yield from (itself(id, f"loss <= {rule.margin:g}") for id in slices.ids())
        else:
            yield from checks_of(slices, judged)


def _without(slices: Slices, error: CannotCompute) -> Iterator[Check]:
    """There is no champion: the rule's own check says what that means."""
    cause = str(error) if isinstance(error, FirstRelease) else "there is no champion"
    yield from (Check(id, Status.SKIPPED, cause=cause) for id in slices.ids()[:-1])
    yield without_champion(slices.rule.id, error, "there is no champion")


def plots(trial: Trial) -> Iterator[Plot]:
    for rule in trial.criteria.slices:
        slices, judged = _judged(trial, rule)
        plot = None if isinstance(judged, CannotCompute) else forest(slices, judged)
        if plot:
            yield plot


def _judged(trial: Trial, rule: SliceRule) -> tuple[Slices, list[Judged] | CannotCompute]:
    return trial.once(rule.id, lambda: _judge(trial, rule))


def _judge(trial: Trial, rule: SliceRule) -> tuple[Slices, list[Judged] | CannotCompute]:
    frame = trial.bench.evaluation.frame
    slices = slices_of(rule, frame)
    if rule.margin is None:
        return slices, against_bounds(slices, trial.predictions, frame)
    try:
        return slices, against_champion(slices, trial.predictions, trial.champion, frame)
    except CannotCompute as error:
        return slices, error


PART = Part(ids, checks, limits, faults, plots)
