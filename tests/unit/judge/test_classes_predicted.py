"""A class that is never predicted, where criteria ask for every one of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers.trials import checks_of, trial_of

from runner.judge.parts.classes import PART
from runner.judge.predictions import BINARY, MULTICLASS, REGRESSION
from runner.model import Check, Status


def judged(say: Any, rule: dict[str, Any], **more: Any) -> Check:
    (check,) = checks_of(PART, trial_of(say, {"classes_predicted": rule}, **more)).values()
    return check


def some(count: int) -> Any:
    return lambda rows: np.where(np.arange(len(rows)) < count, 0.6, 0.2)


def test_a_class_that_is_never_predicted_is_named() -> None:
    check = judged(some(0), {})
    assert check.status is Status.FAILED
    assert check.cause == "hardly or never predicted: class 1 (0 of 400 rows)"
    assert judged(some(1), {}).status is Status.PASSED
    assert judged(some(0), {"threshold": 0.2}).cause.endswith("class 0 (0 of 400 rows)")


def test_the_share_that_is_asked_for() -> None:
    assert judged(some(8), {"min_share": 0.02}).status is Status.FAILED
    assert judged(some(9), {"min_share": 0.02}).status is Status.PASSED


def test_of_several_classes() -> None:
    said = np.tile([0.5, 0.3, 0.2], (400, 1))
    said[:9] = [0.1, 0.8, 0.1]
    check = judged(lambda rows: said, {}, task=MULTICLASS, classes=("x", "y", "z"), y=np.arange(400) % 3)
    assert check.cause == "hardly or never predicted: class z (0 of 400 rows)"
    assert check.measured == "x: 391, y: 9, z: 0"


def test_answers_that_are_no_numbers_are_an_error() -> None:
    assert judged(lambda rows: np.full(len(rows), np.nan), {}).status is Status.ERROR


@pytest.mark.parametrize(
    ("rule", "task", "why"),
    [
        ({}, REGRESSION, "has no classes"),
        ({"threshold": 0.4}, MULTICLASS, "takes no threshold"),
        ({"min_share": 0.5}, BINARY, "can never pass"),
    ],
)
def test_rules_that_fit_no_task_are_faults(rule: dict[str, Any], task: str, why: str) -> None:
    found = trial_of(some(1), {"classes_predicted": rule}, task=task, y=np.arange(400) % 2)
    assert [why in fault.what for fault in PART.faults(found.criteria)] == [True]
