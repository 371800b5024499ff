"""`parity`: whether the model that is served says what training's own model said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runner.judge.criteria import Criteria
from runner.judge.parity import parity_check, reference_scores
from runner.judge.part import Fault, Limits, Part
from runner.judge.predictions import NUMBERS, CannotCompute
from runner.judge.trial import Bench, Trial
from runner.model import Check

ID = "parity"
DEFAULT = 1e-5


def ids(bench: Bench) -> list[str]:
    return [ID] * bool(bench.criteria.parity or bench.reference)


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    if criteria.parity:
        yield ID, {"max": criteria.parity.max_abs_diff}


def faults(criteria: Criteria) -> Iterator[Fault]:
    if criteria.parity and criteria.task not in NUMBERS and criteria.parity.max_abs_diff >= 1:
        yield Fault(("parity", "max_abs_diff"), "can never fail: probabilities are between 0 and 1")


def checks(trial: Trial) -> Iterator[Check]:
    rule, bench = trial.criteria.parity, trial.bench
    if not (rule or bench.reference):
        return

    def reference() -> Any:
        if bench.reference is None:
            raise CannotCompute("lockgate.yml names no reference for the model stage")
        return reference_scores(bench.python, bench.reference, bench.evaluation.matrix, trial.criteria.task)

    yield parity_check(trial.predictions, rule.max_abs_diff if rule else DEFAULT, reference)


PART = Part(ids, checks, limits, faults)
