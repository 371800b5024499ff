"""Parity: the comparison here; the child process on a real skops model in tests/integration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.judging import binary, multiclass

from runner.judge import _skops_scores
from runner.judge.parity import largest_difference, parity_check, reference_scores
from runner.judge.predictions import BINARY, CannotCompute
from runner.model import Status


def test_the_largest_difference_of_any_row_and_class() -> None:
    p = multiclass()
    other = p.scores.copy()
    other[17, 2] += 0.25
    assert largest_difference(p.scores, other) == pytest.approx(0.25)


def test_a_binary_reference_of_two_columns_is_compared_by_its_second() -> None:
    scores = binary().scores
    assert largest_difference(scores, np.column_stack([1 - scores, scores])) == 0


@pytest.mark.parametrize("reference", [np.zeros(299), np.zeros((300, 3, 1)), np.full(300, np.nan)])
def test_what_does_not_compare_is_no_value(reference: np.ndarray) -> None:
    with pytest.raises(CannotCompute):
        largest_difference(binary().scores, reference)


def test_a_served_model_that_differs_fails_with_the_difference() -> None:
    p = binary()
    assert parity_check(p, 1e-5, lambda: p.scores + 1e-6).status is Status.PASSED
    check = parity_check(p, 1e-5, lambda: p.scores + 2e-3)
    assert check.status is Status.FAILED and "0.002 > 1e-05 (max) on 300 rows" in check.cause


def test_a_missing_reference_is_an_error() -> None:
    def reference() -> np.ndarray:
        return reference_scores(Path("/usr/bin/python3"), Path("/absent/m.skops"), np.zeros((1, 1)), BINARY)

    check = parity_check(binary(), 1e-5, reference)
    assert check.status is Status.ERROR and "there is no m.skops" in check.cause


def test_only_reviewed_types_are_trusted() -> None:
    tree = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
    assert _skops_scores.refused([tree]) == []
    assert _skops_scores.refused(["os.system", tree, "builtins.eval"]) == ["builtins.eval", "os.system"]
