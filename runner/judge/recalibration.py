"""How stated probabilities would have to be corrected: calibration in the large, slope and intercept.

Cox (Biometrika 1958) regresses what happened on the log-odds of what was stated: logit P = a + b logit p.
A slope b below 1 says that the probabilities are too extreme (overfitting), above 1 too timid; an intercept a
that they are too low (above 0) or too high throughout (Van Calster et al. 2019). Of more than two classes it
is the most probable one's: its probability against whether it was right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runner.judge.paired.interval import bounds, spread
from runner.judge.paired.verdict import Interval
from runner.judge.predictions import BINARY, CannotCompute, Predictions
from runner.judge.shares import weighted_share

# Served probabilities are float32: what reads 1 may be anything closer to 1 than this.
NEAREST = 2.0**-24
STEPS, EXACT, ODDS = 50, 1e-9, 700.0


@dataclass(frozen=True, slots=True)
class Recalibration:
    """`in_the_large`: observed minus stated frequency; `slope` and `intercept` of the logistic fit; each
    with its interval."""

    in_the_large: Interval
    slope: Interval
    intercept: Interval


def stated(predictions: Predictions) -> tuple[Any, Any]:
    """Probabilities (n,) and whether what they are of came true (n,) as 0.0 and 1.0.

    Raises CannotCompute where predictions are not numbers."""
    predictions.require_finite()
    if predictions.task == BINARY:
        return predictions.scores.astype(float), predictions.y.astype(float)
    right = predictions.labels() == predictions.y
    return predictions.scores.max(axis=1).astype(float), right.astype(float)


def in_the_large(predictions: Predictions, alpha: float = 0.05) -> Interval:
    """Observed minus stated frequency over all rows; raises CannotCompute.

    Of what came true always or never the rows do not vary, and the observed share's exact interval holds."""
    p, came = stated(predictions)
    w = _weights(predictions)
    value = float(((came - p) * w).mean())
    if not _came_both_ways(came, w):
        said, share = float((p * w).mean()), weighted_share(came > 0, predictions.weights, alpha)
        return Interval(value, share.low - said, share.high - said)
    return bounds(value, spread((came - p - value) * w), alpha)


def recalibrated(predictions: Predictions, alpha: float = 0.05) -> Recalibration:
    """All three, with intervals of 1 - 2 alpha from the rows' influences (Huber's sandwich, 1967).

    Raises CannotCompute where the fit does not exist: one outcome only, one probability only, or outcomes
    that the probabilities separate."""
    import numpy as np

    p, came = stated(predictions)
    w = _weights(predictions)
    if not _came_both_ways(came, w):
        raise CannotCompute("what was predicted came true always or never")
    kept = np.clip(p, NEAREST, 1 - NEAREST)
    odds = np.log(kept) - np.log1p(-kept)
    if np.ptp(odds[w > 0]) == 0:
        raise CannotCompute("every row has the same probability")
    found, influence = _fit(odds, came, w)
    intercept, slope = (bounds(float(found[i]), spread(influence[i]), alpha) for i in range(2))
    return Recalibration(in_the_large(predictions, alpha), slope, intercept)


def _came_both_ways(came: Any, w: Any) -> bool:
    return 0 < float((came * w).sum()) < float(w.sum())


def _weights(predictions: Predictions) -> Any:
    """Of mean 1."""
    import numpy as np

    if predictions.weights is None:
        return np.ones(len(predictions))
    return predictions.weights / predictions.weights.mean()


def _fit(x: Any, came: Any, w: Any) -> tuple[Any, Any]:
    """Newton's method for a weighted logistic regression on x (n,), begun at an exact calibration: intercept
    and slope (2,), and each row's influence on them (2, n)."""
    import numpy as np

    found = np.array([0.0, 1.0])
    for _ in range(STEPS):
        mean = 1 / (1 + np.exp(-np.clip(found[0] + found[1] * x, -ODDS, ODDS)))
        pull, weight = w * (came - mean), w * mean * (1 - mean)
        tilted = weight * x
        information = np.array([[weight.sum(), tilted.sum()], [tilted.sum(), tilted @ x]])
        if np.linalg.cond(information) > 1 / np.finfo(float).eps:
            break
        inverse = np.linalg.inv(information)
        step = inverse @ np.array([pull.sum(), pull @ x])
        if abs(step).max() < EXACT:
            return found, len(x) * inverse @ np.stack([pull, pull * x])
        found = found + (step if abs(step).max() < 1 else _damped(x, came, w, found, step))
    raise CannotCompute("no finite slope fits: the probabilities separate the outcomes")


def _damped(x: Any, came: Any, w: Any, found: Any, step: Any) -> Any:
    """A long step, halved until the likelihood does not fall: a full one may overshoot."""
    before = _likelihood(found, x, came, w)
    for _ in range(STEPS):
        if _likelihood(found + step, x, came, w) >= before:
            break
        step = step / 2
    return step


def _likelihood(found: Any, x: Any, came: Any, w: Any) -> float:
    import numpy as np

    odds = found[0] + found[1] * x
    return float((w * (came * odds - np.logaddexp(0, odds))).sum())
