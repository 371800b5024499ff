"""Intervals against their definitions: Tango's by its own likelihood, the others by enumeration of every
outcome, which needs no simulation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from runner.judge.measures.segments import Segments
from runner.judge.paired.interval import Interval, Spread, bounds, from_powers, score, spread, statistic
from runner.judge.paired.units import units_of
from runner.judge.predictions import CannotCompute

ALPHA = 0.05


def likelihood_score(won: int, lost: int, rows: int, difference: float) -> float:
    """Tango's statistic from its definition: the nuisance share maximises the likelihood by brute force."""

    def minus(share: float) -> float:
        return -(
            won * math.log(share + difference)
            + lost * math.log(share)
            + (rows - won - lost) * math.log(1 - 2 * share - difference)
        )

    low, high = max(0.0, -difference) + 1e-12, (1 - difference) / 2 - 1e-12
    share = optimize.minimize_scalar(minus, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    variance = rows * (2 * share + difference - difference**2)
    return (won - lost - rows * difference) / variance**0.5


@pytest.mark.parametrize(("won", "lost", "rows"), [(4, 9, 200), (12, 7, 60), (30, 30, 100), (1, 14, 1000)])
def test_tango_s_ends_are_where_the_likelihood_s_score_is_the_quantile(
    won: int, lost: int, rows: int
) -> None:
    found = score(won, lost, rows, ALPHA)
    z = stats.norm.ppf(1 - ALPHA)
    assert found.value == pytest.approx((won - lost) / rows)
    assert likelihood_score(won, lost, rows, found.low) == pytest.approx(z, abs=1e-3)
    assert likelihood_score(won, lost, rows, found.high) == pytest.approx(-z, abs=1e-3)


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (50, 0), (0, 50)])
def test_tango_s_interval_where_nothing_differs_or_everything(won: int, lost: int) -> None:
    found = score(won, lost, 50, ALPHA)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.high - found.low > 0.05
    mirrored = score(lost, won, 50, ALPHA)
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low), abs=1e-9)


def outcomes(rows: int, disagreement: float, difference: float) -> tuple[Any, Any, Any]:
    """Every count of won and lost rows that is not impossible, and its chance."""
    won, lost = np.meshgrid(np.arange(rows + 1), np.arange(rows + 1))
    keep = (won + lost <= rows) & (abs(won + lost - rows * disagreement) < 8 * (rows * disagreement) ** 0.5)
    won, lost = won[keep], lost[keep]
    ups, downs = (disagreement + difference) / 2, (disagreement - difference) / 2
    columns = np.stack([won, lost, rows - won - lost], 1)
    return won, lost, stats.multinomial.pmf(columns, rows, [ups, downs, 1 - disagreement])


@pytest.mark.parametrize("rows", [100, 300])
@pytest.mark.parametrize("loss", [0.0, 0.05, 0.1])
def test_tango_s_interval_errs_as_seldom_as_it_says(rows: int, loss: float) -> None:
    """The statistic at the truth decides on which side the interval misses it."""
    won, lost, chance = outcomes(rows, 0.2, -loss)
    z, found = stats.norm.ppf(1 - ALPHA), statistic(won, lost, rows, -loss)
    assert chance[found > z].sum() < ALPHA + 0.005
    assert chance[found < -z].sum() < ALPHA + 0.005
    assert chance[abs(found) > z].sum() > 2 * ALPHA - 0.03


def sparse(won: int, lost: int, rows: int) -> Spread:
    """The influences of a mean of rows that are 1, -1 and 0."""
    values = np.repeat([1.0, -1.0, 0.0], [won, lost, rows - won - lost])
    return spread(values - values.mean())


@pytest.mark.parametrize("loss", [0.0, 0.04, 0.1])
def test_the_interval_of_any_mean_holds_where_fifteen_rows_carry_it(loss: float) -> None:
    """Each side misses at most as often as promised, beside what 15 rows leave to lumps; a normal's quantile
    and the standard error would pass the loss of 0.1 in 6.9%."""
    rows = 100
    won, lost, chance = outcomes(rows, 0.15, -loss)
    keep = chance > 1e-7
    found = [
        bounds((w - d) / rows, sparse(w, d, rows), ALPHA)
        for w, d in zip(won[keep].tolist(), lost[keep].tolist(), strict=True)
    ]
    above = np.array([each.low > -loss + 1e-12 for each in found])
    below = np.array([each.high < -loss - 1e-12 for each in found])
    assert chance[keep][above].sum() < ALPHA + 0.005
    assert chance[keep][below].sum() < ALPHA + 0.005


