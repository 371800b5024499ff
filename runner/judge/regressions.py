"""Rows that a new model gets wrong though the old one had them right, whatever the averages say.

Negative flips (Yan et al., "Positive-Congruent Training", CVPR 2021): their share of all rows is the negative
flip rate. Of a regression, rows whose absolute error grew by more than an amount.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from runner.judge.criteria_more import Regressions
from runner.judge.paired.verdict import Interval
from runner.judge.predictions import BINARY, MULTICLASS, REGRESSION, CannotCompute, Predictions
from runner.judge.shares import weighted_share


@dataclass(frozen=True, slots=True)
class Flips:
    """`lost` (n,) bool: rows that became wrong; `won` those that became right, by the same rule; `share` of
    the lost ones with its interval; `worst`: positions of lost rows, the largest difference first."""

    lost: Any
    won: Any
    share: Interval
    worst: Any


def flips(candidate: Predictions, champion: Predictions, rule: Regressions) -> Flips:
    """Compare two models row by row; raises CannotCompute where they do not predict the same rows."""
    import numpy as np

    candidate.require_finite()
    champion.require_finite()
    if len(candidate) != len(champion) or (candidate.y != champion.y).any():
        raise CannotCompute("the two models did not predict the same rows")
    lost, won = _changed(candidate, champion, rule)
    size = _distance(candidate, champion)
    rows = np.flatnonzero(lost)
    worst = rows[np.argsort(-size[rows], kind="stable")]
    return Flips(lost, won, weighted_share(lost, candidate.weights, rule.alpha), worst)


def _changed(candidate: Predictions, champion: Predictions, rule: Regressions) -> tuple[Any, Any]:
    if candidate.task in (BINARY, MULTICLASS):
        threshold = 0.5 if rule.threshold is None else rule.threshold
        mine, theirs = (p.labels(threshold) == p.y for p in (candidate, champion))
        return theirs & ~mine, mine & ~theirs
    if candidate.task != REGRESSION or rule.worse_by is None:
        raise CannotCompute(f"what is wrong in a {candidate.task} is not said")
    grown = abs(candidate.scores - candidate.y) - abs(champion.scores - champion.y)
    return grown > rule.worse_by, -grown > rule.worse_by


def _distance(candidate: Predictions, champion: Predictions) -> Any:
    """How far apart the two models are (n,); of classes, the largest difference of a probability."""
    apart = abs(candidate.scores - champion.scores)
    return apart if apart.ndim == 1 else apart.max(axis=1)


def by_value(lost: Any, names: Any, least: int = 1) -> Iterator[tuple[str, int, int]]:
    """(value, rows, lost rows) of each value of a column (n,) of text, the largest share first."""
    import numpy as np

    values, codes = np.unique(names, return_inverse=True)
    rows = np.bincount(codes, minlength=len(values))
    hits = np.bincount(codes, weights=lost, minlength=len(values)).astype(int)
    for at in np.argsort(-hits / rows, kind="stable"):
        if rows[at] >= least:
            yield str(values[at]), int(rows[at]), int(hits[at])
