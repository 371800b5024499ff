"""How long one prediction takes: in this process on one thread, or through the container that serves it.

Two models are timed in turns on the same rows, and it is their ratio's median that is judged: what slows
the machine down slows down both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runner.judge.onnx_model import Scorer
from runner.judge.predictions import CannotCompute

PERCENTILES = (50, 95, 99)
WARM_UP = 20
COVERED = 0.95


def times(model: Scorer, matrix: Any, repeats: int) -> Any:
    """Milliseconds (repeats,) of predictions of one row each, rows in turn, after a warm-up.

    Raises CannotCompute where the model takes no single row, or there are none."""
    import numpy as np

    one = _warm(model, matrix)
    return np.asarray([one(number) for number in range(repeats)])


def percentiles(taken: Any) -> dict[str, float]:
    """p50, p95 and p99 of milliseconds (n,)."""
    import numpy as np

    return {f"p{p}": float(np.percentile(taken, p)) for p in PERCENTILES}


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times the champion's time a prediction takes: the median over `pairs`, and the interval
    [low, high] that covers it with 95%."""

    median: float
    low: float
    high: float
    pairs: int

    def __str__(self) -> str:
        return (
            f"{self.median:.3g} [{self.low:.3g}, {self.high:.3g}] times the champion's, {self.pairs:,} pairs"
        )


def ratio(candidate: Scorer, champion: Scorer, matrix: Any, repeats: int) -> Ratio:
    """Time both on the same rows in turns, each first in every other one.

    Raises CannotCompute where one of them takes no single row, or they are asked in different ways."""
    import numpy as np

    if type(candidate) is not type(champion):
        raise CannotCompute("the two models are not asked in the same way, so their times do not compare")
    mine, theirs = (_warm(model, matrix) for model in (candidate, champion))
    taken = np.empty((repeats, 2))
    for number in range(repeats):
        for which in (0, 1) if number % 2 else (1, 0):
            taken[number, which] = (mine, theirs)[which](number)
    return median_of(taken[:, 0] / taken[:, 1])


def median_of(ratios: Any) -> Ratio:
    """The median of ratios (n,) and its interval from order statistics, which assumes no distribution
    (Conover 1999, Practical Nonparametric Statistics, section 3.2). Raises CannotCompute for too few."""
    import numpy as np
    from scipy.stats import binom

    ordered, count = np.sort(ratios), len(ratios)
    below = int(binom.ppf((1 - COVERED) / 2, count, 0.5))
    if below < 1 or not np.isfinite(ordered).all():
        raise CannotCompute(f"{count} pairs of times give no interval")
    return Ratio(float(np.median(ordered)), float(ordered[below - 1]), float(ordered[count - below]), count)


def _warm(model: Scorer, matrix: Any) -> Callable[[int], float]:
    if not len(matrix):
        raise CannotCompute("there are no rows")
    one = model.timed(matrix)
    for number in range(WARM_UP):
        one(number)
    return one
