"""Metrics of one class against the rest, averaged over classes or over pairs of classes.

Averages are scikit-learn's: 'macro' counts each class alike, 'weighted' as often as it is true, 'micro' lays
all columns of the one-hot labels end to end. Pairs of classes ('ovo') are Hand & Till's (2001), which
scikit-learn has without sample weights only; here they weigh as repeated rows would.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from runner.judge.measures import ranks
from runner.judge.measures.segments import Influences, Segments
from runner.judge.options import Options
from runner.judge.predictions import BINARY, CannotCompute, Predictions


def roc_auc(p: Predictions, o: Options, s: Segments) -> Influences:
    """Of several classes one against the rest ('ovr'), or one against each other one ('ovo')."""
    if p.task == BINARY:
        return ranks.over(ranks.roc_auc, p, s)
    _require_shares(p)
    if o.multi_class == "ovo":
        return _pairs(p, o, s)
    return _averaged(p, o, s, ranks.roc_auc)


def average_precision(p: Predictions, o: Options, s: Segments) -> Influences:
    """Of several classes one against the rest."""
    if p.task == BINARY:
        return ranks.over(ranks.average_precision, p, s)
    return _averaged(p, o, s, ranks.average_precision)


def _require_shares(p: Predictions) -> None:
    import numpy as np

    if not np.allclose(p.scores.sum(axis=1), 1):  # scikit-learn's tolerance
        raise CannotCompute("the probabilities do not sum to 1 over the classes")


def _averaged(p: Predictions, o: Options, s: Segments, climb: ranks.Climb) -> Influences:
    if o.average == "micro":
        return _micro(p, s, climb)
    found = (_told(ranks.over(climb, p, s, each, each), p, each) for each in range(p.scores.shape[1]))
    return _combined(found, _shares(p, o, s), p, s, s.weigh(p.weights))


def _told(found: Influences, p: Predictions, label: int) -> Influences:
    """The same, with the class named that none or all of the rows are of."""
    name = p.classes[label] if p.classes else label
    found.faults = dict.fromkeys(found.faults, f"none or all of the rows are of class {name!r}")
    return found


def _shares(p: Predictions, o: Options, s: Segments) -> Iterator[tuple[Any, Any]]:
    """Of each class: how much it counts (parts,), and which rows (n,) raise that, None where it is fixed."""
    import numpy as np

    width = p.scores.shape[1]
    for label in range(width):
        mine = (p.y == label).astype(float) if o.average == "weighted" else None
        if mine is None:
            yield np.full(s.parts, 1 / width), None
        else:
            yield s.total(mine if p.weights is None else mine * p.weights) / s.weigh(p.weights), mine


def _combined(
    found: Iterator[Influences], shares: Iterator[tuple[Any, Any]], p: Predictions, s: Segments, whole: Any
) -> Influences:
    """The weighted sum of metrics, one in memory at a time; shares that rows raise move it as well."""
    import numpy as np

    n = len(p)
    total = Influences(np.zeros(s.parts), np.zeros(n), np.zeros(n))
    weights = 1.0 if p.weights is None else p.weights
    factor = s.spread(s.sizes / whole)
    for each, (share, rows) in zip(found, shares, strict=True):
        moved = each.influence
        total.faults |= each.faults
        total.values += share * each.values
        total.influence += s.spread(share) * moved
        total.carries += s.spread(share) * each.carries
        if rows is not None:
            total.influence += weights * factor * (rows - s.spread(share)) * s.spread(each.values)
    return total


def _micro(p: Predictions, s: Segments, climb: ranks.Climb) -> Influences:
    """All classes' columns as one: a row's influence is the sum of its columns'."""
    import numpy as np

    n, width = p.scores.shape
    hot = (p.y[:, None] == np.arange(width)).ravel().astype(int)
    weights = None if p.weights is None else np.repeat(p.weights, width)
    flat = Predictions(BINARY, hot, p.scores.ravel(), (0, 1), weights)
    codes = None if s.codes is None else np.repeat(s.codes, width)
    wide = Segments(n * width, codes, s.count)
    found = ranks.over(climb, flat, wide)
    moved, carries = (each.reshape(n, width).sum(axis=1) for each in (found.influence, found.carries))
    return Influences(found.values, moved / width, carries, found.faults)


def _pairs(p: Predictions, o: Options, s: Segments) -> Influences:
    """Hand & Till's mean over pairs of classes, of the rows that are of either, by the score of either."""
    width = p.scores.shape[1]
    pairs = list(combinations(range(width), 2))
    weigh = o.average == "weighted"
    found = (_pair(p, s, a, b) for a, b in pairs)
    shares = (_pair_share(p, s, pair, weigh, len(pairs)) for pair in pairs)
    return _combined(found, shares, p, s, s.weigh(p.weights))


def _pair_share(
    p: Predictions, s: Segments, pair: tuple[int, int], weigh: bool, count: int
) -> tuple[Any, Any]:
    """How much a pair counts: alike, or as often as either is true. Each class is in classes - 1 pairs."""
    import numpy as np

    if not weigh:
        return np.full(s.parts, 1 / count), None
    others = p.scores.shape[1] - 1
    mine = ((p.y == pair[0]) | (p.y == pair[1])) / others
    return s.total(mine if p.weights is None else mine * p.weights) / s.weigh(p.weights), mine


def _pair(p: Predictions, s: Segments, a: int, b: int) -> Influences:
    """The mean of the areas by the score of a and by that of b, on the rows of a and b alone."""
    import numpy as np

    rows = ((p.y == a) | (p.y == b)).nonzero()[0]
    part = p.where(rows)
    within = Segments(len(rows), None if s.codes is None else s.codes[rows], s.count)
    both = [ranks.over(ranks.roc_auc, part, within, label, label) for label in (a, b)]
    influence, carries = np.zeros(len(p)), np.zeros(len(p))
    grown = s.sizes / np.maximum(within.sizes, 1)  # n of the whole, not of the pair
    influence[rows] = sum(e.influence for e in both) / 2 * within.spread(grown)
    carries[rows] = sum(e.carries for e in both) / 2
    return Influences(sum(e.values for e in both) / 2, influence, carries, both[0].faults)
