"""Each row's influence is what it says: n * w * the value's derivative by the row's weight, of scikit-learn's
own value; DeLong's by their paper; the median's error that of a bootstrap."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.measuring import CASES, NAMED, delong, drawn, scikit_learn

from runner.judge.metrics import measured, metrics_for, value_of
from runner.judge.options import Options
from runner.judge.predictions import BINARY, MULTICLASS, RANKING, REGRESSION, Predictions, Task

SMOOTH = [(case, name) for case, name in zip(CASES, NAMED, strict=True) if case[1] != "median_absolute_error"]
STEP = 1e-5


@pytest.mark.parametrize(("case", "_name"), SMOOTH, ids=[name for _, name in SMOOTH])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_the_derivative_by_the_row_s_weight(
    case: tuple[Task, str, Options], _name: str, weighted: bool
) -> None:
    task, name, options = case
    p = drawn(task, 3, weighted=weighted)
    found = measured(name, p, options)
    assert abs(found.influence.mean()) < 1e-9 * (1 + abs(found.values[0]))
    weights = np.ones(len(p)) if p.weights is None else p.weights
    for row in range(0, len(p), 29):
        unit = p.query == p.query[row] if task == RANKING else np.arange(len(p)) == row
        up, down = (replace(p, weights=weights + sign * STEP * unit) for sign in (1, -1))
        if options.multi_class == "ovo" or not weights[row]:  # scikit-learn has no weights there, or none < 0
            slope = (value_of(name, up, options) - found.values[0]) / STEP if weights[row] else 0.0
        else:
            slope = (scikit_learn(name, up, options) - scikit_learn(name, down, options)) / (2 * STEP)
        theirs = len(p) * weights[row] * slope
        assert found.influence[unit].sum() == pytest.approx(theirs, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("task", [BINARY, MULTICLASS, REGRESSION])
def test_its_error_is_the_jackknife_s(task: Task) -> None:
    """The same standard error as leaving out row by row, which needs no derivation."""
    p = drawn(task, 1, 200, digits=6)
    for name in metrics_for(task):
        if name == "median_absolute_error":  # whose jackknife is known to fail
            continue
        found = measured(name, p)
        every = np.arange(len(p))
        left_out = [value_of(name, p.where(every != row)) for row in every]
        jackknife = math.sqrt(len(p) - 1) * float(np.std(left_out))
        assert math.sqrt((found.influence**2).sum()) / len(p) == pytest.approx(jackknife, rel=0.08), name


@pytest.mark.parametrize("digits", [1, 2, 12])
@pytest.mark.parametrize("weighted", [False, True])
def test_areas_and_their_errors_are_delong_s(digits: int, weighted: bool) -> None:
    candidate, champion = (drawn(BINARY, 3, weighted=weighted, digits=digits) for _ in range(2))
    noise = np.random.default_rng(1).normal(0, 0.1, len(champion))
    champion = replace(champion, scores=(champion.scores + noise).round(digits))
    y, weights = candidate.y, np.ones(len(candidate)) if candidate.weights is None else candidate.weights
    ours = [measured("roc_auc", p) for p in (candidate, champion)]
    theirs = [delong(y, p.scores, weights) for p in (candidate, champion)]
    for mine, (area, _) in zip(ours, theirs, strict=True):
        assert mine.values[0] == pytest.approx(area, abs=1e-12)
    gap = [placed - area for area, placed in theirs]
    variance = sum(
        float(((weights * (gap[0] - gap[1]))[y == label] ** 2).sum() / weights[y == label].sum() ** 2)
        for label in (0, 1)
    )
    moved = ours[0].influence - ours[1].influence
    assert (moved**2).sum() / len(y) ** 2 == pytest.approx(variance, abs=1e-9, rel=1e-9)


def test_the_median_s_error_is_the_bootstrap_s() -> None:
    dice, ratios = np.random.default_rng(0), []
    for seed in range(20):
        p = drawn(REGRESSION, seed, 500, digits=9)
        found = measured("median_absolute_error", p)
        errors = abs(p.y - p.scores)
        drawn_again = np.median(errors[dice.integers(0, len(p), (400, len(p)))], axis=1)
        ratios.append(math.sqrt((found.influence**2).sum()) / len(p) / drawn_again.std())
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)


def test_calibration_error_s_influence_is_of_its_own_bins() -> None:
    p = drawn(BINARY, 2, 400)
    for bins in (5, 10):
        o = Options(bins=bins)
        found = measured("expected_calibration_error", p, o)
        for row in range(0, len(p), 37):
            weights = np.ones(len(p))
            weights[row] += STEP
            slope = (
                value_of("expected_calibration_error", replace(p, weights=weights), o) - found.values[0]
            ) / STEP
            assert found.influence[row] == pytest.approx(len(p) * slope, abs=1e-3)


def test_predicted_classes_of_one_model_move_nothing() -> None:
    """A model that says one class has the Matthews correlation 0 whatever its rows weigh."""
    p = Predictions(BINARY, np.array([0, 1, 0, 1]), np.full(4, 0.9), (0, 1))
    found = measured("matthews_corrcoef", p)
    assert (found.values[0], found.influence.any()) == (0.0, False)
