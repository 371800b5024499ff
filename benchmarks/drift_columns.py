"""Columns and shifts for benchmarks/drift.py: what is drawn, and how far it truly is from the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from runner.drift.bins import category_bins, number_bins
from runner.drift.divergences import jensen_shannon, psi
from runner.drift.effects import Compared
from runner.drift.encode import Columns
from runner.drift.transport import Line

RANDOM = np.random.default_rng(20_260_729)
Draw = Callable[[int], Any]


def holed(draw: Draw, share: float) -> Draw:
    def drawn(rows: int) -> Any:
        values = draw(rows)
        values[RANDOM.random(rows) < share] = np.nan
        return values

    return drawn


def zipf(levels: int, power: float) -> Draw:
    shares = 1 / np.arange(1, levels + 1) ** power
    ends = np.cumsum(shares / shares.sum())
    return lambda rows: np.searchsorted(ends, RANDOM.random(rows)).clip(0, levels - 1)


NUMBERS: dict[str, Draw] = {
    "normal": lambda n: RANDOM.normal(size=n),
    "large": lambda n: RANDOM.normal(1e9, 1.0, n),
    "uniform": lambda n: RANDOM.random(n),
    "t2": lambda n: RANDOM.standard_t(2, n),
    "cauchy": lambda n: RANDOM.standard_cauchy(n),
    "lognormal": lambda n: RANDOM.lognormal(0, 2, n),
    "pareto": lambda n: RANDOM.pareto(1.1, n),
    "bimodal": lambda n: RANDOM.normal(size=n) + 8 * (RANDOM.random(n) < 0.3),
    "poisson": lambda n: RANDOM.poisson(3, n).astype(float),
    "counts": lambda n: RANDOM.negative_binomial(1, 0.01, n).astype(float),
    "rare 1": lambda n: (RANDOM.random(n) < 0.02).astype(float),
    "binary": lambda n: (RANDOM.random(n) < 0.4).astype(float),
    "zeros": lambda n: RANDOM.exponential(size=n) * (RANDOM.random(n) < 0.3),
    "steps": lambda n: np.round(RANDOM.exponential(20, n), -1),
    "nulls 10%": holed(lambda n: RANDOM.normal(size=n), 0.1),
    "nulls 95%": holed(lambda n: RANDOM.normal(size=n), 0.95),
}
CATEGORIES: dict[str, Draw] = {
    "few": zipf(5, 1.0),
    "300 alike": zipf(300, 0.0),
    "many": zipf(5_000, 1.0),
    "ids": lambda n: RANDOM.integers(0, 2**40, n),
}


def numbers(name: str, reference: Any, current: Any) -> Compared:
    bins = number_bins(reference)
    before, now = bins.cells(reference), bins.cells(current)
    at = (bins.at_points(before), bins.at_points(now))
    line = bins.line(before) if at[1].sum() else None
    return Compared(name, bins.labels, bins.bins(before), bins.bins(now), line, *at)


def categories(name: str, reference: Any, current: Any) -> Compared:
    def counted(values: Any) -> dict[Any, int]:
        return dict(zip(*(each.tolist() for each in np.unique(values, return_counts=True)), strict=True))

    bins, before = category_bins(counted(reference))
    return Compared(name, bins.labels, before, bins.bins(counted(current)))


def pair(rows: int) -> Iterator[Compared]:
    for name, draw in NUMBERS.items():
        yield numbers(name, draw(rows), draw(rows))
    for name, draw in CATEGORIES.items():
        yield categories(name, draw(rows), draw(rows))


@dataclass(frozen=True, slots=True)
class Shape:
    """A column as fixed bins: shares (k,) of bins, and (l,) at the points of a line."""

    name: str
    shares: Any
    line: Line | None = None
    at: Any = None


def shapes(rows: int) -> list[Shape]:
    found = []
    for name, draw in NUMBERS.items():
        column = numbers(name, draw(rows), draw(rows))
        at = column.reference_at / column.reference_at.sum() if column.line else None
        found.append(Shape(name, shares_of(column), column.line, at))
    for name, draw in CATEGORIES.items():
        found.append(Shape(name, shares_of(categories(name, draw(rows), draw(rows)))))
    return found


def shares_of(column: Compared) -> Any:
    return column.reference / column.reference.sum()


DIRECTIONS: dict[str, Callable[[Any], Any]] = {
    "upwards": lambda rank: rank,
    "downwards": lambda rank: -rank,
    "outwards": lambda rank: np.abs(rank - 0.5),
    "first bin grows": lambda rank: (np.arange(len(rank)) == 0) * 1.0,
    "first bin empties": lambda rank: (np.arange(len(rank)) == 0) * -1.0,
    "last half empties": lambda rank: (rank > 0.5) * -1.0,
    "every other": lambda rank: (np.arange(len(rank)) % 2) * 1.0,
}


def planted(shares: Any, score: Any, effect: float, distance: Callable[[Any, Any], float]) -> Any | None:
    """The shares, tilted along a score until they are exactly so far away; None where none are."""
    low, high, q = 0.0, 300.0, shares
    for _ in range(80):
        middle = (low + high) / 2
        weights = shares * np.exp(middle * score - (middle * score)[shares > 0].max())
        q = weights / weights.sum()
        reached = distance(shares, q)
        low, high = (middle, high) if reached < effect else (low, middle)
    return q if abs(reached - effect) < 1e-3 * effect else None


def distances(shape: Shape) -> dict[str, tuple[Any, Callable[[Any, Any], float]]]:
    """Kind -> the shares that it is about, and how far others are from them."""

    def value(divergence: Any) -> Callable[[Any, Any], float]:
        return lambda p, q: float(divergence(p[p > 0], np.maximum(q[p > 0], 1e-60)).value)

    found = {
        "psi": (shape.shares, value(psi)),
        "js": (shape.shares, lambda p, q: max(value(jensen_shannon)(p, q), 0.0) ** 0.5),
    }
    if shape.line is not None:
        gaps = shape.line.gaps
        far = lambda p, q: float((np.abs(np.cumsum(p - q))[:-1] * gaps).sum())  # noqa: E731
        found["wasserstein"] = (shape.at, far)
    return found


def drawn(shares: Any, rows: int, pairs: int) -> Any:
    return RANDOM.multinomial(rows, shares, pairs).astype(float)


def tilt_for(column: Compared, kind: str, effect: float) -> float:
    """How strongly u, the rank of a row, is tilted for such an effect."""
    at = column.reference_at / column.reference_at.sum()
    shares, distance = distances(Shape(column.name, shares_of(column), column.line, at))[kind]
    ends = np.concatenate([[0.0], np.cumsum(shares)])
    low, high = 1e-9, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        moved = np.diff(np.expm1(middle * ends) / np.expm1(middle))
        low, high = (middle, high) if distance(shares, moved) < effect else (low, middle)
    return low


def table(rows: int, far: float = 0.0, rho: float = 0.8) -> Columns:
    """Ten numbers and a category; a share `far` of the rows lies where no other does."""
    x = RANDOM.normal(size=(rows, 10))
    x[:, 1] = rho * x[:, 0] + sqrt(1 - rho**2) * x[:, 1]
    x[:, 2] = np.exp(x[:, 2])
    x[RANDOM.random(rows) < 0.1, 4] = np.nan
    x[RANDOM.random(rows) < far, 5] += 50
    return Columns(tuple(x.T), (RANDOM.integers(0, 20, rows),))
