"""Negative flips: counted by hand, judged by evidence, shown by example."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers.trials import checks_of, features, trial_of

from runner.judge.champion import ChampionFile
from runner.judge.parts.regressions import PART
from runner.judge.predictions import MULTICLASS, RANKING, REGRESSION
from runner.judge.trial import Trial
from runner.model import Check, Status

N = 400
Y = np.arange(N) % 2
CHAMPION = np.where(np.arange(N) < 320, 0.2 + 0.6 * Y, 0.8 - 0.6 * Y)  # right in the first 320 rows


def trial(wrong: int, rule: dict[str, Any], furthest: int | None = None, **more: Any) -> Trial:
    """A candidate that is right everywhere but in the first rows, most sure of itself in one of them."""
    scores = np.where(np.arange(N) < wrong, 0.9 - 0.8 * Y, 0.1 + 0.8 * Y)
    if furthest is not None:
        scores[furthest] = 0.99
    fields = {"y": Y, "champion": CHAMPION, **more}
    return trial_of(lambda rows: scores, {"regressions": rule}, **fields)


def judged(wrong: int, **rule: Any) -> Check:
    (check,) = checks_of(PART, trial(wrong, {"max_share": 0.05, **rule})).values()
    return check


@pytest.mark.parametrize(
    ("wrong", "status"), [(0, Status.PASSED), (10, Status.PASSED), (20, Status.ERROR), (40, Status.FAILED)]
)
def test_a_share_is_judged_by_its_interval(wrong: int, status: Status) -> None:
    check = judged(wrong)
    assert check.status is status
    assert check.details == f"{wrong} of 400 rows were right and are wrong; 80 were wrong and are right."


def test_rows_that_both_have_wrong_are_none() -> None:
    assert judged(400).details.startswith("320 of 400 rows were right and are wrong; 0 were")


def test_the_threshold_says_what_is_wrong() -> None:
    assert judged(0, threshold=0.85).details.startswith("0 of")
    assert judged(0, threshold=0.95).details.startswith("0 of")  # the champion is wrong there, too
    assert judged(40, threshold=0.15).details.startswith("20 of")  # of label 1 alone: the champion says 0.2


def test_a_regression_is_worse_where_its_error_grew() -> None:
    y = np.linspace(0, 10, N)
    rule = {"regressions": {"max_share": 0.05, "worse_by": 1.0}}
    said = y + np.where(np.arange(N) < 40, 2.5, 0.0)
    found = trial_of(lambda rows: said, rule, task=REGRESSION, y=y, champion=y + 1.2)
    (check,) = checks_of(PART, found).values()
    assert check.status is Status.FAILED and check.details.startswith(
        "40 of 400 rows are worse by more than 1; 360"
    )
    near = trial_of(lambda rows: said, rule, task=REGRESSION, y=y, champion=y + 1.7)
    assert next(iter(PART.checks(near))).details.startswith("0 of 400")


def test_examples_are_the_rows_that_moved_furthest() -> None:
    found = trial(40, {"max_share": 0.05, "examples": 2, "by": ["code", "gone"]}, furthest=6)
    told = PART.facts(found)["regressions"]
    assert (told["lost"], told["won"], len(told["examples"])) == (40, 80, 2)
    assert told["examples"][0] == {"row": "row 6", "label": "0", "champion": "0.2", "candidate": "0.99"}
    examples, by = PART.tables(found)
    assert len(examples.rows) == 2 and by.columns[0] == "code"
    assert sum(int(row[2]) for row in by.rows) == 40
    assert sum(int(row[1]) for row in by.rows) == len(features())


def test_a_column_that_is_not_there_is_told() -> None:
    (check,) = checks_of(PART, trial(40, {"max_share": 0.5, "by": ["cod"]})).values()
    assert (
        check.status is Status.ERROR
        and "no column 'cod' to tell them by: did you mean 'code'?" in check.cause
    )


def test_of_classes_the_most_probable_one_counts() -> None:
    y = np.arange(N) % 3
    right = np.full((N, 3), 0.2) + 0.4 * np.eye(3)[y]
    wrong = np.where((np.arange(N) < 60)[:, None], np.full((N, 3), 0.2) + 0.4 * np.eye(3)[(y + 1) % 3], right)
    found = trial_of(
        lambda rows: wrong, {"regressions": {"max_share": 0.05}}, task=MULTICLASS, y=y,
        classes=("x", "y", "z"), champion=right,
    )  # fmt: skip
    (check,) = checks_of(PART, found).values()
    assert check.status is Status.FAILED and check.details.startswith("60 of 400")
    assert PART.facts(found)["regressions"]["examples"][0]["candidate"] == "y (0.6)"


def test_without_a_champion_nothing_can_be_told() -> None:
    found = trial(0, {"max_share": 0.05}, champion=None)
    (check,) = checks_of(PART, found).values()
    assert check.status is Status.ERROR and "champion" in check.cause
    assert list(PART.tables(found)) == [] and PART.facts(found) == {}


def test_an_allowed_first_release_has_nothing_to_be_worse_than() -> None:
    found = trial(0, {"max_share": 0.05}, champion=None)
    first = replace(found, bench=replace(found.bench, champion=ChampionFile(None, first=True)))
    (check,) = checks_of(PART, first).values()
    assert check.status is Status.SKIPPED and check.cause.startswith("first release")


@pytest.mark.parametrize(
    ("rule", "task", "why"),
    [
        ({}, REGRESSION, "needs worse_by"),
        ({"worse_by": 1}, "binary-classification", "is for a regression"),
        ({"threshold": 0.3}, MULTICLASS, "takes no threshold"),
        ({}, RANKING, "not right or wrong on its own"),
    ],
)
def test_rules_that_fit_another_task_are_faults(rule: dict[str, Any], task: str, why: str) -> None:
    found = trial_of(lambda rows: Y, {"regressions": {"max_share": 0.1, **rule}}, task=task, y=Y)
    assert [why in fault.what for fault in PART.faults(found.criteria)] == [True]
