"""The paired comparison: of rows, clusters, weights and slices; the verdicts by their definitions, and their
rates on seeded pairs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.measuring import CASES, NAMED, drawn

from runner.judge.criteria import Compare
from runner.judge.measures.segments import Segments
from runner.judge.metrics import METRICS
from runner.judge.options import Options
from runner.judge.paired.check import compared, paired
from runner.judge.paired.compare import compare, compare_slices
from runner.judge.paired.verdict import Interval, Standing, standing
from runner.judge.predictions import BINARY, RANKING, REGRESSION, CannotCompute, Predictions, Task
from runner.model import Status


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


def test_an_accuracy_of_clusters_or_weights_is_no_count_of_rows() -> None:
    """Tango's interval is of rows that count alike; else it would be as narrow as if they did."""
    candidate, champion = pair(5, 500)
    groups, heavy = np.arange(500) // 4, np.where(np.arange(500) % 10 == 0, 20.0, 1.0)
    alone = compare("accuracy", candidate, champion)
    clustered = compare("accuracy", candidate, champion, groups=groups)
    weighed = compare("accuracy", *(replace(p, weights=heavy) for p in (candidate, champion)))
    assert alone.right is not None and clustered.right is weighed.right is None
    width = alone.difference.high - alone.difference.low
    assert weighed.difference.high - weighed.difference.low > 1.5 * width
    twice = [Predictions(BINARY, np.repeat(p.y, 2), np.repeat(p.scores, 2)) for p in (candidate, champion)]
    doubled = compare("accuracy", *twice, groups=np.repeat(np.arange(500), 2))
    assert doubled.difference.high - doubled.difference.low > 0.9 * width


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
    check = compared("x", rule, paired(rule, *pair(2, n, loss), pd.DataFrame({"a": range(n)})))
    assert check.status is status
    assert word in check.measured
    assert "rows" in check.details


def test_a_verdict_that_is_not_accepted_fails() -> None:
    rule = Compare(metric="accuracy", margin=0.02, accept=("better",))
    found = paired(rule, *pair(2, 4000), pd.DataFrame())
    assert compared("x", rule, found).status is Status.FAILED


def test_a_group_that_is_no_column() -> None:
    rule = Compare(metric="accuracy", margin=0.02, group="tail")
    check = compared("x", rule, paired(rule, *pair(2, 400), pd.DataFrame({"a": range(400)})))
    assert (check.status, "no column 'tail'" in check.cause) == (Status.ERROR, True)


def noisy(p: Predictions, seed: int = 9) -> Predictions:
    """Another model of the same rows."""
    dice = np.random.default_rng(seed)
    scores = p.scores + dice.normal(0, 0.1, p.scores.shape).round(2)
    if p.scores.ndim == 2:
        scores = abs(scores) / abs(scores).sum(axis=1, keepdims=True)
    return replace(p, scores=scores.clip(0, 1) if p.task == BINARY else scores)


@pytest.mark.parametrize(("task", "name", "options"), CASES, ids=NAMED)
@pytest.mark.parametrize("weighted", [False, True])
def test_each_slice_is_compared_as_if_it_were_alone(
    task: Task, name: str, options: Options, weighted: bool
) -> None:
    candidate = drawn(task, 2, 400, weighted=weighted)
    champion = noisy(candidate)
    by = candidate.query if task == RANKING else np.random.default_rng(1).integers(0, 3, 400)
    codes, groups = by % 3 - 1, by // 2 if task == RANKING else np.arange(400) // 3
    for clusters in (None, groups):
        together = compare_slices(
            name, candidate, champion, Segments(400, codes, 2), options=options, groups=clusters
        )
        for code, found in enumerate(together):
            pair = [p.where(codes == code) for p in (candidate, champion)]
            within = None if clusters is None else clusters[codes == code]
            alone = compare(name, *pair, options=options, groups=within)
            assert isinstance(found, type(alone))
            assert (found.rows, found.carrying) == (alone.rows, alone.carrying)
            ours = (found.candidate, found.champion, found.se, found.difference.low, found.difference.high)
            theirs = (alone.candidate, alone.champion, alone.se, alone.difference.low, alone.difference.high)
            assert ours == pytest.approx(theirs, rel=1e-7, abs=1e-9)


def test_a_slice_that_has_no_value_does_not_spoil_the_others() -> None:
    candidate, champion = pair(3, 300)
    codes = np.where(candidate.y == 1, 0, np.arange(300) % 2 + 1)
    codes[:40] = 1
    found = compare_slices("roc_auc", candidate, champion, Segments(300, codes, 4))
    causes = [str(each) if isinstance(each, CannotCompute) else "" for each in found]
    assert causes == [
        "the rows have one class only", "", "the rows have one class only", "there are no rows",
    ]  # fmt: skip


def test_how_many_rows_carry_a_difference() -> None:
    """As many as differ where they differ alike; of clusters, how many of those."""
    y = np.arange(400) % 2
    scores = np.where(y == 1, 0.9, 0.1)
    other = scores.copy()
    other[:24] = 1 - other[:24]
    candidate, champion = (Predictions(BINARY, y, each) for each in (scores, other))
    assert [compare(name, candidate, champion).carrying for name in ("accuracy", "f1")] == [24, 24]
    assert compare("brier_score_loss", candidate, champion).carrying == 24
    assert compare("accuracy", candidate, champion, groups=np.arange(400) // 4).carrying == 6
    heavy = np.ones(400)
    heavy[0] = 1e6
    weighted = [replace(p, weights=heavy) for p in (candidate, champion)]
    assert compare("accuracy", *weighted).carrying == 1
    one = champion.scores.copy()
    one[:] = scores
    one[0] = 0.95  # the highest of all: every row's place among the others moves a little
    assert compare("roc_auc", candidate, Predictions(BINARY, y, one)).carrying < 10


def test_rows_of_a_ranking_are_no_units_but_their_queries_are() -> None:
    candidate = drawn(RANKING, 1, 400)
    found = compare("ndcg", candidate, noisy(candidate))
    assert found.carrying <= 50
    pairs = compare("ndcg", candidate, noisy(candidate), groups=candidate.query // 2)
    assert pairs.spread.units == found.spread.units / 2 == 25
    with pytest.raises(CannotCompute, match="a query is in several groups"):
        compare("ndcg", candidate, noisy(candidate), groups=np.arange(400))


def test_weights_of_one_model_only() -> None:
    candidate, champion = pair(1, 100)
    with pytest.raises(CannotCompute, match="weights"):
        compare("accuracy", candidate, replace(champion, weights=np.ones(100)))


def test_two_threads_say_what_one_says() -> None:
    dice = np.random.default_rng(0)
    y = dice.integers(0, 2, 120_000)
    mine, theirs = (Predictions(BINARY, y, dice.random(120_000)) for _ in range(2))
    found = compare("roc_auc", mine, theirs)
    backwards = compare("roc_auc", theirs, mine)
    assert found.difference.value == pytest.approx(-backwards.difference.value)
    assert METRICS["roc_auc"].sign == 1 and found.se == pytest.approx(backwards.se)
