"""The judge's distributions against SciPy's."""

import math
import random

import pytest

from runner.release.canary_stats import (
    chi2_sf,
    difference_at_least,
    fisher_greater,
    holm,
    noncentral_chi2_sf,
    order_levels,
)

stats = pytest.importorskip("scipy.stats")


@pytest.mark.parametrize(
    ("bad_new", "new", "bad_old", "old"),
    [(4, 200, 0, 1800), (12, 200, 9, 1800), (2, 2, 1, 50), (50, 100, 1, 100), (900, 1000, 10, 20)],
)
def test_fisher_is_scipys(bad_new: int, new: int, bad_old: int, old: int) -> None:
    table = [[bad_new, new - bad_new], [bad_old, old - bad_old]]
    expected = stats.fisher_exact(table, alternative="greater").pvalue
    assert fisher_greater(bad_new, new, bad_old, old) == pytest.approx(expected, rel=1e-9)


def test_fisher_over_random_tables_is_scipys() -> None:
    drawn = random.Random(1)  # noqa: S311
    for _ in range(300):
        new, old = drawn.randint(1, 400), drawn.randint(1, 4000)
        bad_new, bad_old = drawn.randint(0, new), drawn.randint(0, old)
        table = [[bad_new, new - bad_new], [bad_old, old - bad_old]]
        expected = stats.fisher_exact(table, alternative="greater").pvalue
        if bad_new * old > bad_old * new:
            assert fisher_greater(bad_new, new, bad_old, old) == pytest.approx(expected, rel=1e-7, abs=1e-300)
        else:
            assert fisher_greater(bad_new, new, bad_old, old) == 1.0


def test_fisher_of_nothing_says_nothing() -> None:
    assert fisher_greater(0, 0, 5, 10) == fisher_greater(5, 10, 0, 0) == fisher_greater(0, 10, 0, 10) == 1.0


def test_fisher_of_a_hundred_million_requests_is_quick_and_finite() -> None:
    assert 0.0 <= fisher_greater(60_000, 10_000_000, 500_000, 90_000_000) < 1e-6


@pytest.mark.parametrize("freedom", [1, 2, 9, 40])
@pytest.mark.parametrize("x", [0.0, 0.01, 1.0, 8.9, 30.0, 200.0])
def test_chi_squared_is_scipys(freedom: int, x: float) -> None:
    assert chi2_sf(x, freedom) == pytest.approx(stats.chi2.sf(x, freedom), rel=1e-8, abs=1e-14)


@pytest.mark.parametrize("shift", [0.0, 0.5, 18.0, 400.0, 20_000.0])
@pytest.mark.parametrize("times", [0.2, 0.9, 1.0, 1.2, 3.0])
def test_noncentral_chi_squared_is_scipys(shift: float, times: float) -> None:
    x = times * (9 + shift)
    expected = stats.ncx2.sf(x, 9, shift) if shift else stats.chi2.sf(x, 9)
    assert noncentral_chi2_sf(x, 9, shift) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_holm_rejects_step_by_step() -> None:
    assert holm([0.04, 0.01, 0.03], 0.05) == (False, True, False)
    assert holm([0.02, 0.01, 0.04], 0.05) == (True, True, True)
    assert holm([0.02, 0.3], 0.05) == (True, False)
    assert holm([], 0.05) == ()
    assert holm([math.nan], 0.05) == (False,)


def test_order_levels_stay_in_their_range_and_hold_the_quantile() -> None:
    low, high = order_levels(0.95, 400)
    assert 0.92 < low < 0.95 < high < 0.98
    assert order_levels(0.99, 10)[1] == 1.0


def test_the_difference_of_two_rates_has_newcombes_bound() -> None:
    """Newcombe 1998, table II, method 10: 56/70 against 48/80 gives 0.0524 to 0.3339 (two-sided 95 %), and
    Wilson's bounds at our level are SciPy's."""
    new, old = (stats.binomtest(k, n).proportion_ci(0.9, "wilson") for k, n in ((56, 70), (48, 80)))
    expected = 0.2 - math.hypot(0.8 - new.low, old.high - 0.6)
    assert difference_at_least(56, 70, 48, 80) == pytest.approx(expected, abs=1e-12)
    assert 0.0524 < difference_at_least(56, 70, 48, 80) < 0.2


def test_no_requests_bound_nothing() -> None:
    assert difference_at_least(0, 0, 1, 2) == difference_at_least(1, 2, 0, 0) == -1.0
