"""`slices`: the same bounds in every group of rows."""

from __future__ import annotations

from collections.abc import Iterator

from runner.judge.criteria import Criteria
from runner.judge.part import Limits, Part
from runner.judge.slices import Slices, slices_of
from runner.judge.trial import Bench, Trial
from runner.model import Check, Plot


def ids(bench: Bench) -> list[str]:
    if bench.table is None:
        return [Slices(rule, {}).id for rule in bench.criteria.slices]
    return [id for group in _groups(bench) for id in group.ids()]


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    for rule in criteria.slices:
        told = {"min": rule.min, "max": rule.max, "min_rows": rule.min_rows}
        yield f"slices/{rule.by}/{rule.label}", told


def checks(trial: Trial) -> Iterator[Check]:
    for group in _groups(trial.bench):
        yield from group.checks(trial.predictions)


def plots(trial: Trial) -> Iterator[Plot]:
    drawn = (group.plot(trial.predictions) for group in _groups(trial.bench))
    return (plot for plot in drawn if plot)


def _groups(bench: Bench) -> tuple[Slices, ...]:
    return tuple(slices_of(rule, bench.evaluation.frame) for rule in bench.criteria.slices)


PART = Part(ids, checks, limits, plots=plots)
