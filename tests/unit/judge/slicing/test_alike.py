"""Slices whose rows are all alike: no error can be told from them, and chance alone makes a few so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from runner.judge.criteria_slices import SliceRule
from runner.judge.predictions import BINARY, Predictions
from runner.judge.slicing.checks import checks
from runner.judge.slicing.judging import against_bounds
from runner.judge.slicing.slices import slices_of
from runner.model import Check, Status


def judged(rows: int, said: float = 0.2, weights: object = None, **fields: object) -> Check:
    """The slice of rows that are all of class 1, and all predicted with one probability."""
    p = Predictions(BINARY, np.ones(rows, int), np.full(rows, said), (0, 1), weights)
    table = pd.DataFrame({"place": "all", "day": np.arange(rows) // 4}, index=range(rows))
    rule = SliceRule.model_validate({"by": "place", "adjust": "none", **fields})
    slices = slices_of(rule, table)
    return next(checks(slices, against_bounds(slices, p, table)))


@pytest.mark.parametrize(
    ("rows", "status"), [(10, Status.PASSED), (28, Status.PASSED), (29, Status.FAILED), (800, Status.FAILED)]
)
def test_rows_that_are_all_wrong_fail_where_chance_would_not_do_it(rows: int, status: Status) -> None:
    """Where one in ten is right, none of 10 is in 35% of all slices, and none of 29 in less than 5%."""
    assert judged(rows, metric="accuracy", min=0.1).status is status


def test_rows_that_are_all_right_are_too_good_where_chance_would_not_do_it() -> None:
    for rows, status in ((28, Status.PASSED), (29, Status.FAILED)):
        assert judged(rows, 0.9, metric="accuracy", min=0.5, max=0.9).status is status


@pytest.mark.parametrize(
    "fields",
    [
        {"metric": "recall", "min": 0.2},
        {"metric": "accuracy", "min": 0.2, "group": "day"},
        {"metric": "accuracy", "min": 0.2, "weights": np.arange(60.0)},
    ],
)
def test_a_value_whose_chance_is_not_known_is_no_evidence_and_no_pass(fields: dict[str, object]) -> None:
    check = judged(60, **fields)
    assert check.status is Status.ERROR
    assert "cannot be judged: it is 0 in 60 rows that are all alike" in check.cause


def test_a_value_within_its_bound_passes_and_has_no_interval() -> None:
    check = judged(12, 0.9, metric="recall", min=0.2)
    assert (check.status, check.measured) == (Status.PASSED, "1 on 12 rows")
