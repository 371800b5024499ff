"""Bins that the reference fixes, and counts in them.

Numbers: bins of about a tenth of the reference each, ends open; a value that is as frequent as that has a
bin of its own. Finer points inside them are for Wasserstein. Edges are quantiles of the same rows that are
counted: what a bin really holds then varies around its count as a multinomial count does around its mean
(spacings are Dirichlet; David & Nagaraja 2003, section 2.5), so the noise is the same, from the other side.

Categories: which are frequent is decided on a part of the reference, and the rest is counted. Were it one
sample, categories would be chosen because they were frequent by chance, and none of its rows could be of an
unseen one.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from runner.drift.transport import Line, unit_of

BINS, POINTS = 10, 200
FEW = 32  # so many distinct numbers are each a point of their own
FREQUENT, MOST = 0.01, 30  # a category's share that earns a bin, and how many may
CHOOSING, ENOUGH = 0.25, 100_000  # the share of the reference that chooses categories, at most so many rows
NEW = 0.05  # of choosing rows: if more are alone in their category, a new one is nothing new (Good 1953)
SEED = 20_250_101


@dataclass(frozen=True, slots=True)
class NumberBins:
    """`points` (l,) ascending: cell i of l + 1 holds what is above point i - 1 and up to point i. `group`
    (l + 1,): the bin of each cell. Missing values have a bin after the last."""

    points: Any
    group: Any

    @property
    def labels(self) -> tuple[str, ...]:
        """The bins in words, missing values last."""
        edges = [f"{self.points[i]:.4g}" for i in np.flatnonzero(np.diff(self.group))]
        if not edges:
            return ("any value", "missing")
        inner = (f"{low} to {high}" for low, high in pairwise(edges))
        return (f"up to {edges[0]}", *inner, f"above {edges[-1]}", "missing")

    def cells(self, values: Any) -> Any:
        """How many of `values` (n,) of float, NaN where missing, lie in each cell, and missing: (l + 2,)."""
        missing = np.isnan(values)
        found = np.searchsorted(self.points, values[~missing])
        counts = np.bincount(found, minlength=len(self.points) + 1)
        return np.append(counts, missing.sum()).astype(float)

    def bins(self, cells: Any) -> Any:
        """Counts of cells (..., l + 2) as counts of bins (..., k), missing values last."""
        starts = np.flatnonzero(np.diff(self.group, prepend=-1))
        return np.concatenate([np.add.reduceat(cells[..., :-1], starts, axis=-1), cells[..., -1:]], axis=-1)

    def at_points(self, cells: Any) -> Any:
        """Counts of cells (..., l + 2) at the points (..., l): what is beyond the last point counts there."""
        counts = cells[..., : len(self.points)].copy()
        counts[..., -1] += cells[..., -2]
        return counts

    def line(self, cells: Any) -> Line | None:
        """The points with the unit that the reference's counts (l + 2,) give; None of a constant column."""
        if len(self.points) < 2 or not (counts := self.at_points(cells)).sum():
            return None
        unit = unit_of(self.points, counts)
        least = 1e-9 * float(np.abs(self.points).max())
        return Line(self.points, unit) if least < unit < np.inf else None


def number_bins(values: Any) -> NumberBins:
    """Bins from the reference's values (n,) of float, NaN where missing."""
    ordered = np.sort(values[~np.isnan(values)])
    distinct, counts = _runs(ordered)
    frequent = distinct[counts * BINS >= max(len(ordered), 1)]
    edges = np.union1d(_quantiles(ordered, BINS), frequent)
    edges = _without_empty(ordered, np.union1d(edges, np.nextafter(frequent, -np.inf)))
    fine = distinct if len(distinct) <= FEW else _quantiles(ordered, POINTS)
    points = np.union1d(fine[np.isfinite(fine)], edges)
    return NumberBins(points, np.searchsorted(edges, np.append(points, np.inf)))


def _runs(ordered: Any) -> tuple[Any, Any]:
    """Each value of sorted ones, and how often it is there."""
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)])
    return ordered[starts], np.diff(np.append(starts, len(ordered)))


def _quantiles(ordered: Any, parts: int) -> Any:
    """The values (finite, each once) that cut sorted ones into so many parts."""
    if not len(ordered):
        return ordered
    at = np.ceil(len(ordered) * np.arange(1, parts) / parts).astype(int) - 1
    found = np.unique(ordered[np.maximum(at, 0)])
    return found[np.isfinite(found)]


def _without_empty(ordered: Any, edges: Any) -> Any:
    """The edges but those whose bin no value is in; the first bin may be empty: it is for what lies below."""
    edges = edges[np.isfinite(edges)]
    below = np.searchsorted(ordered, edges, side="right")
    return edges[(np.diff(below, prepend=0) > 0) | (np.arange(len(edges)) == 0)]


@dataclass(frozen=True, slots=True)
class CategoryBins:
    """Bins of the frequent categories, of the rare ones together, of those that the choosing part of the
    reference has not, and of missing ones (None). Without rare ones, all that are not frequent are unseen."""

    frequent: tuple[Hashable, ...]
    rare: frozenset[Hashable]

    @property
    def tell(self) -> bool:
        """Whether any categories are told apart; not those of ids, nearly all of which are there once."""
        return bool(self.frequent or self.rare)

    @property
    def labels(self) -> tuple[str, ...]:
        """The bins in words."""
        return (
            *map(str, self.frequent),
            "rare ones",
            "unseen ones" if self.rare else "rare or unseen ones",
            "missing",
        )

    def bins(self, counts: Mapping[Hashable, int]) -> Any:
        """Counts by category as counts of bins (k,)."""
        place: dict[Hashable, int] = {name: i for i, name in enumerate(self.frequent)}
        k = len(place)
        found = np.zeros(k + 3)
        for name, count in counts.items():
            seen = k if name in self.rare else k + 1
            found[k + 2 if name is None else place.get(name, seen)] += count
        return found


def category_bins(counts: Mapping[Hashable, int]) -> tuple[CategoryBins, Any]:
    """Bins from the reference's counts by category, and the counts (k,) of the rows that did not choose.

    Which rows choose is drawn from a fixed seed: the same reference gives the same bins."""
    names = sorted(
        (name for name in counts if counts[name] > 0), key=lambda name: (str(type(name)), str(name))
    )
    each = np.array([counts[name] for name in names], dtype=np.int64)
    rows = int(min(each.sum() * CHOOSING, ENOUGH))
    random = np.random.default_rng(SEED)
    chosen = random.multivariate_hypergeometric(each, rows, method="marginals")
    ranked = [names[i] for i in np.argsort(-chosen, kind="stable") if chosen[i] >= max(FREQUENT * rows, 1)]
    frequent = tuple(name for name in ranked if name is not None)[:MOST]
    once = (chosen == 1).sum() > NEW * rows
    seen = () if once else (names[i] for i in np.flatnonzero(chosen))
    bins = CategoryBins(frequent, frozenset(seen) - {*frequent, None})
    return bins, bins.bins(dict(zip(names, (each - chosen).tolist(), strict=True)))
