"""How far the joint distribution moved: a lower bound of the total variation distance by a domain classifier.

A classifier learns on one half of each sample to tell current rows from reference rows. On the other halves
the share of current rows that it calls current, less the share of reference rows that it does, is at most the
total variation distance, whatever it learnt (Lopez-Paz & Oquab 2017): the share of rows that would have to be
others. The two shares are binomial and independent, so Newcombe's (1998, method 10) lower bound of their
difference is one of the distance. There is one split and no averaging over folds, whose errors depend on each
other. A classifier that learns little makes the bound low, never wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot, sqrt
from typing import Any

import numpy as np

from runner.drift.effects import Effect, Question
from runner.drift.encode import Columns, Encoder
from runner.drift.normal import above, exceeded

LEARNING, TELLING = 10_000, 40_000  # rows of each sample, at most, that teach and that are told apart
CUTTING = 0.3  # the share of the learning rows that choose where to cut
SEED = 20_250_102
CHUNK = 4_096
PENALTIES = np.geomspace(1e-4, 10.0, 6)  # of the mean eigenvalue


@dataclass(frozen=True, slots=True)
class Told:
    """`hits` of `rows` for the current sample and for the reference: called current by the classifier."""

    current_hits: int
    current: int
    reference_hits: int
    reference: int

    @property
    def apart(self) -> float:
        return self.current_hits / self.current - self.reference_hits / self.reference


def joint(reference: Columns, current: Columns, question: Question) -> Effect:
    """The distance of two samples of encodable columns: lower bound and power."""
    told = tell_apart(reference, current)
    threshold = question.thresholds["joint"]
    size = question.detect * threshold
    chances = (size, _power(told, threshold, size, question.alpha))
    lower = max(newcombe(told, question.alpha), 0.0)
    least = _least(told, threshold, question)
    return Effect("joint", max(told.apart, lower), lower, threshold, *chances, least)


def tell_apart(reference: Columns, current: Columns) -> Told:
    """How many rows of each sample, not learnt from, a classifier calls current."""
    random = np.random.default_rng(SEED)
    halves = [_halves(random.permutation(len(each))) for each in (reference, current)]
    encoder = Encoder.of(reference.take(halves[0].learning), current.take(halves[1].learning))
    fitting = [_design(encoder, s, h.fitting) for s, h in zip((reference, current), halves, strict=True)]
    directions = _directions(*fitting)
    cutting = [
        _scores(encoder, directions, s, h.cutting) for s, h in zip((reference, current), halves, strict=True)
    ]
    best, cut = _best(*cutting)
    called = [
        int((_scores(encoder, directions[:, [best]], s, h.telling) > cut).sum())
        for s, h in zip((reference, current), halves, strict=True)
    ]
    return Told(called[1], len(halves[1].telling), called[0], len(halves[0].telling))


@dataclass(frozen=True, slots=True)
class _Halves:
    """Positions of rows: those that fit the classifier, that choose its cut, and that are told apart."""

    fitting: Any
    cutting: Any
    telling: Any

    @property
    def learning(self) -> Any:
        return np.concatenate([self.fitting, self.cutting])


def _halves(order: Any) -> _Halves:
    learning = min(len(order) // 2, LEARNING)
    fitting = int(learning * (1 - CUTTING))
    return _Halves(order[:fitting], order[fitting:learning], order[learning : learning + TELLING])


def _chunks(rows: Any) -> Iterator[Any]:
    return (rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK))


def _design(encoder: Encoder, sample: Columns, rows: Any) -> tuple[Any, Any]:
    """Mean outer product and mean of the encoded rows: (p, p) and (p,)."""
    square, total = 0.0, 0.0
    for chunk in _chunks(rows):
        x = encoder.encoded(sample.take(chunk))
        square, total = square + x.T @ x, total + x.sum(0)
    return square / len(rows), total / len(rows)


def _directions(reference: tuple[Any, Any], current: tuple[Any, Any]) -> Any:
    """Fisher's discriminant with a ridge, for each penalty; the last row is the intercept.

    (p + 1, penalties)."""
    centre = (reference[1] + current[1]) / 2
    spread = (reference[0] + current[0]) / 2 - np.outer(centre, centre)
    values, vectors = np.linalg.eigh(spread)
    across = vectors.T @ (current[1] - reference[1])
    penalties = PENALTIES * max(float(values.mean()), 1e-12)
    weights = vectors @ (across[:, None] / (np.maximum(values, 0)[:, None] + penalties))
    return np.vstack([weights, -centre @ weights])


def _scores(encoder: Encoder, directions: Any, sample: Columns, rows: Any) -> Any:
    """The score of each row by each direction; (n, directions)."""
    found = [encoder.encoded(sample.take(part)) @ directions[:-1] + directions[-1] for part in _chunks(rows)]
    return np.concatenate(found)


def _best(reference: Any, current: Any) -> tuple[int, float]:
    """The direction and the cut that tell the two samples' scores (n, directions) apart best (Youden)."""
    found = [_cut(reference[:, i], current[:, i]) for i in range(reference.shape[1])]
    best = max(range(len(found)), key=lambda i: found[i][0])
    return best, found[best][1]


def _cut(reference: Any, current: Any) -> tuple[float, float]:
    """By how much more of the current scores than of the reference's are above the best cut, and the cut."""
    cuts = np.unique(np.concatenate([reference, current]))
    below = [np.searchsorted(np.sort(each), cuts, side="right") / len(each) for each in (reference, current)]
    apart = below[0] - below[1]
    return float(apart.max()), float(cuts[apart.argmax()])


def newcombe(told: Told, alpha: float) -> float:
    """The lower bound of the difference of the two shares, of level 1 - alpha."""
    z = exceeded(alpha)
    low = _wilson(told.current_hits, told.current, -z)
    high = _wilson(told.reference_hits, told.reference, z)
    now, before = told.current_hits / told.current, told.reference_hits / told.reference
    return now - before - hypot(now - low, high - before)


def _wilson(hits: int, rows: int, z: float) -> float:
    """Wilson's (1927) bound of a share: the lower one where z is below 0."""
    share, square = hits / rows, z * z
    width = z * sqrt(share * (1 - share) / rows + square / (4 * rows * rows))
    return (share + square / (2 * rows) + width) / (1 + square / rows)


def _power(told: Told, threshold: float, size: float, alpha: float) -> float:
    """The chance that a distance of `size` is told, by a classifier that finds all of it and errs alike on
    both sides: where shares vary most."""

    def error(distance: float) -> float:
        rows = 1 / told.current + 1 / told.reference
        return sqrt(max(1 - distance**2, 1e-9) / 4 * rows)

    return float(above((exceeded(alpha) * error(threshold) - (size - threshold)) / error(size)))


def _least(told: Told, threshold: float, question: Question) -> float | None:
    sizes = np.linspace(threshold, 1.0, 1001)[:-1]
    found = [_power(told, threshold, size, question.alpha) for size in sizes]
    enough = np.flatnonzero(np.array(found) >= question.wanted)
    return float(sizes[enough[0]]) if len(enough) else None
