"""What an interval says of a candidate, in the words of non-inferiority trials. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LEAST = 10  # rows that carry a difference; fewer are no evidence


class Standing(StrEnum):
    """How a candidate stands to a champion; each is decided before the next."""

    BETTER = "better"
    EQUIVALENT = "equivalent"
    NON_INFERIOR = "non-inferior"
    WORSE = "worse"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference, candidate minus champion, such that higher is better, and its two-sided interval."""

    value: float
    low: float
    high: float


def standing(difference: Interval, margin: float, carrying: int) -> Standing:
    """The verdict for a margin > 0; `carrying`: rows on which the two models differ at all.

    Raises ValueError for a margin that is none."""
    if not 0 < margin < float("inf"):
        raise ValueError(f"a margin is above 0 and finite, not {margin}")
    low, high = difference.low, difference.high
    if carrying < LEAST or not low <= high:  # NaN is no interval
        return Standing.INCONCLUSIVE
    if low > 0:
        return Standing.BETTER
    if -margin < low and high < margin:
        return Standing.EQUIVALENT
    if low > -margin:
        return Standing.NON_INFERIOR
    return Standing.WORSE if high < 0 else Standing.INCONCLUSIVE
