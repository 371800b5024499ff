"""The paired comparison: each metric against scikit-learn, each influence against the jackknife, the
verdicts by their definitions, and their rates on seeded pairs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from runner.judge.criteria import Compare
from runner.judge.paired.check import compared
from runner.judge.paired.compare import compare
from runner.judge.paired.influence import LABELS, METRICS, midranks
from runner.judge.paired.verdict import Interval, Standing, standing
from runner.judge.predictions import BINARY, REGRESSION, CannotCompute, Predictions
from runner.model import Status

REGRESSIONS = ("r2", "mean_absolute_error", "mean_squared_error")
REGRESSIONS += ("root_mean_squared_error", "mean_absolute_percentage_error")
SKLEARN = {
    "accuracy": "accuracy_score", "balanced_accuracy": "balanced_accuracy_score", "recall": "recall_score",
    "precision": "precision_score", "f1": "f1_score", "roc_auc": "roc_auc_score", "r2": "r2_score",
}  # fmt: skip


def table(metric: str, seed: int, n: int = 400) -> tuple[Any, Any]:
    """A truth and a model's output, with ties, as the metric is fed them."""
    dice = np.random.default_rng(seed)
    if metric in REGRESSIONS:
        y = dice.normal(5, 2, n)
        return y, y + dice.normal(0, 1, n)
    y = (dice.random(n) < 0.3).astype(int)
    scores = np.clip(0.3 + 0.2 * y + dice.normal(0, 0.2, n), 0.001, 0.999).round(2)
    return y, (scores >= 0.5).astype(int) if METRICS[metric][0] == LABELS else scores


@pytest.mark.parametrize("metric", METRICS)
def test_each_value_is_scikit_learn_s(metric: str) -> None:
    for seed in range(20):
        y, said = table(metric, seed)
        theirs = getattr(metrics, SKLEARN.get(metric, metric))(y, said)
        assert METRICS[metric][1](y, said)[0] == pytest.approx(theirs, abs=1e-12, rel=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_each_influence_is_the_jackknife_s(metric: str) -> None:
    """The same standard error as leaving out row by row, which needs no derivation."""
    y, said = table(metric, 1, 200)
    value, influence = METRICS[metric][1](y, said)
    assert abs(influence.mean()) < 1e-9 + abs(value) * 1e-9
    left_out = [METRICS[metric][1](np.delete(y, i), np.delete(said, i))[0] for i in range(len(y))]
    jackknife = math.sqrt(len(y) - 1) * float(np.std(left_out))
    assert math.sqrt((influence**2).sum()) / len(y) == pytest.approx(jackknife, rel=0.03)


def test_delong_is_the_pairwise_definition() -> None:
    """Against the O(m n) definition of DeLong, DeLong & Clarke-Pearson, ties by half."""
    y, scores = table("roc_auc", 3, 120)
    up, down = scores[y == 1], scores[y == 0]
    psi = (up[:, None] > down) + 0.5 * (up[:, None] == down)
    value, influence = METRICS["roc_auc"][1](y, scores)
    assert value == pytest.approx(psi.mean(), abs=1e-12)
    theirs = psi.mean(axis=1).var() / len(up) + psi.mean(axis=0).var() / len(down)
    assert (influence**2).sum() / len(y) ** 2 == pytest.approx(theirs, abs=1e-12)
    assert midranks(np.array([3.0, 1.0, 3.0])).tolist() == [2.5, 1.0, 2.5]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.001, 0.2, Standing.BETTER),
        (-0.004, 0.004, Standing.EQUIVALENT),
        (-0.004, 0.2, Standing.NON_INFERIOR),
        (-0.2, -0.001, Standing.WORSE),
        (-0.2, 0.2, Standing.INCONCLUSIVE),
        (-0.005, 0.2, Standing.INCONCLUSIVE),
        (-0.0049, -0.001, Standing.EQUIVALENT),
        (math.nan, math.nan, Standing.INCONCLUSIVE),
    ],
)
def test_the_verdicts_in_their_order(low: float, high: float, verdict: Standing) -> None:
    assert standing(Interval((low + high) / 2, low, high), 0.005, 10) is verdict
    assert standing(Interval((low + high) / 2, low, high), 0.005, 9) is Standing.INCONCLUSIVE


