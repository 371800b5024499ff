"""Metrics that are means of rows, or smooth functions of such means (delta method)."""

from __future__ import annotations

from typing import Any

from runner.judge.measures.segments import Influences, Segments, mean
from runner.judge.options import Options
from runner.judge.predictions import BINARY, Predictions

EPSILON = 2.220446049250313e-16  # of float64: the smallest |y| that scikit-learn divides a percentage by


def log_loss(p: Predictions, o: Options, s: Segments) -> Influences:
    """Minus the logarithm of the probability of what came true, clipped to the scores' own epsilon."""
    import numpy as np

    epsilon = np.finfo(p.scores.dtype).eps if p.scores.dtype.kind == "f" else EPSILON
    said = _of_truth(p)
    return mean(-np.log(np.clip(said, epsilon, 1 - epsilon)).astype(float, copy=False), p.weights, s)


def _of_truth(p: Predictions) -> Any:
    """The probability (n,) that each row's own class was given."""
    import numpy as np

    if p.task == BINARY:
        return np.where(p.y.astype(bool, copy=False), p.scores, 1 - p.scores)
    return np.take_along_axis(p.scores, p.y[:, None], axis=1)[:, 0]


def brier_score_loss(p: Predictions, o: Options, s: Segments) -> Influences:
    """The squared error of the probabilities; of several classes the sum over them (Brier 1950)."""
    if p.task == BINARY:
        return mean((p.scores.astype(float, copy=False) - p.y) ** 2, p.weights, s)
    scores = p.scores.astype(float, copy=False)
    # sum of (score - hot)**2, without the matrix of hot
    return mean((scores**2).sum(axis=1) - 2 * _of_truth(p).astype(float) + 1, p.weights, s)


def mean_absolute_error(p: Predictions, o: Options, s: Segments) -> Influences:
    return mean(abs(_residuals(p)), p.weights, s)


def mean_squared_error(p: Predictions, o: Options, s: Segments) -> Influences:
    return mean(_residuals(p) ** 2, p.weights, s)


def root_mean_squared_error(p: Predictions, o: Options, s: Segments) -> Influences:
    """The root of the mean squared error; of an error of 0 the influence is 0 as well."""
    import numpy as np

    found = mean_squared_error(p, o, s)
    root = np.sqrt(found.values)
    slope = np.divide(0.5, root, out=np.zeros_like(root), where=root > 0)
    return Influences(root, found.influence * s.spread(slope), found.carries)


def mean_absolute_percentage_error(p: Predictions, o: Options, s: Segments) -> Influences:
    import numpy as np

    return mean(abs(_residuals(p)) / np.maximum(abs(p.y), EPSILON), p.weights, s)


def mean_pinball_loss(p: Predictions, o: Options, s: Segments) -> Influences:
    """The quantile loss (Koenker & Bassett 1978) at `quantile`, which scikit-learn calls alpha."""
    import numpy as np

    level, over = 0.5 if o.quantile is None else o.quantile, p.y - p.scores.astype(float, copy=False)
    return mean(np.maximum(level * over, (level - 1) * over), p.weights, s)


def r2(p: Predictions, o: Options, s: Segments) -> Influences:
    """1 less the squared error's share of the label's variance; none where the label never changes."""
    square = mean_squared_error(p, o, s)
    label = mean(p.y.astype(float, copy=False), p.weights, s)
    spread = mean((p.y - s.spread(label.values)) ** 2, p.weights, s)
    share = square.values / spread.values
    moved = square.influence - s.spread(share) * spread.influence
    found = Influences(1 - share, -moved / s.spread(spread.values), square.carries)
    return found.refuse((s.sizes < 2) | (spread.values == 0), "the label never changes")


def accuracy(p: Predictions, o: Options, s: Segments) -> Influences:
    labels = p.labels(0.5 if o.threshold is None else o.threshold)
    found = mean((labels == p.y).astype(float), p.weights, s)
    found.carries = labels
    return found


def _residuals(p: Predictions) -> Any:
    return p.y - p.scores.astype(float, copy=False)
