"""`latency`: how long one prediction takes, by itself and against the champion's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runner.errors import InfrastructureError
from runner.judge.bounds import bounded, number
from runner.judge.champion import without_champion
from runner.judge.criteria import Criteria
from runner.judge.latency import Ratio, percentiles, ratio, times
from runner.judge.onnx_model import Scorer, Unusable
from runner.judge.part import Fault, Limits, Part
from runner.judge.predictions import CannotCompute
from runner.judge.served_model import ServedModel
from runner.judge.trial import Bench, Trial
from runner.model import Check, Status
from runner.text import one_line

RATIO, LIMIT = "latency/ratio", "<= {:g} times the champion's"
FEW_REPEATS = 50  # where no rule asks for any
TAIL, BEYOND = "p99", 1000  # ten predictions are slower than the 99th percentile of so many


def ids(bench: Bench) -> list[str]:
    rule = bench.criteria.latency
    return [*(f"latency/{name}" for name in rule.bounds), *[RATIO] * bool(rule.max_ratio)] if rule else []


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    rule = criteria.latency
    for name, bound in rule.bounds.items() if rule else ():
        yield f"latency/{name}", {"max": bound, "repeats": rule.repeats if rule else None}
    if rule and rule.max_ratio:
        yield RATIO, {"max": rule.max_ratio, "repeats": rule.repeats}


def faults(criteria: Criteria) -> Iterator[Fault]:
    rule = criteria.latency
    if rule and TAIL in rule.bounds and rule.repeats < BEYOND:
        what = f"the 99th percentile of {rule.repeats} predictions is one of the slowest few"
        yield Fault(("latency", "repeats"), what, f"at least {BEYOND}")


def checks(trial: Trial) -> Iterator[Check]:
    rule = trial.criteria.latency
    for name, bound in rule.bounds.items() if rule else ():
        yield _percentile(trial, name, bound)
    if rule and rule.max_ratio:
        yield _against(trial, rule.max_ratio)


def _percentile(trial: Trial, name: str, bound: float) -> Check:
    found = _taken(trial)

    def value() -> float:
        if isinstance(found, CannotCompute):
            raise found
        return found[name]

    told = {} if isinstance(found, CannotCompute) else found
    details = ", ".join(f"{each} {number(ms, 'ms')}" for each, ms in told.items())
    return bounded(
        f"latency/{name}", f"{name} of one prediction", value, high=bound, unit="ms", details=details
    )


def _against(trial: Trial, most: float) -> Check:
    found = _ratio(trial)
    if isinstance(found, CannotCompute):
        return without_champion(RATIO, found, "times cannot be compared", LIMIT.format(most))
    return ratio_check(found, most)


def ratio_check(found: Ratio, most: float) -> Check:
    """PASSED where the whole interval is within the limit, FAILED where it is beyond; ERROR between."""
    limit = LIMIT.format(most)
    if found.high <= most:
        return Check(RATIO, Status.PASSED, measured=str(found), limit=limit)
    if found.low > most:
        return Check(RATIO, Status.FAILED, cause=f"it takes {found}", measured=str(found), limit=limit)
    cause = f"it takes {found}, which does not tell whether it is within {most:g}: raise `repeats`"
    return Check(RATIO, Status.ERROR, cause=cause, measured=str(found), limit=limit)


def _taken(trial: Trial) -> dict[str, float] | CannotCompute:
    return trial.once("latency", lambda: _measured(trial))


def _measured(trial: Trial) -> dict[str, float] | CannotCompute:
    rule, model = trial.criteria.latency, trial.subject.model
    assert model is not None  # noqa: S101  it gave predictions
    try:
        return percentiles(times(model, trial.bench.evaluation.matrix, rule.repeats if rule else FEW_REPEATS))
    except CannotCompute as error:
        return error


def _ratio(trial: Trial) -> Ratio | CannotCompute:
    return trial.once(RATIO, lambda: _compared(trial))


def _compared(trial: Trial) -> Ratio | CannotCompute:
    rule, model = trial.criteria.latency, trial.subject.model
    assert rule is not None and model is not None  # noqa: S101  the caller has looked
    try:
        return ratio(model, _champion(trial, model), trial.bench.evaluation.matrix, rule.repeats)
    except CannotCompute as error:
        return error


def _champion(trial: Trial, model: Scorer) -> Scorer:
    """The champion, served like the candidate where that is possible."""
    champion = trial.bench.champion
    if champion is None or champion.serve is None or not isinstance(model, ServedModel):
        return trial.champion_model
    try:
        return champion.serve()
    except (Unusable, InfrastructureError) as error:
        raise CannotCompute(f"the champion's container: {one_line(str(error))}") from None


def facts(trial: Trial) -> dict[str, Any]:
    rule, taken = trial.criteria.latency, _taken(trial)
    found: dict[str, Any] = {"latency_ms": {} if isinstance(taken, CannotCompute) else taken}
    if rule and rule.max_ratio and isinstance(each := _ratio(trial), Ratio):
        found["latency_ratio"] = {"median": each.median, "low": each.low, "high": each.high}
    return found


PART = Part(ids, checks, limits, faults, facts=facts)
