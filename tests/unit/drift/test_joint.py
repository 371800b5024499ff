"""The joint distribution by a classifier; at length in benchmarks/drift.py."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy.stats import binom

from runner.drift.effects import Question
from runner.drift.encode import Columns
from runner.drift.joint import Told, joint, newcombe

ASKED = Question({"joint": 0.1}, 0.01)


def sample(seed: int, rows: int = 2_000, rho: float = 0.8, far: float = 0.0) -> Columns:
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 4))
    x[:, 1] = rho * x[:, 0] + sqrt(1 - rho**2) * x[:, 1]
    x[random.random(rows) < 0.1, 2] = np.nan
    x[random.random(rows) < far, 3] += 50
    return Columns(tuple(x.T), (random.integers(-1, 5, rows),))


def test_one_distribution_raises_no_alarm() -> None:
    found = [joint(sample(2 * i), sample(2 * i + 1), ASKED) for i in range(3)]
    assert not any(each.alarm for each in found)
    assert max(each.lower for each in found) < 0.05


def test_rows_that_were_learnt_from_are_not_told_apart() -> None:
    """Of few rows a classifier knows each by heart."""
    found = [joint(sample(2 * i, 300), sample(2 * i + 1, 300), ASKED).lower for i in range(5)]
    assert sum(found) < 0.02


def test_a_correlation_turned_round_is_found_though_no_column_moved() -> None:
    assert joint(sample(1), sample(2, rho=-0.8), ASKED).lower > 0.3


def test_the_bound_stays_below_the_distance() -> None:
    found = [joint(sample(2 * i), sample(2 * i + 1, far=0.3), ASKED).lower for i in range(3)]
    assert all(0.15 < lower < 0.3 for lower in found)


def test_a_dependence_of_categories_is_found() -> None:
    random = np.random.default_rng(3)
    one, other = random.integers(0, 2, (2, 3_000))
    even = Columns((), (one, other))
    tied = Columns((), (one, np.where(random.random(3_000) < 0.9, one, other)))
    assert joint(even, tied, ASKED).alarm


def test_columns_of_nulls_alone_and_of_one_value_tell_nothing() -> None:
    rows = 400
    void = Columns((np.full(rows, np.nan), np.ones(rows)), (np.full(rows, -1),))
    assert joint(void, void, ASKED).lower == 0


def test_the_power_grows_with_the_rows_and_is_not_claimed_of_few() -> None:
    few, many = (joint(sample(1, rows), sample(2, rows), ASKED) for rows in (300, 8_000))
    assert few.power < 0.2 < 0.9 < many.power
    assert many.least is not None
    assert many.least < 0.15


@pytest.mark.parametrize(("now", "before"), [(0.55, 0.45), (0.1, 0.0), (1.0, 0.9)])
def test_newcombes_bound_holds(now: float, before: float) -> None:
    """Over all counts that two binomials give, weighted by their chance."""
    rows, wrong = 400, 0.0
    for hits in range(rows + 1):
        chance = binom.pmf(hits, rows, now)
        if chance > 1e-9:
            for other in range(max(int(rows * before) - 60, 0), min(int(rows * before) + 60, rows) + 1):
                if newcombe(Told(hits, rows, other, rows), 0.01) > now - before:
                    wrong += chance * binom.pmf(other, rows, before)
    assert wrong < 0.013
