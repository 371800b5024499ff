"""Rows of mixed columns as numbers from which a linear rule can tell distributions apart.

Numbers become normal scores of their ranks, frequent categories and missing values indicators; squares show a
spread that changed, products of pairs a dependence that did.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import Any

import numpy as np

KNOTS = 200
CATEGORIES = 8  # of a column: indicators, most frequent first
PAIRS = 400  # products at most; of more a fixed draw
SEED = 20_250_103


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a sample, each (n,): `numbers` of float, NaN where missing, and `codes` of int, -1 where
    missing, which mean the same category in both samples."""

    numbers: tuple[Any, ...]
    codes: tuple[Any, ...]

    def __len__(self) -> int:
        return len((*self.numbers, *self.codes)[0])

    def take(self, rows: Any) -> Columns:
        """The rows at these positions."""
        return Columns(tuple(c[rows] for c in self.numbers), tuple(c[rows] for c in self.codes))

    def planted(self, rows: Any) -> Columns:
        """The same, but in the first column these rows (n,) bool have a value that no row has."""
        if not self.numbers:
            new = np.where(rows, self.codes[0].max(initial=0) + 1, self.codes[0])
            return Columns((), (new, *self.codes[1:]))
        first = self.numbers[0]
        known = first[np.isfinite(first)]
        with np.errstate(over="ignore"):  # then it is infinite, which is beyond, too
            beyond = 2 * known.max() - known.min() + 1 if len(known) else 0.0
        return Columns((np.where(rows, beyond, first), *self.numbers[1:]), self.codes)


@dataclass(frozen=True, slots=True)
class Encoder:
    """What was learnt from some rows: knots of each number, codes of each category, the pairs that are
    multiplied, and which numbers are ever missing."""

    knots: tuple[Any, ...]
    kept: tuple[Any, ...]
    gaps: tuple[int, ...]
    pairs: Any

    @classmethod
    def of(cls, reference: Columns, current: Columns) -> Encoder:
        """From the learning rows of both samples."""
        numbers = [np.concatenate(both) for both in zip(reference.numbers, current.numbers, strict=True)]
        codes = [np.concatenate(both) for both in zip(reference.codes, current.codes, strict=True)]
        gaps = tuple(i for i, values in enumerate(numbers) if np.isnan(values).any())
        kept = tuple(_frequent(each) for each in codes)
        width = len(numbers) + len(gaps) + sum(map(len, kept))
        return cls(tuple(map(_knots, numbers)), kept, gaps, _pairs(width))

    @property
    def alone(self) -> int:
        """How many of the encoded columns are of one column only; products come after them."""
        return 2 * len(self.knots) + len(self.gaps) + sum(map(len, self.kept))

    def encoded(self, rows: Columns) -> Any:
        """(n, p) of float."""
        scores = [_scores(values, knots) for values, knots in zip(rows.numbers, self.knots, strict=True)]
        missing = [np.isnan(rows.numbers[i]).astype(float) for i in self.gaps]
        flags = [
            (codes == code).astype(float)
            for codes, kept in zip(rows.codes, self.kept, strict=True)
            for code in kept
        ]
        base = np.column_stack([*scores, *missing, *flags])
        squares = base[:, : len(scores)] ** 2
        return np.hstack([base, squares, base[:, self.pairs[0]] * base[:, self.pairs[1]]])


def _frequent(codes: Any) -> Any:
    found, counts = np.unique(codes, return_counts=True)
    return found[np.argsort(-counts, kind="stable")[:CATEGORIES]]


def _pairs(width: int) -> Any:
    """(2, pairs): positions of two columns that are multiplied."""
    pairs = np.array(list(combinations(range(width), 2)), dtype=int).reshape(-1, 2)
    if len(pairs) > PAIRS:
        pairs = pairs[np.random.default_rng(SEED).permutation(len(pairs))[:PAIRS]]
    return pairs.T


def _knots(values: Any) -> Any:
    """Quantiles of the values, (KNOTS,); none where all are missing."""
    ordered = np.sort(values[~np.isnan(values)])
    at = (np.arange(KNOTS) + 0.5) / KNOTS * len(ordered)
    return ordered[at.astype(int)] if len(ordered) else ordered


def _scores(values: Any, knots: Any) -> Any:
    """The normal score of each value's middle rank among the knots; 0 of a missing one."""
    ranks = np.searchsorted(knots, values, side="left") + np.searchsorted(knots, values, side="right")
    return np.where(np.isnan(values), 0.0, DEVIATES[np.minimum(ranks, 2 * KNOTS)])


DEVIATES = np.array([NormalDist().inv_cdf((i + 0.5) / (2 * KNOTS + 1)) for i in range(2 * KNOTS + 1)])
