"""The calibration error's interval allows for its bias, which is largest where a model is well calibrated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from runner.judge.criteria_slices import SliceRule
from runner.judge.estimates import interval_of
from runner.judge.measures.bins import MORE
from runner.judge.metrics import measured
from runner.judge.options import Options
from runner.judge.paired.compare import compare
from runner.judge.predictions import BINARY, Predictions
from runner.judge.slicing.judging import against_bounds
from runner.judge.slicing.slices import slices_of

NAME = "expected_calibration_error"


def calibrated(rows: int, seed: int, spread: float = 0.0) -> Predictions:
    """Probabilities that are true, or too far from a half."""
    dice = np.random.default_rng(seed)
    true = dice.uniform(0.05, 0.95, rows)
    said = np.clip(true + spread * (true - 0.5), 0.001, 0.999)
    return Predictions(BINARY, (dice.random(rows) < true).astype(int), said)


def test_a_calibrated_model_s_interval_reaches_down_to_nothing() -> None:
    """Its plug-in value is about 0.02 on 1,000 rows, although the truth is 0."""
    found = [interval_of(NAME, calibrated(1000, seed)) for seed in range(40)]
    assert np.mean([each.value for each in found]) > 0.02
    assert sum(each.low == 0 for each in found) >= 36


def test_of_one_bin_the_excess_is_the_folded_normal_s() -> None:
    """100 rows said to be 0.5, of which 50 are: the gap is seen as 0, its error as 0.05."""
    p = Predictions(BINARY, np.repeat([0, 1], 50), np.full(100, 0.5))
    (excess,) = measured(NAME, p, Options(bins=10)).excess
    assert excess == pytest.approx(MORE * 0.05 * (2 / np.pi) ** 0.5)
    weighted = Predictions(BINARY, p.y, p.scores, weights=np.full(100, 3.0))
    assert measured(NAME, weighted).excess == pytest.approx([excess])


def test_far_from_calibrated_there_is_no_excess() -> None:
    p = Predictions(BINARY, np.zeros(400, int), np.full(400, 0.5))
    assert measured(NAME, p).excess[0] < 1e-9


def test_a_comparison_s_ends_allow_for_either_model_s_excess() -> None:
    """The candidate's value too high: the gain is too low, so the upper end moves by it."""
    candidate, champion = calibrated(2000, 1, 0.6), calibrated(2000, 1)
    found = compare(NAME, candidate, champion)
    over = [float(measured(NAME, p).excess[0]) for p in (candidate, champion)]
    assert found.spread.slack == (over[1], over[0])
    assert over[1] > 5 * over[0]
    assert found.needed(0.01) is None


def test_what_a_slice_s_error_is_too_high_by_is_no_evidence_against_it() -> None:
    dice = np.random.default_rng(2)
    said = dice.uniform(0.1, 0.9, 300)
    y = (dice.random(300) < said).astype(int)
    rule = SliceRule(by="place", metric=NAME, max=0.01, adjust="none")
    slices = slices_of(rule, pd.DataFrame({"place": ["all"] * 300}))
    for scores, shown in ((said, False), (said**4, True)):
        (judged,) = against_bounds(slices, Predictions(BINARY, y, scores, (0, 1)), None)
        assert judged.seen.value > 0.01 and (judged.seen.p < 0.05) is shown
