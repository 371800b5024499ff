"""Normalised discounted cumulative gain (Jarvelin & Kekalainen 2002) of rows that queries put together.

scikit-learn's: the gain is the relevance itself, the discount the binary logarithm of the place plus one,
ties share theirs (McSherry & Najork 2008), a query without any relevant row counts 0. The query is the unit:
its weight is that of its rows, and its influence is laid evenly on them.
"""

from __future__ import annotations

from typing import Any

from runner.judge.measures.segments import Influences, Segments
from runner.judge.measures.sorting import divided, ties_of
from runner.judge.options import Options
from runner.judge.predictions import CannotCompute, Predictions


def ndcg(p: Predictions, o: Options, s: Segments) -> Influences:
    """The mean over queries; of a slice, each query's rows that are in it."""
    import numpy as np

    of, lists = _lists(p, s)
    gained = _gain(divided(p.order(), lists), p.scores, p.y, lists, o.k)
    best = _gain(divided(p.y.argsort(), lists), p.y, p.y, lists, o.k)
    each = np.divide(gained, best, out=np.zeros_like(gained), where=best > 0)
    weights = _weights(p, lists)
    whole = _sum(weights, of, s)
    value = _sum(weights * each, of, s) / whole
    moved = weights * (each - value[of]) * (s.sizes / whole)[of] / lists.sizes
    found = Influences(value, lists.spread(moved), lists.spread(each / lists.sizes))
    alone = _sum((lists.sizes == 1).astype(float), of, s) > 0
    return found.refuse(alone, "a query has one row only, which has no order")


def _lists(p: Predictions, s: Segments) -> tuple[Any, Segments]:
    """The segment (lists,) of each query's rows in each segment, and those as segments themselves."""
    import numpy as np

    if p.query is None:
        raise CannotCompute("no column says which rows are of one query")
    if p.y.min() < 0:
        raise CannotCompute("a relevance is below 0")
    at = s.at if s.codes is not None else 0
    known, codes = np.unique(p.query * s.parts + at, return_inverse=True)
    lists = Segments(len(p), codes, len(known) - 1)  # its last one is the part of no segment's: there is none
    return known % s.parts, lists


def _gain(rows: Any, scores: Any, y: Any, lists: Segments, k: int | None) -> Any:
    """The discounted gain (lists,) of rows by list and rising score: the last of a list is first."""
    import numpy as np

    place = np.repeat(lists.starts + lists.sizes, lists.sizes) - np.arange(len(rows))
    discount = 1 / np.log2(place + 1.0)
    if k is not None:
        discount[place > k] = 0
    ties = ties_of(scores[rows], lists.starts)
    if ties.firsts is not None:
        discount = np.repeat(np.add.reduceat(discount, ties.firsts) / ties.counts, ties.counts)
    return np.add.reduceat(discount * y[rows], lists.starts)


def _weights(p: Predictions, lists: Segments) -> Any:
    """Each query's weight (lists,); raises CannotCompute where its rows have several."""
    import numpy as np

    if p.weights is None:
        return np.ones(lists.parts)
    found = lists.total(p.weights) / lists.sizes
    if not np.allclose(found[lists.at], p.weights, rtol=1e-9, atol=0):
        raise CannotCompute("the rows of a query have different weights")
    return found


def _sum(values: Any, of: Any, s: Segments) -> Any:
    """The sum (parts,) of the lists' values."""
    import numpy as np

    return np.bincount(of, weights=values, minlength=s.parts)
