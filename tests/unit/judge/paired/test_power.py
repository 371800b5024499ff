"""Power: exact where it is enumerated, against closed forms and textbook values elsewhere. That simulations
agree is benchmarks/power.py's to show."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from runner.errors import UsageError
from runner.judge.paired.answer import Asked, Needed, Told, answered
from runner.judge.paired.binormal import both, correlation_of, differing, of_area
from runner.judge.paired.compare import compare
from runner.judge.paired.designs import labels, of_labels
from runner.judge.paired.interval import Spread, score
from runner.judge.paired.power import Discordant, Smooth, least_gap, rows_for, seen
from runner.judge.paired.question import Question
from runner.judge.predictions import BINARY, CannotCompute, Predictions

ALPHA = 0.05


@pytest.mark.parametrize(
    ("rows", "disagreement", "loss"), [(60, 0.4, 0.2), (150, 0.1, 0.05), (80, 0.15, 0.1)]
)
def test_the_power_of_accuracy_is_the_intervals_own(rows: int, disagreement: float, loss: float) -> None:
    """Every outcome's interval, worked out one by one."""
    tells = passes = 0.0
    for differ in range(10, rows + 1):
        chance = stats.binom.pmf(differ, rows, disagreement)
        for won in range(differ + 1) if chance > 1e-9 else ():
            found = score(won, differ - won, rows, ALPHA)
            up = (disagreement - loss) / 2 / disagreement
            tells += chance * stats.binom.pmf(won, differ, up) * (found.high < 0)
            passes += chance * stats.binom.pmf(won, differ, 0.5) * (found.low > -loss)
    design = Discordant(disagreement)
    assert design.tells(rows, loss, ALPHA) == pytest.approx(tells, abs=1e-6)
    assert design.passes(rows, loss, ALPHA) == pytest.approx(passes, abs=1e-6)


def test_few_rows_that_differ_tell_nothing_and_none_lose_more_than_differ() -> None:
    assert Discordant(0.01).tells(500, 0.01, ALPHA) < 0.05
    assert Discordant(0.5).tells(9, 0.5, ALPHA) == 0
    assert Discordant(0.05).tells(1000, 0.06, ALPHA) == 0
    assert Smooth(1.0).passes(9, 100.0, ALPHA) == 0
    seldom = stats.binom.sf(9, 500, 0.01)
    assert Smooth(0.1, 100.0, 0.01).tells(500, 1.0, ALPHA) == pytest.approx(seldom)


def test_a_loss_of_the_margin_passes_as_seldom_as_alpha_says() -> None:
    assert Discordant(0.2).passes(2000, 0.05, ALPHA, loss=0.05) == pytest.approx(ALPHA, abs=0.005)
    assert Smooth(0.4).passes(2000, 0.05, ALPHA, loss=0.05) == pytest.approx(ALPHA, abs=0.005)
    equal, lossy = (Discordant(0.2).passes(500, 0.05, ALPHA, loss=each) for each in (0.0, 0.02))
    assert lossy < equal - 0.2


def test_of_means_it_is_the_textbooks_sample_size() -> None:
    """n = (z_alpha + z_power)^2 sigma^2 / delta^2."""
    z = stats.norm.ppf(1 - ALPHA) + stats.norm.ppf(0.8)
    found = rows_for(0.8, lambda n: Smooth(2.0).tells(n, 0.1, ALPHA))
    assert found == pytest.approx((z * 2.0 / 0.1) ** 2, rel=0.005)


def test_heavier_tails_cost_power_and_a_loss_makes_passing_rarer() -> None:
    light, heavy = Smooth(1.0, 3.0), Smooth(1.0, 40.0)
    assert heavy.tells(100, 0.2, ALPHA) < light.tells(100, 0.2, ALPHA) - 0.1
    assert light.passes(500, 0.1, ALPHA, loss=0.05) == pytest.approx(light.passes(500, 0.05, ALPHA))
    assert Smooth(0.0).tells(100, 0.1, ALPHA) == 1


def test_no_number_of_rows_is_enough_and_no_loss_is_told() -> None:
    assert rows_for(0.8, lambda n: Discordant(0.05).tells(n, 0.06, ALPHA)) is None
    assert least_gap(0.8, lambda loss: Discordant(0.05).tells(50, loss, ALPHA), 0.05) is None
    loss = least_gap(0.8, lambda loss: Discordant(0.05).tells(5000, loss, ALPHA), 0.05)
    assert loss is not None
    assert Discordant(0.05).tells(5000, loss, ALPHA) == pytest.approx(0.8, abs=0.005)


@pytest.mark.parametrize(
    ("h", "k", "r"), [(0.5, 0.5, 0.9), (1.2, 1.1, 0.99), (0.7, -0.6, 0.3), (0.2, 0.4, 0.0)]
)
def test_two_normals_below(h: float, k: float, r: float) -> None:
    theirs = stats.multivariate_normal([0, 0], [[1, r], [r, 1]]).cdf([h, k])
    assert both(h, k, r) == pytest.approx(theirs, abs=1e-9)


def test_an_area_s_design_is_delong_s_variance_of_such_scores() -> None:
    correlation = correlation_of(0.8, 0.06)
    assert differing(0.8, correlation) == pytest.approx(0.06, abs=1e-9)
    dice, rows = np.random.default_rng(1), 100_000
    y = (dice.random(rows) < 0.2).astype(int)
    shared, own = dice.normal(size=rows), dice.normal(size=(2, rows))
    apart = 2**0.5 * stats.norm.ppf([0.79, 0.8])
    scores = correlation**0.5 * shared + (1 - correlation) ** 0.5 * own + apart[:, None] * y
    found = compare("roc_auc", *(Predictions(BINARY, y, each) for each in scores))
    design = of_area(0.8, correlation, 0.2).at(0.01)
    assert found.se * rows**0.5 == pytest.approx(design.deviation, rel=0.02)
    assert found.difference.value == pytest.approx(-0.01, abs=4 * found.se)


