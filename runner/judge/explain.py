"""Permutation importance: how much worse a model gets when a feature's values change places among the rows.

Breiman (Machine Learning 2001), model-agnostic as Fisher, Rudin and Dominici (JMLR 2019); features that stand
in for each other are permuted together (Gregorutti, Michel and Saint-Pierre, 2015). The interval is about the
rows: each permutation is a paired comparison of the model with itself. The mean of their intervals is no
narrower than the interval of their mean: permutations of the same rows are at most perfectly correlated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from runner.judge.options import Options
from runner.judge.paired.compare import Paired, compare
from runner.judge.paired.verdict import Interval
from runner.judge.predictions import CannotCompute, Predictions

Score = Callable[[Any], Any]
Columns = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Importance:
    """Of one feature or group. `drop`: how much the metric loses, in its unit, with the interval of the rows,
    whose standard error is `se`; `spread`: the standard deviation over the permutations; `moves`: how far an
    answer moves on average."""

    drop: Interval
    se: float
    spread: float
    moves: float


@dataclass(frozen=True, slots=True)
class Shuffling:
    """How features are permuted: the same permutations for every model that is asked."""

    metric: str
    permutations: int
    seed: int
    alpha: float
    deadline: float

    def order(self, position: int, turn: int, rows: int) -> Any:
        import numpy as np

        return np.random.default_rng((self.seed, position, turn)).permutation(rows)


def importances(
    score: Score, matrix: Any, predictions: Predictions, columns: Columns, how: Shuffling
) -> dict[str, Importance]:
    """Each name's importance; `score` gives a matrix's scores, `predictions` are those of `matrix` (n, p).

    Raises CannotCompute where the metric has no value, or the deadline (monotonic seconds) has passed."""
    found: dict[str, Importance] = {}
    for position, (name, places) in enumerate(columns.items()):
        if time.monotonic() > how.deadline:
            raise CannotCompute(f"{len(found)} of {len(columns)} features are done when its time is over")
        orders = (how.order(position, turn, len(matrix)) for turn in range(how.permutations))
        found[name] = _importance(
            [_shuffled(score, matrix, predictions, places, order, how) for order in orders]
        )
    return found


def _shuffled(
    score: Score, matrix: Any, before: Predictions, places: tuple[int, ...], order: Any, how: Shuffling
) -> tuple[Paired, float]:
    """The model against itself with some columns permuted, and how far its answers moved on average."""
    changed = matrix.copy()
    changed[:, list(places)] = matrix[order][:, list(places)]
    after = replace(before, scores=score(changed))
    moved = float(abs(after.scores - before.scores).mean())
    return compare(how.metric, before, after, alpha=how.alpha, options=Options()), moved


def _importance(turns: list[tuple[Paired, float]]) -> Importance:
    import numpy as np

    drops = np.array([(p.difference.value, p.difference.low, p.difference.high) for p, _ in turns])
    value, low, high = (float(each) for each in drops.mean(axis=0))
    se = float(np.mean([p.se for p, _ in turns]))
    spread = float(drops[:, 0].std(ddof=1)) if len(turns) > 1 else 0.0
    return Importance(Interval(value, low, high), se, spread, float(np.mean([moved for _, moved in turns])))


def moved(mine: Mapping[str, Importance], theirs: Mapping[str, Importance], alpha: float) -> Interval:
    """Which share of the importance one model gives to other features than the other does: half the sum of
    the differences of shares (total variation), at least and at most by simultaneous bounds (Bonferroni).

    The models' errors are added as if they were independent, which for one and the same rows is cautious."""
    from scipy.stats import norm

    shares, errors = zip(_shares(mine), _shares(theirs), strict=True)
    apart = abs(shares[0] - shares[1])
    reach = float(norm.ppf(1 - alpha / len(apart))) * (errors[0] ** 2 + errors[1] ** 2) ** 0.5
    least = float((apart - reach).clip(0).sum()) / 2
    return Interval(float(apart.sum()) / 2, least, min(1.0, float((apart + reach).sum()) / 2))


def _shares(found: Mapping[str, Importance]) -> tuple[Any, Any]:
    """Each feature's share of the importance, and its standard error; what is below none counts as none."""
    import numpy as np

    drops = np.array([each.drop.value for each in found.values()]).clip(0)
    if not drops.sum() > 0:
        raise CannotCompute("no feature matters")
    return drops / drops.sum(), np.array([each.se for each in found.values()]) / drops.sum()


def ranks(found: Mapping[str, Importance]) -> dict[str, int]:
    """1 for the most important."""
    order = sorted(found, key=lambda name: -found[name].drop.value)
    return {name: place for place, name in enumerate(order, 1)}
