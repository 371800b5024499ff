"""`calibration`: whether stated probabilities are observed frequencies."""

from __future__ import annotations

from collections.abc import Iterator

from runner.judge.bounds import bounded
from runner.judge.calibration import expected_calibration_error
from runner.judge.criteria import Criteria
from runner.judge.part import Fault, Limits, Part
from runner.judge.predictions import REGRESSION
from runner.judge.trial import Bench, Trial
from runner.model import Check

ID = "calibration/ece"


def ids(bench: Bench) -> list[str]:
    return [ID] * bool(bench.criteria.calibration)


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    if criteria.calibration:
        yield ID, {"max": criteria.calibration.max_error, "bins": criteria.calibration.bins}


def faults(criteria: Criteria) -> Iterator[Fault]:
    if criteria.calibration and criteria.task == REGRESSION:
        yield Fault(("calibration",), "a regression has no probabilities to calibrate")


def checks(trial: Trial) -> Iterator[Check]:
    rule, predictions = trial.criteria.calibration, trial.predictions
    if rule is None:
        return
    yield bounded(
        ID,
        f"expected calibration error ({rule.bins} bins)",
        lambda: expected_calibration_error(predictions, rule.bins),
        high=rule.max_error,
        rows=len(predictions),
    )


PART = Part(ids, checks, limits, faults)
