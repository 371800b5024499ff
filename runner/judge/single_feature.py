"""How well each feature predicts the label on its own: one that does so too well probably knows it.

Two statistics, of which the larger counts. By rank, which sees any rising or falling relation: the area under
the ROC curve (Mann & Whitney 1947), or Spearman's rho squared. By a histogram of the feature, which sees
any other one (a code, a band): the mean label of each bin, learnt on every other row and tried on the
rest, so that many bins gain nothing by chance. Missing values are a bin, by rank the lowest or highest.
"""

from __future__ import annotations

from typing import Any

from runner.judge.predictions import NUMBERS, CannotCompute, Predictions

BINS = 256


def alone(column: Any, predictions: Predictions) -> float:
    """The statistic of a feature (n,) that may be missing (NaN): an area from 0.5 on for classes, of the best
    told one against the rest where there are several; R2 from 0 on for numbers."""
    import numpy as np

    present = ~np.isnan(column)
    ranks, bins = _ranks(column[present])
    codes = np.zeros(len(column), dtype=int)
    codes[present] = bins + 1
    y = predictions.y
    if predictions.task in NUMBERS:
        return max(_spearman(ranks, y[present]), _explained(codes, y))
    classes = max(2, len(predictions.classes))
    found = [_by_rank(ranks, y, present, classes), *(_by_bin(codes, y, classes, half) for half in (0, 1))]
    areas = np.array([found[0], (found[1] + found[2]) / 2])
    told = areas[np.isfinite(areas)]
    return float(told.max(initial=0.5))


def of_every_feature(matrix: Any, names: tuple[str, ...], predictions: Predictions) -> dict[str, float]:
    """Each feature's statistic, the largest first; raises CannotCompute where the label never changes."""
    if len(predictions) < 4 or (predictions.y == predictions.y[0]).all():
        raise CannotCompute("the label never changes")
    found = {name: alone(matrix[:, i], predictions) for i, name in enumerate(names)}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _ranks(values: Any) -> tuple[Any, Any]:
    """Midranks (n,) from 1 on, and bins (n,): the values where they are few, else quantiles."""
    import numpy as np

    distinct, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = counts.cumsum() - (counts - 1) / 2.0
    if len(distinct) <= BINS:
        return middle[inverse], inverse
    return middle[inverse], ((middle - 0.5) / len(values) * BINS).astype(int)[inverse]


def _by_rank(ranks: Any, y: Any, present: Any, classes: int) -> Any:
    """Areas (classes,) of each class against the rest, in the better direction, with missing values below
    and above all others; NaN for a class that no row, or every row, has."""
    import numpy as np

    mine = np.bincount(y[present], minlength=classes).astype(float)
    gone = np.bincount(y[~present], minlength=classes).astype(float)
    sums = np.bincount(y[present], weights=ranks, minlength=classes)
    theirs, theirs_gone = mine.sum() - mine, gone.sum() - gone
    above = sums - mine * (mine + 1) / 2 + gone * theirs_gone / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        pairs = (mine + gone) * (theirs + theirs_gone)
        areas = np.stack([above + gone * theirs, above + mine * theirs_gone]) / pairs
    return np.maximum(areas, 1 - areas).max(axis=0)


def _by_bin(codes: Any, y: Any, classes: int, half: int) -> Any:
    """Areas (classes,) of the classes' rates in each bin, learnt on one half of the rows, on the other."""
    import numpy as np

    width, learnt = int(codes.max()) + 1, np.arange(len(y)) % 2 == half
    seen, tried = (
        np.bincount(codes[rows] * classes + y[rows], minlength=width * classes).reshape(width, classes)
        for rows in (learnt, ~learnt)
    )
    prior = seen.sum(axis=0) / max(1, seen.sum())
    rates = (seen + prior) / (seen.sum(axis=1, keepdims=True) + 1)
    return np.array(
        [_area(rates[:, c], tried[:, c], tried.sum(axis=1) - tried[:, c]) for c in range(classes)]
    )


def _area(scores: Any, positives: Any, negatives: Any) -> float:
    """Of bins with a score each; ties count by half. NaN without either of them."""
    import numpy as np

    if not positives.sum() or not negatives.sum():
        return float("nan")
    _, codes = np.unique(scores, return_inverse=True)
    up, down = (np.bincount(codes, weights=each) for each in (positives, negatives))
    below = down.cumsum() - down
    return float((up * (below + down / 2)).sum() / (up.sum() * down.sum()))


def _spearman(ranks: Any, y: Any) -> float:
    import numpy as np

    theirs, _ = _ranks(y)
    if not len(y) or np.ptp(ranks) == 0 or np.ptp(theirs) == 0:
        return 0.0
    return float(np.corrcoef(ranks, theirs)[0, 1] ** 2)


def _explained(codes: Any, y: Any) -> float:
    """R2 of the bins' means, each half's learnt on the other."""
    import numpy as np

    said = np.empty(len(y))
    for half in (0, 1):
        learnt = np.arange(len(y)) % 2 == half
        count = np.bincount(codes[learnt], minlength=codes.max() + 1)
        total = np.bincount(codes[learnt], weights=y[learnt], minlength=codes.max() + 1)
        said[~learnt] = ((total + y[learnt].mean()) / (count + 1))[codes[~learnt]]
    return max(0.0, 1 - float(((y - said) ** 2).sum() / ((y - y.mean()) ** 2).sum()))