def test_as_many_degrees_of_freedom_as_rows_carry_the_error() -> None:
    assert sparse(10, 10, 10_000).df == pytest.approx(2 * 20, rel=0.01)
    many = spread(np.random.default_rng(1).normal(size=20_000))
    assert many.df == pytest.approx(20_000 - 1, rel=0.03)
    assert spread(np.array([1.0, -1.0])).df == 1


def test_with_many_rows_it_is_the_usual_interval() -> None:
    each = np.random.default_rng(2).normal(size=50_000)
    found = bounds(0.3, spread(each - each.mean()), ALPHA)
    half = stats.norm.ppf(1 - ALPHA) * each.std(ddof=1) / 50_000**0.5
    assert (found.low, found.high) == pytest.approx((0.3 - half, 0.3 + half), abs=half * 0.01)


def test_skewness_widens_the_side_on_which_it_errs() -> None:
    """Of a few large losses the mean is farther below than a t interval knows."""
    tilted = Spread(1.0, -3.0, 40.0, 50)
    plain = bounds(0.0, Spread(1.0, 0.0, 40.0, 50), ALPHA)
    found = bounds(0.0, tilted, ALPHA)
    assert found.low < plain.low - 0.1
    assert found.high == plain.high
    mirrored = bounds(0.0, Spread(1.0, 3.0, 40.0, 50), ALPHA)
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low))


def test_slack_moves_the_ends() -> None:
    plain, slack = Spread(1.0, 0.5, 30.0, 50), Spread(1.0, 0.5, 30.0, 50, (0.25, 0.5))
    before, after = bounds(2.0, plain, ALPHA), bounds(2.0, slack, ALPHA)
    assert after == Interval(2.0, before.low - 0.25, before.high + 0.5)


def test_clusters_are_the_units() -> None:
    each = np.array([1.0, 1.0, -1.0, -1.0, 2.0, -2.0])
    found = spread(each, np.array(["a", "a", "b", "b", "c", "c"]))
    sums = np.array([2.0, -2.0, 0.0])
    assert found.units == 3
    assert found.se == pytest.approx(((sums**2).sum() * 3 / 2) ** 0.5 / 6)


def test_one_unit_has_no_interval_and_no_difference_has_no_width() -> None:
    with pytest.raises(CannotCompute, match="fewer than two"):
        spread(np.array([1.0, 1.0]), np.array([7, 7]))
    found = bounds(0.2, from_powers((0.0, 0.0, 0.0), 5, 5), ALPHA)
    assert (found.low, found.high) == (0.2, 0.2)


@pytest.mark.parametrize("unit", [1e150, 1e80, 1e-80, 1e-150])
def test_a_unit_in_which_a_fourth_power_is_no_number_is_refused(unit: float) -> None:
    each = np.random.default_rng(1).normal(size=50)
    assert spread(each * 1e60).df == pytest.approx(spread(each).df)
    assert spread(each * 1e-60).skewness == pytest.approx(spread(each).skewness)
    with np.errstate(all="ignore"), pytest.raises(CannotCompute, match="change the unit"):
        spread(each * unit)


@pytest.mark.parametrize("unit", [1e200, 1.0, 1e-200])
def test_how_many_rows_carry_a_difference_does_not_depend_on_its_unit(unit: float) -> None:
    apart = np.array([0.0, 1.0, 1.0, 2.0])
    assert units_of(Segments(4)).carrying(apart * unit).tolist() == [2]


def test_a_segment_without_a_distance_leaves_the_others_theirs() -> None:
    """All weights of the first are 0, so it has no metric."""
    segments = Segments(5, np.array([0, 0, 1, 1, 1]), 2)
    apart = np.array([np.nan, np.nan, 1.0, 1.0, 0.0])
    assert units_of(segments).carrying(apart)[:2].tolist() == [0, 2]
