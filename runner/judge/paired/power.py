"""How often a paired comparison tells what there is to tell, and what that asks of the rows.

Two questions. Does a model that is no worse pass: does its interval stay above -margin? Is a loss told: does
the interval stay below 0? Each is a one-sided test at level alpha.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from runner.judge.paired.interval import Spread, statistic
from runner.judge.paired.verdict import LEAST

MOST = 10**10  # rows: who needs more needs another metric
COUNTED = 2**31 - 1  # rows: of more, scipy's binomial tail is NaN
SMALLEST, LARGEST = 1e-9, 1e15  # losses in the unit of any metric


class Design(Protocol):
    """What is known of a comparison before its rows are there."""

    @property
    def most(self) -> float:
        """More than this cannot be lost, in the metric's unit."""

    def passes(self, rows: int, margin: float, alpha: float, loss: float = 0.0) -> float:
        """How often a model that is worse by `loss` (0: equal) is found to lose less than the margin."""

    def tells(self, rows: int, loss: float, alpha: float) -> float:
        """How often a model that is worse by `loss` is found to be worse."""


@dataclass(frozen=True, slots=True)
class Smooth:
    """A metric whose difference is a mean of influences, which vary by `deviation` (of one row).

    Their `kurtosis` takes from the degrees of freedom (see interval.from_powers); `carrying` is the share of
    rows on which the models differ. The difference is taken as normal around the truth."""

    deviation: float
    kurtosis: float = 3.0
    carrying: float = 1.0
    most: float = math.inf

    def passes(self, rows: int, margin: float, alpha: float, loss: float = 0.0) -> float:
        return self._power(rows, margin - loss, alpha)

    def tells(self, rows: int, loss: float, alpha: float) -> float:
        return self._power(rows, loss, alpha)

    def _power(self, rows: int, gap: float, alpha: float) -> float:
        from scipy.special import betainc, ndtr, stdtrit

        if rows < LEAST:
            return 0.0
        df = min(max(2 * rows / max(self.kurtosis - 1, 1e-9), 1.0), rows - 1.0)
        if not self.deviation:
            return float(gap > 0)
        reached = gap * math.sqrt(rows) / self.deviation - float(stdtrit(df, 1 - alpha))
        return float(ndtr(reached) * betainc(LEAST, rows - LEAST + 1, self.carrying))


@dataclass(frozen=True, slots=True)
class Discordant:
    """Accuracy: the share of rows on which one model is right and the other wrong.

    Exact for Tango's interval: how many rows differ, and how many of them are won, are enumerated."""

    disagreement: float

    @property
    def most(self) -> float:
        return self.disagreement

    def passes(self, rows: int, margin: float, alpha: float, loss: float = 0.0) -> float:
        return self._power(rows, -margin, alpha, -loss)

    def tells(self, rows: int, loss: float, alpha: float) -> float:
        """As often as a gain of the same size is found to be one."""
        return self._power(rows, 0.0, alpha, loss)

    def _power(self, rows: int, assumed: float, alpha: float, difference: float) -> float:
        """The chance that the score statistic of a true difference exceeds its quantile under the assumed."""
        import numpy as np
        from scipy.special import ndtri

        if abs(difference) > self.disagreement or rows < LEAST:
            return 0.0
        differ, chance = _likely(rows, self.disagreement)
        least = _least_won(differ, rows, assumed, float(ndtri(1 - alpha)))
        won = (1 + difference / self.disagreement) / 2
        above = np.where(least > 0, _won(np.maximum(least, 1), differ, won), 1.0)
        return float((chance * np.where(least > differ, 0.0, above)).sum())


def seen(spread: Spread, rows: int, carrying: int, labels: bool) -> Design:
    """The design of what was seen on these rows; `labels`: it is an accuracy whose interval is Tango's.

    Where the error's degrees of freedom are what bounds `carrying`, Student's t has them in it already, and
    heavy tails, of which fewer rows show less, would count twice."""
    if labels:
        return Discordant(carrying / rows)
    kurtosis = 1 + 2 * rows / spread.df
    share = 1.0 if carrying > spread.df else carrying / rows
    return Smooth(spread.se * math.sqrt(rows), kurtosis, share)


def _likely(rows: int, share: float) -> tuple[Any, Any]:
    """The counts of rows that differ which are enough to carry a difference and not impossible (8 standard
    deviations off), and the chance of each."""
    import numpy as np
    from scipy.special import gammaln, xlog1py, xlogy

    middle, reach = rows * share, 8 * math.sqrt(rows * share * (1 - share)) + 8
    count = np.arange(max(LEAST, int(middle - reach)), min(rows, int(middle + reach)) + 1)
    ways = gammaln(rows + 1) - gammaln(count + 1) - gammaln(rows - count + 1)
    return count, np.exp(ways + xlogy(count, share) + xlog1py(rows - count, -share))


def _won(least: Any, differ: Any, chance: float) -> Any:
    """How often at least so many of each count of rows are won; of more than COUNTED by the normal."""
    import numpy as np
    from scipy.special import bdtrc, ndtr

    deviation = np.sqrt(np.maximum(differ * chance * (1 - chance), 1e-300))
    many = ndtr((differ * chance - least + 0.5) / deviation)
    return np.where(differ > COUNTED, many, bdtrc(least - 1.0, np.minimum(differ, COUNTED), chance))


def _least_won(differ: Any, rows: int, assumed: float, quantile: float) -> Any:
    """Of each count of rows that differ: how many must be won; one more than there are where none suffice."""
    import numpy as np

    low, high = np.full(len(differ), -1), differ + 1
    while (high - low > 1).any():
        middle = (low + high) // 2
        enough = statistic(middle, differ - middle, rows, assumed) > quantile
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def rows_for(wanted: float, power: Callable[[int], float]) -> int | None:
    """The fewest rows from which on the power is at least `wanted`, to one in a thousand; None where no
    number of rows is enough."""
    high = LEAST
    while power(high) < wanted:
        if high == MOST:
            return None
        high = min(2 * high, MOST)
    low = high // 2
    while high - low > max(1, high // 1000):
        middle = (low + high) // 2
        low, high = (middle, high) if power(middle) < wanted else (low, middle)
    return high


def least_gap(wanted: float, power: Callable[[float], float], most: float) -> float | None:
    """The smallest loss (or margin) up to `most` that has the wanted power; None where none has."""
    low, high = 0.0, min(SMALLEST, most)
    while power(high) < wanted:
        if high >= min(most, LARGEST):
            return None
        low, high = high, min(2 * high, most)
    while high - low > 1e-4 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if power(middle) < wanted else (low, middle)
    return high
