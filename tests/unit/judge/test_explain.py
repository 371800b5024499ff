"""Permutation importance of models whose importances are known, and the rules over it."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from runner.judge.criteria_explain import Explain
from runner.judge.explain import Importance, Shuffling, importances, moved, ranks
from runner.judge.explain_shown import plot_of, table_of
from runner.judge.explaining import Explained, columns_of
from runner.judge.paired.verdict import Interval
from runner.judge.predictions import REGRESSION, CannotCompute, Predictions

COLUMNS = {"strong": (0,), "weak": (1,), "unread": (2,)}
LATER = time.monotonic() + 3600
HOW = Shuffling("mean_squared_error", 5, 0, 0.05, LATER)
BETA = np.array([2.0, 1.0, 0.0])


def linear(matrix: Any) -> Any:
    return matrix @ BETA


def drawn(rows: int = 4000, seed: int = 1) -> tuple[Any, Predictions]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    return x, Predictions(REGRESSION, linear(x) + rng.normal(size=rows), linear(x))


def found(rows: int = 4000, seed: int = 1, how: Shuffling = HOW) -> dict[str, Importance]:
    x, said = drawn(rows, seed)
    return importances(linear, x, said, COLUMNS, how)


def test_of_a_linear_model_it_is_twice_the_variance_that_a_feature_carries() -> None:
    """Fisher, Rudin and Dominici (2019), section 5: 2 beta^2 var(x) for squared error."""
    told = found(20_000)
    assert told["strong"].drop.value == pytest.approx(8.0, abs=0.3)
    assert told["weak"].drop.value == pytest.approx(2.0, abs=0.1)
    assert list(ranks(told)) == ["strong", "weak", "unread"]


def test_a_feature_that_is_not_read_is_worth_exactly_nothing() -> None:
    unread = found()["unread"]
    assert (unread.drop, unread.se, unread.spread, unread.moves) == (Interval(0.0, 0.0, 0.0), 0.0, 0.0, 0.0)


def test_the_interval_covers_the_truth_as_often_as_it_says_or_more() -> None:
    inside = [i.low <= 2.0 <= i.high for i in (found(400, seed)["weak"].drop for seed in range(200))]
    assert np.mean(inside) >= 0.9 - 3 * math.sqrt(0.09 / 200)


def test_the_same_seed_gives_the_same_and_another_one_another() -> None:
    assert found() == found()
    assert found()["weak"] != found(how=replace(HOW, seed=1))["weak"]


def test_features_of_a_group_are_permuted_together() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(5000, 1)) @ np.ones((1, 2))
    said = Predictions(REGRESSION, x.sum(axis=1), x.sum(axis=1))
    both = importances(lambda m: m.sum(axis=1), x, said, {"both": (0, 1)}, HOW)["both"]
    assert both.drop.value == pytest.approx(8.0, rel=0.1)  # 2 var(2x), not the sum of the parts, 4


def test_its_time_over_it_says_how_far_it_came() -> None:
    with pytest.raises(CannotCompute, match="0 of 3 features"):
        found(how=replace(HOW, deadline=time.monotonic() - 1))


def of(**drops: float) -> dict[str, Importance]:
    return {n: Importance(Interval(v, v - 0.02, v + 0.02), 0.01, 0.0, 0.0) for n, v in drops.items()}


def test_what_moved_is_the_total_variation_of_the_shares() -> None:
    share = moved(of(a=3.0, b=1.0), of(a=1.0, b=3.0), 0.05)
    assert share.value == pytest.approx(0.5)
    reach = 1.95996 * 0.0025 * 2**0.5  # of two features: each at half of alpha
    assert (share.low, share.high) == pytest.approx((0.5 - reach, 0.5 + reach), abs=1e-5)


def test_noise_moves_nothing_for_certain() -> None:
    share = moved(of(a=1.0, b=0.01, c=0.0), of(a=1.0, b=0.0, c=0.01), 0.05)
    assert share.value > 0 and share.low == 0.0


def test_of_a_model_to_which_nothing_matters_nothing_can_move() -> None:
    with pytest.raises(CannotCompute, match="no feature matters"):
        moved(of(a=-0.1, b=0.0), of(a=1.0, b=0.0), 0.05)


def test_a_group_stands_before_the_features_of_none_and_a_typing_error_is_found() -> None:
    rule = Explain(groups={"weather": ("temp", "wind")})
    assert columns_of(("hour", "temp", "wind"), rule) == {"weather": (1, 2), "hour": (0,)}
    with pytest.raises(CannotCompute, match="did you mean 'wind'"):
        columns_of(("hour", "temp", "wnd", "wind"), Explain(groups={"weather": ("windd",)}))


def test_people_are_shown_what_moved_and_from_which_rank() -> None:
    both = Explained("roc_auc", 900, of(a=3.0, b=1.0), of(a=1.0, b=3.0))
    table = table_of(both)
    assert [row[0] for row in table.rows] == ["a", "b"] and table.rows[0][-1] == "2 → 1"
    assert [series.name for series in plot_of(both).series] == ["candidate", "champion"]
    alone = replace(both, theirs=CannotCompute("none"))
    assert len(table_of(alone).columns) == 4 and len(plot_of(alone).series) == 1


@pytest.mark.parametrize(
    "fields",
    [{"must_not_use": ["a"]}, {"max_importance": 0.1}, {"must_not_use": ["a", "a"], "max_importance": 0.1},
     {"max_share_moved": 1.0}, {"permutations": 0}, {"max_rows": 10}],
)  # fmt: skip
def test_half_a_rule_is_none(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must_not_use|less than|greater than"):
        Explain.model_validate(fields)
