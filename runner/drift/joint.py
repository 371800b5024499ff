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

LEARNING, TELLING = 10_000, 20_000  # rows of each sample, at most, that teach and that are told apart
CUTTING = 0.3  # the share of the learning rows that choose where to cut
SEED = 20_250_102
CHUNK = 4_096
PENALTIES = np.geomspace(1e-4, 10.0, 6)  # of the mean eigenvalue


@dataclass(frozen=True, slots=True)
class Told:
    """`hits` of `rows` for the current sample and for the reference: called current by the classifier."""

    current_hits: float
    current: int
    reference_hits: float
    reference: int

    @property
    def apart(self) -> float:
        """By how much more of the current rows than of the reference's are called current."""
        return self.current_hits / self.current - self.reference_hits / self.reference

    @property
    def error(self) -> float:
        """The standard error of `apart`."""
        now, before = self.current_hits / self.current, self.reference_hits / self.reference
        return sqrt(now * (1 - now) / self.current + before * (1 - before) / self.reference)


def joint(reference: Columns, current: Columns, question: Question) -> Effect:
    """The distance of two samples of at least 10 rows each: lower bound and power.

    The power is that against a shift which gives a share of the rows a new value in one column: it is planted
    into rows of the reference, and what the classifier then finds of it is taken for what it would find."""
    before, now = _Side.of(reference), _Side.of(current)
    told, threshold = tell_apart(before, now), question.thresholds["joint"]
    detect = question.detect * threshold
    planted = tell_apart(before, _planted(before, now, min(detect, 1.0)))
    sizes = np.linspace(threshold, 1.0, 501)[1:]
    found = [_power(planted, size / min(detect, 1.0), threshold, question.alpha) for size in sizes]
    enough = np.flatnonzero(np.array(found) >= question.wanted)
    lower = max(newcombe(told, question.alpha), 0.0)
    return Effect(
        "joint",
        max(told.apart, lower),
        lower,
        threshold,
        detect,
        _power(planted, 1.0, threshold, question.alpha),
        float(sizes[enough[0]]) if len(enough) else None,
    )


def tell_apart(reference: _Side, current: _Side) -> Told:
    """How many rows of each sample, not learnt from, a classifier calls current."""
    encoder = Encoder.of(reference.learning, current.learning)
    directions = _directions(encoder.alone, _design(encoder, reference), _design(encoder, current))
    best, cut = _best(*(_scores(encoder, directions, s, s.halves.cutting) for s in (reference, current)))
    before, now = (
        _scores(encoder, directions[:, [best]], s, s.halves.telling) > cut for s in (reference, current)
    )
    return Told(int(now.sum()), len(now), int(before.sum()), len(before))


def _planted(reference: _Side, current: _Side, share: float) -> _Side:
    """As many rows as the current sample has, drawn from the reference's, with a share that is new."""
    random = np.random.default_rng(SEED)
    parts = zip(reference.halves.parts, current.halves.parts, strict=True)
    drawn = [random.choice(mine, len(theirs)) for mine, theirs in parts]
    rows = np.concatenate(drawn)
    ends = np.cumsum([len(part) for part in drawn])
    sample = reference.sample.take(rows).planted(random.random(len(rows)) < share)
    return _Side(sample, _Halves(*np.split(np.arange(len(rows)), ends[:-1])))


@dataclass(frozen=True, slots=True)
class _Halves:
    """Positions of rows: those that fit the classifier, that choose its cut, and that are told apart."""

    fitting: Any
    cutting: Any
    telling: Any

    @property
    def parts(self) -> tuple[Any, Any, Any]:
        return self.fitting, self.cutting, self.telling


@dataclass(frozen=True, slots=True)
class _Side:
    """A sample and how its rows are used."""

    sample: Columns
    halves: _Halves

    @classmethod
    def of(cls, sample: Columns) -> _Side:
        order = np.random.default_rng(SEED).permutation(len(sample))
        learning = min(len(order) // 2, LEARNING)
        fitting = int(learning * (1 - CUTTING))
        parts = order[:fitting], order[fitting:learning], order[learning : learning + TELLING]
        return cls(sample, _Halves(*parts))

    @property
    def learning(self) -> Columns:
        return self.sample.take(np.concatenate([self.halves.fitting, self.halves.cutting]))


def _chunks(rows: Any) -> Iterator[Any]:
    return (rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK))


def _design(encoder: Encoder, side: _Side) -> tuple[Any, Any]:
    """Mean outer product and mean of the encoded rows that fit: (p, p) and (p,)."""
    square, total, rows = 0.0, 0.0, side.halves.fitting
    for part in _chunks(rows):
        x = encoder.encoded(side.sample.take(part))
        square, total = square + x.T @ x, total + x.sum(0)
    return square / len(rows), total / len(rows)


def _directions(alone: int, reference: tuple[Any, Any], current: tuple[Any, Any]) -> Any:
    """Fisher's discriminant with a ridge, for each penalty, of the first columns `alone` and of all of them:
    of few rows less can be learnt. (p + 1, directions), the last row the intercepts."""
    centre, moved = (reference[1] + current[1]) / 2, current[1] - reference[1]
    spread = (reference[0] + current[0]) / 2 - np.outer(centre, centre)
    found = [_ridge(spread[:width, :width], moved[:width]) for width in (alone, len(moved))]
    found[0] = np.pad(found[0], ((0, len(moved) - alone), (0, 0)))
    weights = np.hstack(found)
    return np.vstack([weights, -centre @ weights])


def _ridge(spread: Any, moved: Any) -> Any:
    """(spread + penalty)^-1 moved, (p, penalties)."""
    values, vectors = np.linalg.eigh(spread)
    penalties = PENALTIES * max(float(values.mean()), 1e-12)
    across: Any = vectors @ ((vectors.T @ moved)[:, None] / (np.maximum(values, 0)[:, None] + penalties))
    return across


def _scores(encoder: Encoder, directions: Any, side: _Side, rows: Any) -> Any:
    """The score of each row by each direction; (n, directions)."""
    found = [
        encoder.encoded(side.sample.take(part)) @ directions[:-1] + directions[-1] for part in _chunks(rows)
    ]
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


def _wilson(hits: float, rows: int, z: float) -> float:
    """Wilson's (1927) bound of a share: the lower one where z is below 0."""
    share, square = hits / rows, z * z
    width = z * sqrt(share * (1 - share) / rows + square / (4 * rows * rows))
    return (share + square / (2 * rows) + width) / (1 + square / rows)


def _power(planted: Told, times: float, threshold: float, alpha: float) -> float:
    """The chance that so many times the planted shift is told: as large a part of it is found."""
    before = planted.reference_hits / planted.reference
    now = min(max(before + times * planted.apart, 0.0), 1.0)
    expected = Told(now * planted.current, planted.current, planted.reference_hits, planted.reference)
    return float(above((threshold - newcombe(expected, alpha)) / max(expected.error, 1e-12)))