@pytest.mark.parametrize("margin", [0.0, -1.0, math.nan, math.inf])
def test_a_margin_is_above_nothing(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        standing(Interval(0, 0, 0), margin, 100)


def pair(seed: int, n: int, loss: float = 0.0, disagree: float = 0.06) -> tuple[Predictions, Predictions]:
    """Two classifiers of accuracy about 0.9 that disagree on some rows; the candidate worse by `loss`."""
    dice = np.random.default_rng(seed)
    y = (dice.random(n) < 0.4).astype(int)
    kind = dice.choice(
        4, n, p=[0.9 - disagree / 2, (disagree - loss) / 2, (disagree + loss) / 2, 0.1 - disagree / 2]
    )
    mine, theirs = np.isin(kind, (0, 1)), np.isin(kind, (0, 2))
    return tuple(Predictions(BINARY, y, np.where(right, y, 1 - y) * 0.8 + 0.1) for right in (mine, theirs))  # type: ignore[return-value]


def test_equal_models_are_called_worse_as_seldom_as_promised() -> None:
    verdicts = [compare("accuracy", *pair(seed, 1000)).standing(0.02) for seed in range(600)]
    assert verdicts.count(Standing.WORSE) <= 600 * 0.05 + 3 * (600 * 0.05 * 0.95) ** 0.5


def test_a_loss_of_the_margin_passes_as_seldom_as_promised() -> None:
    verdicts = [compare("accuracy", *pair(seed, 1000, loss=0.02)).standing(0.02) for seed in range(600)]
    passed = sum(v in (Standing.BETTER, Standing.EQUIVALENT, Standing.NON_INFERIOR) for v in verdicts)
    assert passed <= 600 * 0.05 + 3 * (600 * 0.05 * 0.95) ** 0.5


def test_rows_of_one_cluster_are_no_independent_evidence() -> None:
    candidate, champion = pair(5, 500)
    groups = np.repeat(np.arange(500), 4)
    many = [Predictions(BINARY, np.repeat(p.y, 4), np.repeat(p.scores, 4)) for p in (candidate, champion)]
    alone = compare("log_loss", candidate, champion)
    clustered = compare("log_loss", *many, groups=groups)
    assert clustered.se == pytest.approx(alone.se, rel=1e-9)
    assert compare("log_loss", *many).se < alone.se / 1.9


def test_what_is_no_pair() -> None:
    candidate, champion = pair(1, 100)
    other = Predictions(BINARY, 1 - champion.y, champion.scores)
    with pytest.raises(CannotCompute, match="same rows"):
        compare("roc_auc", candidate, other)
    with pytest.raises(CannotCompute, match="NaN"):
        compare("roc_auc", candidate, Predictions(BINARY, champion.y, champion.scores * np.nan))
    regression = Predictions(REGRESSION, champion.y, champion.scores)
    assert compare("mean_absolute_error", regression, regression).carrying == 0


@pytest.mark.parametrize(
    ("loss", "n", "status", "word"),
    [
        (0.05, 4000, Status.FAILED, "worse"),
        (0.0, 4000, Status.PASSED, "equivalent"),
        (0.0, 60, Status.ERROR, "inconclusive"),
    ],
)
def test_as_a_check(loss: float, n: int, status: Status, word: str) -> None:
    rule = Compare(metric="accuracy", margin=0.02)
    check = compared(rule, *pair(2, n, loss), pd.DataFrame({"a": range(n)}))
    assert check.status is status
    assert word in check.measured
    assert "rows" in check.details


def test_a_verdict_that_is_not_accepted_fails() -> None:
    rule = Compare(metric="accuracy", margin=0.02, accept=("better",))
    assert compared(rule, *pair(2, 4000), pd.DataFrame()).status is Status.FAILED


def test_a_group_that_is_no_column() -> None:
    rule = Compare(metric="accuracy", margin=0.02, group="tail")
    check = compared(rule, *pair(2, 400), pd.DataFrame({"a": range(400)}))
    assert (check.status, "no column 'tail'" in check.cause) == (Status.ERROR, True)
