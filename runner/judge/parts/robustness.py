"""`robustness`: noise, missing values and unseen categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runner.judge.by_evidence import within
from runner.judge.choice import MetricChoice
from runner.judge.criteria import Criteria
from runner.judge.criteria_more import Missing, Noise, Unseen
from runner.judge.metrics import METRICS
from runner.judge.paired.verdict import Interval
from runner.judge.part import Fault, Limits, Part
from runner.judge.predictions import CannotCompute
from runner.judge.robustness import Broken, loss, valid, with_unseen
from runner.judge.trial import Bench, Trial
from runner.model import Check, Status

UNSEEN = "robustness/unseen"
Lost = Interval | Broken | CannotCompute


def _losses(criteria: Criteria) -> Iterator[tuple[str, Noise | Missing]]:
    rule = criteria.robustness
    if rule and rule.noise:
        yield f"robustness/noise/{rule.noise.label}", rule.noise
    if rule and rule.missing:
        yield f"robustness/missing/{rule.missing.label}", rule.missing


def _unseen(criteria: Criteria) -> Unseen | None:
    return criteria.robustness.unseen if criteria.robustness else None


def ids(bench: Bench) -> list[str]:
    told = [id for id, _ in _losses(bench.criteria)]
    return [*told, *[UNSEEN] * bool(_unseen(bench.criteria))]


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    for id, rule in _losses(criteria):
        amount = {"sd": rule.sd} if isinstance(rule, Noise) else {"share": rule.share}
        told = {"max": rule.max_loss, "columns": list(rule.columns), "alpha": rule.alpha}
        yield id, {**told, **amount, "seed": rule.seed}
    if unseen := _unseen(criteria):
        yield UNSEEN, {"columns": list(unseen.columns), "code": unseen.code}


def faults(criteria: Criteria) -> Iterator[Fault]:
    if criteria.robustness and not (_unseen(criteria) or any(True for _ in _losses(criteria))):
        yield Fault(("robustness",), "no rule: noise, missing or unseen")
    for id, rule in _losses(criteria):
        metric, loc = METRICS.get(rule.metric), ("robustness", id.split("/")[1], "max_loss")
        if metric and rule.max_loss >= (high := metric.highest(criteria.task)) - metric.low:
            yield Fault(loc, f"max_loss {rule.max_loss:g} can never fail", f"{metric.low:g} to {high:g}")


def choices(criteria: Criteria) -> Iterator[tuple[tuple[str | int, ...], MetricChoice]]:
    """The metrics that are compared before and after, with their places."""
    return ((("robustness", id.split("/")[1]), rule) for id, rule in _losses(criteria))


def checks(trial: Trial) -> Iterator[Check]:
    for id, rule in _losses(trial.criteria):
        yield _lost(id, rule, _found(trial, id, rule), len(trial.predictions))
    if unseen := _unseen(trial.criteria):
        yield _told_apart(trial, unseen)


def _found(trial: Trial, id: str, rule: Noise | Missing) -> Lost:
    def tried() -> Lost:
        try:
            return loss(trial, rule)
        except (Broken, CannotCompute) as error:
            return error

    return trial.once(id, tried)


def _lost(id: str, rule: Noise | Missing, found: Lost, rows: int) -> Check:
    what, columns = _done(rule), ", ".join(rule.columns)
    if isinstance(found, Broken):
        limit = f"a loss <= {rule.max_loss:g}"
        return Check(id, Status.FAILED, cause=f"with {what} in {columns}, {found}", limit=limit)

    def computed() -> Interval:
        if isinstance(found, CannotCompute):
            raise found
        return found

    about = f"loss of {rule.label} by {what}"
    return within(id, about, computed, high=rule.max_loss, rows=rows, details=f"Columns: {columns}.")


def _done(rule: Noise | Missing) -> str:
    if isinstance(rule, Noise):
        return f"noise of {rule.sd:g} standard deviations"
    return f"{100 * rule.share:g}% missing values"


def _told_apart(trial: Trial, rule: Unseen) -> Check:
    """Whether each column's unseen code gets a valid answer in every row."""
    limit = "a valid answer in every row"
    for name in rule.columns:
        try:
            valid(trial, with_unseen(trial.bench, rule, name))
        except CannotCompute as error:
            return Check(UNSEEN, Status.ERROR, cause=f"{name}: {error}", limit=limit)
        except Broken as error:
            cause = f"with a {name} that was never seen, {error}"
            return Check(UNSEEN, Status.FAILED, cause=cause, limit=limit)
    return Check(UNSEEN, Status.PASSED, measured=f"{len(rule.columns)} columns", limit=limit)


def facts(trial: Trial) -> dict[str, Any]:
    found = {id.partition("/")[2]: _found(trial, id, rule) for id, rule in _losses(trial.criteria)}
    told = {n: [i.value, i.low, i.high] for n, i in found.items() if isinstance(i, Interval)}
    return {"robustness": told} if told else {}


PART = Part(ids, checks, limits, faults, facts=facts, choices=choices)
