"""`calibration`: whether stated probabilities are observed frequencies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from runner.judge.bounds import bounded
from runner.judge.by_evidence import within
from runner.judge.calibration import expected_calibration_error, reliability
from runner.judge.criteria import Criteria
from runner.judge.criteria_more import Calibration
from runner.judge.paired.verdict import Interval
from runner.judge.part import Fault, Limits, Part
from runner.judge.predictions import BINARY, MULTICLASS, CannotCompute
from runner.judge.recalibration import Recalibration, in_the_large, recalibrated
from runner.judge.shares import wilson
from runner.judge.trial import Bench, Trial
from runner.model import Check, Plot, Series

ID = "calibration/ece"
EXACT = {"slope": 1.0, "intercept": 0.0}


def _ranges(rule: Calibration | None) -> dict[str, tuple[float, float]]:
    """What is judged by evidence: name -> bounds."""
    if rule is None:
        return {}
    large = None if rule.in_the_large is None else (-rule.in_the_large, rule.in_the_large)
    told = {"in_the_large": large, "slope": rule.slope, "intercept": rule.intercept}
    return {name: bounds for name, bounds in told.items() if bounds is not None}


def ids(bench: Bench) -> list[str]:
    rule = bench.criteria.calibration
    return [ID, *(f"calibration/{name}" for name in _ranges(rule))] if rule else []


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    rule = criteria.calibration
    if rule:
        yield ID, {"max": rule.max_error, "bins": rule.bins}
    for name, (low, high) in _ranges(rule).items():
        yield f"calibration/{name}", {"min": low, "max": high, "alpha": rule.alpha if rule else None}


def faults(criteria: Criteria) -> Iterator[Fault]:
    rule = criteria.calibration
    if rule and criteria.task not in (BINARY, MULTICLASS):
        yield Fault(("calibration",), f"a {criteria.task} has no probabilities to calibrate")
    for name, exact in EXACT.items():
        bounds = _ranges(rule).get(name)
        if bounds and not bounds[0] < exact < bounds[1]:
            yield Fault(("calibration", name), f"an exact calibration's {exact:g} is not within {name}")


def checks(trial: Trial) -> Iterator[Check]:
    rule, predictions = trial.criteria.calibration, trial.predictions
    if rule is None:
        return
    rows = len(predictions)
    yield bounded(
        ID,
        f"expected calibration error ({rule.bins} bins)",
        lambda: expected_calibration_error(predictions, rule.bins),
        high=rule.max_error,
        rows=rows,
    )
    computed: dict[str, tuple[str, Callable[[], Interval]]] = {
        "in_the_large": ("observed minus stated frequency", lambda: in_the_large(predictions, rule.alpha)),
        "slope": ("calibration slope", lambda: _fitted(trial, rule).slope),
        "intercept": ("calibration intercept", lambda: _fitted(trial, rule).intercept),
    }
    for name, (low, high) in _ranges(rule).items():
        what, compute = computed[name]
        yield within(f"calibration/{name}", what, compute, low=low, high=high, rows=rows)


def _fitted(trial: Trial, rule: Calibration) -> Recalibration:
    """Raises CannotCompute."""
    found = trial.once("calibration", lambda: _tried(trial, rule))
    if isinstance(found, CannotCompute):
        raise found
    return found


def _tried(trial: Trial, rule: Calibration) -> Recalibration | CannotCompute:
    try:
        return recalibrated(trial.predictions, rule.alpha)
    except CannotCompute as error:
        return error


def plots(trial: Trial) -> Iterator[Plot]:
    """Each bin's observed frequency with its interval."""
    rule = trial.criteria.calibration
    if rule is None:
        return
    try:
        found = reliability(trial.predictions, rule.bins)
    except CannotCompute:  # the check says so
        return
    seen = [wilson(b.observed * b.count, b.count) for b in found]
    points = Series(
        "observed",
        tuple(b.predicted for b in found),
        tuple(i.value for i in seen),
        tuple(i.low for i in seen),
        tuple(i.high for i in seen),
    )
    exact = Series("calibrated", (0.0, 1.0), (0.0, 1.0), dashed=True)
    note = "Wilson's 95% interval of each bin: one that misses the line is evidence, one that is wide none."
    axes = ("stated probability", "observed frequency")
    yield Plot("Calibration by bin, with intervals", "line", *axes, (points, exact), note=note)


def facts(trial: Trial) -> dict[str, Any]:
    rule = trial.criteria.calibration
    if rule is None:
        return {}
    try:
        found = _fitted(trial, rule)
    except CannotCompute as error:
        return {"calibration": {"cause": str(error)}}
    told = {name: getattr(found, name) for name in ("in_the_large", "slope", "intercept")}
    return {"calibration": {name: [each.value, each.low, each.high] for name, each in told.items()}}


PART = Part(ids, checks, limits, faults, plots, facts)
