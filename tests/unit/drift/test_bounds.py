"""Effects, their lower bounds and their power; at length in benchmarks/drift.py."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
from scipy.stats import ncx2, norm

from runner.drift import transport
from runner.drift.bound import bounded, power
from runner.drift.divergences import Divergence, jensen_shannon, psi
from runner.drift.effects import Compared, Question, effects
from runner.drift.law import Law
from runner.drift.normal import above, exceeded
from runner.drift.planted import tilted
from runner.drift.transport import Line

PAIRS = 4_000
TENTHS = np.full(10, 0.1)
DIVERGENCES = [(psi, 0.2), (jensen_shannon, 0.01)]


def drawn(random: np.random.Generator, shares: Any, rows: int, pairs: int = PAIRS) -> Any:
    return random.multinomial(rows, shares, pairs).astype(float)


def so_far(divergence: Divergence, effect: float) -> Any:
    """The tenths, tilted until they are so far from themselves."""
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        reached = divergence(TENTHS, tilted(TENTHS, [middle])[0]).value
        low, high = (middle, high) if reached < effect else (low, middle)
    return tilted(TENTHS, [low])[0]


def test_known_values() -> None:
    p, q = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    assert psi(p, q).value == pytest.approx(0.25 * np.log(2) + 0.25 * np.log(1.5))
    assert jensen_shannon(p, q).value == pytest.approx(0.0487949, abs=1e-6)
    nearly = np.array([1 - 1e-12, 1e-12])
    assert jensen_shannon(nearly, nearly[::-1]).value == pytest.approx(1.0)


@pytest.mark.parametrize("divergence", [psi, jensen_shannon])
def test_derivatives_are_those_of_the_value(divergence: Divergence) -> None:
    p, q, step = np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.4, 0.2]), 1e-5
    at = divergence(p, q)
    for j in range(3):
        e = step * np.eye(3)[j]
        up, down = divergence(p + e, q), divergence(p - e, q)
        assert (up.value - down.value) / (2 * step) == pytest.approx(at.by_p[j], abs=1e-6)
        assert (up.by_p[j] - down.by_p[j]) / (2 * step) == pytest.approx(at.by_pp[j], rel=1e-6)
        assert (up.by_q[j] - down.by_q[j]) / (2 * step) == pytest.approx(at.by_pq[j], rel=1e-6)
        up, down = divergence(p, q + e), divergence(p, q - e)
        assert (up.value - down.value) / (2 * step) == pytest.approx(at.by_q[j], abs=1e-6)
        assert (up.by_q[j] - down.by_q[j]) / (2 * step) == pytest.approx(at.by_qq[j], rel=1e-6)


@pytest.mark.parametrize("noncentral", [0.0, 1.0, 30.0, 1e4])
def test_the_law_is_a_noncentral_chi_squared_far_into_its_tail(noncentral: float) -> None:
    law = Law(noncentral, 1.0, 9.0)
    for chance in (0.2, 0.01, 0.0005):
        exact = ncx2.isf(chance, 9, noncentral) if noncentral else ncx2.isf(chance, 9, 1e-12)
        assert norm.sf(law.z(exact)) == pytest.approx(chance, rel=0.12)
        assert law.quantile(norm.isf(chance)) == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize(("divergence", "threshold"), DIVERGENCES)
@pytest.mark.parametrize(("n", "m"), [(1_000, 1_000), (50_000, 1_000), (1_000_000, 1_000_000)])
def test_an_effect_at_the_threshold_raises_no_alarm_too_often(
    divergence: Divergence, threshold: float, n: int, m: int
) -> None:
    random = np.random.default_rng(5)
    q = so_far(divergence, threshold)
    found = bounded(divergence, drawn(random, TENTHS, n), drawn(random, q, m), 0.05).lower
    rate = (found > threshold).mean()
    assert rate < 0.05 + 3 * sqrt(0.05 * 0.95 / PAIRS)
    assert rate > 0.01  # a bound that never speaks is none


@pytest.mark.parametrize(("divergence", "threshold"), DIVERGENCES)
@pytest.mark.parametrize("rows", [1_000, 100_000])
def test_without_drift_even_a_tiny_threshold_is_not_exceeded(
    divergence: Divergence, threshold: float, rows: int
) -> None:
    random = np.random.default_rng(6)
    found = bounded(divergence, drawn(random, TENTHS, rows), drawn(random, TENTHS, rows), 0.05).lower
    assert (found > threshold / 1e6).mean() < 0.05 + 3 * sqrt(0.05 * 0.95 / PAIRS)


@pytest.mark.parametrize(("divergence", "threshold"), DIVERGENCES)
@pytest.mark.parametrize("rows", [2_000, 200_000])
def test_the_printed_power_is_the_rate(divergence: Divergence, threshold: float, rows: int) -> None:
    random = np.random.default_rng(7)
    known = power(divergence, TENTHS * rows, rows, threshold, 0.001)
    effect = known.least(0.8)
    assert effect is not None
    assert known.at(effect) == pytest.approx(0.8, abs=0.01)
    q = so_far(divergence, effect)
    found = bounded(divergence, drawn(random, TENTHS, rows), drawn(random, q, rows), 0.001).lower
    assert (found > threshold).mean() == pytest.approx(0.8, abs=0.04)


def test_a_constant_column_and_an_emptied_bin_have_bounds() -> None:
    one = np.array([0.0, 500.0, 0.0, 0.0])
    same = bounded(psi, one, one, 0.01)
    assert (float(same.lower), float(same.estimate)) == (0, pytest.approx(0, abs=1e-9))
    gone = bounded(psi, one, np.array([500.0, 0.0, 0.0, 0.0]), 0.01)
    assert gone.lower > 1
    assert np.isfinite(gone.estimate)


LINE = Line(np.linspace(0, 1, 21), 0.3)
EVEN = np.full(21, 1 / 21)


def moved(effect: float) -> Any:
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        q = tilted(EVEN, [middle])[0]
        reached = (np.abs(np.cumsum(EVEN - q))[:-1] * LINE.gaps).sum()
        low, high = (middle, high) if reached < effect else (low, middle)
    return q


@pytest.mark.parametrize(("n", "m"), [(1_000, 1_000), (50_000, 1_000), (1_000_000, 1_000_000)])
def test_wasserstein_at_the_threshold_and_at_the_printed_power(n: int, m: int) -> None:
    random = np.random.default_rng(8)
    least = transport.power(LINE, EVEN * n, m, 0.1, 0.01).least(0.8)
    assert least is not None
    for effect, low, high in ((0.0, 0, 0.0), (0.1, 0, 0.01 + 3 * sqrt(0.0099 / 1_000)), (least, 0.75, 0.85)):
        before, now = drawn(random, EVEN, n, 1_000), drawn(random, moved(effect), m, 1_000)
        rate = (transport.bounded(LINE, before, now, 0.01).lower > 0.1).mean()
        assert low <= rate <= high, effect


@pytest.mark.parametrize("rows", [1_000, 100_000])
def test_wasserstein_without_drift_is_not_above_nothing(rows: int) -> None:
    """The estimate always is: the mean of an absolute value."""
    random = np.random.default_rng(9)
    before, now = drawn(random, EVEN, rows, 1_000), drawn(random, EVEN, rows, 1_000)
    assert (transport.bounded(LINE, before, now, 0.2).lower > 0).mean() < 0.2


def test_wasserstein_of_a_shift_is_its_size() -> None:
    before = np.array([0.0, 1_000, 0, 0, 0])
    found = transport.bounded(Line(np.arange(5.0), 2.0), before, np.roll(before, 2), 0.01)
    assert float(found.estimate) == pytest.approx(1.0)
    assert float(found.lower) == pytest.approx(1.0, abs=0.1)


def test_effects_of_a_column_say_what_was_asked() -> None:
    column = Compared("x", (), TENTHS * 5_000, so_far(psi, 0.5) * 5_000)
    found = {e.kind: e for e in effects(column, Question({"psi": 0.2, "js": 0.1, "wasserstein": 0.1}, 0.01))}
    assert set(found) == {"psi", "js"}
    assert found["psi"].alarm
    assert found["psi"].estimate == pytest.approx(0.5, abs=0.02)
    assert found["js"].estimate == pytest.approx(
        float(jensen_shannon(TENTHS, so_far(psi, 0.5)).value) ** 0.5, abs=0.01
    )
    assert found["psi"].power > 0.8
    assert found["psi"].least is not None
    assert found["psi"].least < found["psi"].detect == pytest.approx(0.3)


def test_the_normal_distribution() -> None:
    z = np.array([[-2.0, 0.0], [1.0, 4.0]])
    assert above(z) == pytest.approx(norm.sf(z))
    assert exceeded(0.01) == pytest.approx(norm.isf(0.01))
