"""Every metric is scikit-learn's to 1e-12, of all rows and of every slice in one pass, weighted or not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.measuring import CASES, NAMED, drawn, scikit_learn
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.judge.measures.segments import Segments
from runner.judge.metrics import METRICS, measured, value_of
from runner.judge.options import Options
from runner.judge.predictions import BINARY, RANKING, REGRESSION, CannotCompute, Predictions, Task


@pytest.mark.parametrize(("task", "name", "options"), CASES, ids=NAMED)
@pytest.mark.parametrize("weighted", [False, True])
def test_each_value_is_scikit_learn_s(task: Task, name: str, options: Options, weighted: bool) -> None:
    if options.multi_class == "ovo" and weighted:
        pytest.skip("scikit-learn has no weights there")
    for seed, digits in ((1, 2), (2, 1), (3, 12)):
        p = drawn(task, seed, weighted=weighted, digits=digits)
        theirs = scikit_learn(name, p, options)
        assert value_of(name, p, options) == pytest.approx(theirs, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("task", "name", "options"), CASES, ids=NAMED)
@pytest.mark.parametrize("weighted", [False, True])
def test_each_slice_is_as_if_it_were_alone(task: Task, name: str, options: Options, weighted: bool) -> None:
    p = drawn(task, 4, weighted=weighted)
    by = p.query if task == RANKING else np.random.default_rng(5).integers(0, 4, len(p))
    codes = by % 4 - 1  # -1: in none
    together = measured(name, p, options, Segments(len(p), codes, 4))
    for code in range(3):
        alone = measured(name, p.where(codes == code), options)
        assert together.values[code] == pytest.approx(alone.values[0], rel=1e-12, abs=1e-12)
        ours = together.influence[codes == code]
        np.testing.assert_allclose(ours, alone.influence, rtol=1e-9, atol=1e-9)
    assert together.faults[3] == "there are no rows"


def test_every_metric_has_a_case() -> None:
    assert {name for _, name, _ in CASES} | {"expected_calibration_error"} == set(METRICS)


SCORES = st.sampled_from([0.0, 1e-300, 1e-17, 1e-9, 0.1, 0.5, 0.5, 0.9, 1 - 1e-9, 1.0])
ROWS = st.lists(st.tuples(st.integers(0, 1), SCORES, st.sampled_from([0.0, 1e-3, 1.0, 7.5])), min_size=2)
OF_ONE = ["accuracy", "roc_auc", "average_precision", "log_loss", "brier_score_loss", "f1", "recall"]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(rows=ROWS, name=st.sampled_from(OF_ONE))
def test_ties_extreme_scores_and_weights_of_nothing(rows: list[tuple[int, float, float]], name: str) -> None:
    y, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    p = Predictions(BINARY, y, scores, (0, 1), weights)
    try:
        ours = value_of(name, p)
    except CannotCompute:
        return
    assert ours == pytest.approx(scikit_learn(name, p, Options()), rel=1e-12, abs=1e-12)


LARGE = st.floats(-1e100, 1e100).map(lambda x: 0.0 if abs(x) < 1e-100 else x)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(rows=st.lists(st.tuples(LARGE, LARGE, st.floats(0.1, 9)), min_size=1))
def test_the_median_of_any_errors(rows: list[tuple[float, float, float]]) -> None:
    y, said, weights = (np.array(column) for column in zip(*rows, strict=True))
    for w in (None, weights):
        p = Predictions(REGRESSION, y, said, (), w)
        theirs = scikit_learn("median_absolute_error", p, Options())
        assert value_of("median_absolute_error", p) == pytest.approx(theirs, rel=1e-12)


def test_scores_of_float32_are_clipped_as_scikit_learn_clips_them() -> None:
    p = drawn(BINARY, 1)
    p = replace(p, scores=np.where(p.y == 1, 0.0, p.scores).astype(np.float32))
    assert value_of("log_loss", p) == pytest.approx(scikit_learn("log_loss", p, Options()), rel=1e-6)
    assert value_of("log_loss", replace(p, scores=p.scores.astype(float))) > value_of("log_loss", p)


def test_pairs_of_classes_weigh_as_repeated_rows() -> None:
    p = drawn("multiclass-classification", 6)
    times = np.random.default_rng(1).integers(1, 4, len(p))
    many = p.where(np.repeat(np.arange(len(p)), times))
    for average in ("macro", "weighted"):
        o = Options(average=average, multi_class="ovo")
        assert value_of("roc_auc", replace(p, weights=times.astype(float)), o) == pytest.approx(
            scikit_learn("roc_auc", many, o), rel=1e-12
        )


def test_one_order_serves_every_metric_and_slice() -> None:
    p = drawn(BINARY, 1)
    first = p.order()
    measured("roc_auc", p, None, Segments(len(p), np.arange(len(p)) % 3, 3))
    assert p.order() is first