@pytest.mark.parametrize("metric", ["f1", "recall", "precision", "balanced_accuracy", "matthews_corrcoef"])
def test_two_models_of_labels_are_what_was_asked_for(metric: str) -> None:
    mine, theirs, chance = labels(metric, 0.7, 0.06, 0.2).models(0.02)
    kinds = np.repeat(np.arange(8), np.round(chance * 1_000_000).astype(int))
    pair = [Predictions(BINARY, p.y[kinds], p.scores[kinds]) for p in (mine, theirs)]
    found = compare(metric, *pair)
    assert found.champion == pytest.approx(0.7, abs=1e-4)
    assert found.difference.value == pytest.approx(-0.02, abs=1e-4)
    assert (pair[0].scores != pair[1].scores).mean() == pytest.approx(0.06, abs=1e-4)
    assert pair[0].y.mean() == pytest.approx(0.2, abs=1e-4)
    design = of_labels(metric, 0.7, 0.06, 0.2).at(0.02)
    assert found.se * len(kinds) ** 0.5 == pytest.approx(design.deviation, rel=1e-3)
    assert found.spread.df == pytest.approx(2 * len(kinds) / (design.kurtosis - 1), rel=0.01)


def test_what_was_seen_is_the_design_of_more_rows_like_it() -> None:
    spread = Spread(0.01, 0.0, 500.0, 1000)
    smooth = seen(spread, 1000, 60, labels=False)
    assert isinstance(smooth, Smooth)
    assert (smooth.deviation, smooth.kurtosis) == pytest.approx((0.01 * 1000**0.5, 5.0))
    assert smooth.carrying == 0.06
    assert seen(spread, 1000, 60, labels=True) == Discordant(0.06)
    tails = seen(Spread(0.01, 0.0, 14.2, 1000), 1000, 15, labels=False)
    assert isinstance(tails, Smooth)
    assert tails.carrying == 1


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Question("accuracy"), "needs --disagreement"),
        (Question("f1", 0.7), "needs --disagreement"),
        (Question("f1", 0.7, 0.6, positives=0.2), "err independently"),
        (Question("f1", 0.1, 0.06, positives=0.2), "no model that knows something"),
        (Question("roc_auc", 0.8), "needs --disagreement"),
        (Question("roc_auc", 0.4, correlation=0.9), "lies between 0.5 and 1"),
        (Question("roc_auc", 0.8, 0.5), "of the pairs differently"),
        (Question("roc_auc", 0.8, 0.06, 0.9), "--disagreement means nothing"),
        (Question("log_loss", 0.3, 0.06), "needs --deviation"),
        (Question("log_loss", deviation=0.3, positives=0.2), "--positives means nothing"),
        (Question("average_precision", 0.3), "no few numbers"),
    ],
)
def test_what_cannot_be_answered_says_why(question: Question, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        question.design()


def test_answers() -> None:
    needed = answered(Asked("accuracy", 0.01, 0.01, ALPHA, 0.8), Discordant(0.06))
    assert isinstance(needed, Needed)
    assert needed.rows_to_tell == pytest.approx(3690, rel=0.02)
    told = answered(Asked("accuracy", 0.01, 0.01, ALPHA, 0.8, 3690), Discordant(0.06))
    assert isinstance(told, Told)
    assert told.tells == pytest.approx(0.8, abs=0.01)
    assert told.smallest_loss == pytest.approx(0.01, rel=0.02)
    assert "from about" in needed.words()
    assert "3,690 rows" in told.words()
    assert {"metric", "rows", "passes", "smallest_margin"} <= set(told.data())
    with pytest.raises(UsageError, match=r"cannot lose 0\.1"):
        answered(Asked("accuracy", 0.1, 0.1, ALPHA, 0.8), Discordant(0.06))


def test_areas_that_are_none() -> None:
    with pytest.raises(CannotCompute, match="no better than chance"):
        of_area(0.6, 0.9, 0.5).tells(100, 0.2, ALPHA)


@pytest.mark.parametrize(
    ("design", "loss"), [(Smooth(20.0), 0.001), (Smooth(30.0), 0.001), (Discordant(0.999), 3.5e-5)]
)
def test_rows_beyond_what_a_32_bit_count_holds_are_named_rightly(
    design: Smooth | Discordant, loss: float
) -> None:
    deviation = design.deviation if isinstance(design, Smooth) else design.disagreement**0.5
    wanted = ((stats.norm.ppf(0.95) + stats.norm.ppf(0.8)) * deviation / loss) ** 2
    assert wanted > 2**31
    found = rows_for(0.8, lambda rows: design.tells(rows, loss, ALPHA))
    assert found == pytest.approx(wanted, rel=3e-3)


def test_more_rows_than_anybody_has_are_no_number() -> None:
    asked = Asked("log_loss", 0.001, 0.001, ALPHA, 0.8)
    for deviation in (100.0, 1e300):
        found = answered(asked, Smooth(deviation))
        assert isinstance(found, Needed) and found.rows_to_tell is None
        assert found.words().endswith("even 10,000,000,000 rows are not enough")


@pytest.mark.parametrize("area", [0.2, 0.5, 1.0, 2.0])
def test_an_area_that_no_model_has_is_refused_in_words(area: float) -> None:
    with pytest.raises(UsageError, match=r"lies between 0\.5 and 1"):
        Question("roc_auc", expected=area, disagreement=0.06).design()
