"""numpy's percentiles from a few order statistics, for who has no array of all values. Pure.

numpy.org/doc/stable/reference/generated/numpy.percentile.html: after Hyndman and Fan, Sample quantiles in
statistical packages, The American Statistician 50 (1996), their seventh, and four that are one of its
neighbours or their middle. SQL's percentile_disc and percentile_cont are other definitions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from runner.expect.asks import MEDIAN

# Quantiles that are one of the values -> which; halves go to the even one, as numpy rounds.
WHOLE: Mapping[str, Callable[[float], int]] = {"lower": math.floor, "higher": math.ceil, "nearest": round}


def place(probability: float, rows: int) -> float:
    """Where among the order statistics, counted from 0, a quantile lies; with numpy's own rounding."""
    return (rows - 1) * (probability * 100 / 100)


def neighbours(at: float, rows: int) -> tuple[int, int]:
    """The two order statistics that it lies between; at the end, twice the last."""
    low = math.floor(at)
    return low, min(low + 1, rows - 1)


def between(ordered: Mapping[int, Any], at: float, rows: int, method: str) -> Any:
    """A quantile from the order statistics that it lies between."""
    import numpy as np

    if method in WHOLE:
        return ordered[WHOLE[method](at)]
    low, high = neighbours(at, rows)
    pair = np.asarray([ordered[low], ordered[high]], dtype=float if method != "midpoint" else None)
    if method == MEDIAN:  # of two infinities alike, the middle is no difference
        return float(np.median(pair if at > low else pair[:1]))
    return np.quantile(pair, at - low, method=method).item()  # type: ignore[call-overload]
