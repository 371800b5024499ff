"""Metrics of true and predicted classes: functions of the confusion matrix's diagonal and margins.

Each is linear in the matrix but for its denominators, so its derivative by the cell of true class t and
predicted class p is d[t] * (t == p) - u[t] - v[p] (delta method over the cells): three numbers a class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runner.judge.measures.segments import Influences, Segments, scaled
from runner.judge.options import Options
from runner.judge.predictions import BINARY, Predictions


@dataclass(frozen=True, slots=True)
class Confusion:
    """Weights (parts, classes): rightly predicted `hits`, `true`, `said`; `there`: in the truth or said."""

    hits: Any
    true: Any
    said: Any
    there: Any

    @property
    def whole(self) -> Any:
        """The weight of each segment (parts, 1)."""
        return self.true.sum(axis=1, keepdims=True)


@dataclass(frozen=True, slots=True)
class Derived:
    """A value (parts,) and its derivative by the confusion matrix, as d, u and v (parts, classes)."""

    value: Any
    d: Any
    u: Any
    v: Any
    undefined: Any = None
    cause: str = ""


ONE_CLASS = "the rows have one class only"
Derive = Callable[[Confusion, Options, str], Derived]


def of_labels(derive: Derive) -> Callable[[Predictions, Options, Segments], Influences]:
    """A metric of the confusion matrix as one of predictions."""

    def compute(p: Predictions, o: Options, s: Segments) -> Influences:
        import numpy as np

        said = p.labels(0.5 if o.threshold is None else o.threshold)
        width = 2 if p.task == BINARY else p.scores.shape[1]
        found = derive(_confusion(p, said, width, s), o, _average(p, o))
        true = p.y.astype(np.intp, copy=False)
        slope = s.pick(found.d, true) * (true == said) - s.pick(found.u, true) - s.pick(found.v, said)
        moved = scaled(slope, p.weights, s, np.ones(s.parts))
        result = Influences(found.value, moved, said)
        return result if found.undefined is None else result.refuse(found.undefined, found.cause)

    return compute


def _confusion(p: Predictions, said: Any, width: int, s: Segments) -> Confusion:
    import numpy as np

    true = p.y.astype(np.intp, copy=False)
    right = (true == said).astype(float)
    hits = s.tally(true, width, right if p.weights is None else right * p.weights)
    weights = (s.tally(true, width, p.weights), s.tally(said, width, p.weights))
    rows = weights if p.weights is None else (s.tally(true, width), s.tally(said, width))
    return Confusion(hits, *weights, rows[0] + rows[1] > 0)


def _average(p: Predictions, o: Options) -> str:
    return o.average or ("binary" if p.task == BINARY else "macro")


def shares(c: Confusion, average: str) -> Any:
    """How much each class counts (parts, classes): 'binary' the second alone, 'macro' alike, 'weighted' as
    often as it is true; classes that are neither true nor said do not count."""
    import numpy as np

    if average == "weighted":
        return c.true / c.whole
    if average == "macro":
        return c.there / c.there.sum(axis=1, keepdims=True)
    return np.zeros_like(c.true) + (np.arange(c.true.shape[1]) == 1)


def averaged(c: Confusion, average: str, each: Derived, below: Any, cause: str) -> Derived:
    """Classes' values (parts, classes) and slopes combined; undefined where one that counts has none
    `below` the line."""
    import numpy as np

    share = shares(c, average)
    counts = c.there if average in ("macro", "weighted") else share > 0
    undefined = (counts & (below == 0)).any(axis=1)
    weigh = np.where(counts, share, 0.0)
    value = np.where(counts, each.value, 0.0)
    d, u, v = (np.where(counts, weigh * slope, 0.0) for slope in (each.d, each.u, each.v))
    total = (weigh * value).sum(axis=1)
    if average == "weighted":  # the shares move too
        u = u - (value - total[:, None]) / c.whole
    return Derived(total, d, u, v, undefined, cause)


def precision(c: Confusion, o: Options, average: str) -> Derived:
    if average == "micro":
        return hit_rate(c)
    value = c.hits / c.said
    each = Derived(value, 1 / c.said, 0 * value, value / c.said)
    return averaged(c, average, each, c.said, "a class, or the positive one, was never predicted")


def recall(c: Confusion, o: Options, average: str) -> Derived:
    if average == "micro":
        return hit_rate(c)
    value = c.hits / c.true
    each = Derived(value, 1 / c.true, value / c.true, 0 * value)
    return averaged(c, average, each, c.true, "a predicted class, or the positive one, has no rows")


def f1(c: Confusion, o: Options, average: str) -> Derived:
    """2 true positives over true and predicted positives."""
    if average == "micro":
        return hit_rate(c)
    both = c.true + c.said
    value = 2 * c.hits / both
    each = Derived(value, 2 / both, value / both, value / both)
    return averaged(c, average, each, both, "nothing is positive, and nothing was predicted so")


def hit_rate(c: Confusion) -> Derived:
    """What precision, recall and F1 all are where the classes' cells are summed: accuracy."""
    import numpy as np

    value, one = c.hits.sum(axis=1), np.ones_like(c.true) / c.whole
    rate = value / c.whole[:, 0]
    return Derived(rate, one, rate[:, None] * one, 0 * one)


def balanced_accuracy(c: Confusion, o: Options, average: str) -> Derived:
    """The mean of the recalls of the classes that are true of some row."""
    import numpy as np

    counts = c.true > 0
    weigh = counts / counts.sum(axis=1, keepdims=True)
    rate, slope = (np.where(counts, each, 0.0) for each in (c.hits / c.true, weigh / c.true))
    value = (weigh * rate).sum(axis=1)
    return Derived(value, slope, slope * rate, 0 * slope, counts.sum(axis=1) < 2, ONE_CLASS)


def matthews_corrcoef(c: Confusion, o: Options, average: str) -> Derived:
    """Gorodkin's (2004) R_K, of two classes Matthews' correlation; by convention 0 where one class only was
    predicted, whatever the rows weigh, so that none of them has an influence."""
    import numpy as np

    whole, right = c.whole, c.hits.sum(axis=1, keepdims=True)
    above = right * whole - (c.true * c.said).sum(axis=1, keepdims=True)
    x = whole**2 - (c.said**2).sum(axis=1, keepdims=True)
    y = whole**2 - (c.true**2).sum(axis=1, keepdims=True)
    root = np.sqrt(x * y)
    value = above / root
    u = value * (whole - c.true) / y - (right - c.said) / root
    v = value * (whole - c.said) / x + c.true / root
    constant = x * y == 0
    d, u, v = (np.where(constant, 0.0, each) for each in (whole / root + 0 * u, u, v))
    one = (c.true > 0).sum(axis=1) < 2
    return Derived(np.where(constant, 0.0, value)[:, 0], d, u, v, one, ONE_CLASS)
