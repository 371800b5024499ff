"""What an interval says of a candidate, in the words of non-inferiority trials. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LEAST = 10  # rows that carry a difference; fewer are no evidence
DIGITS = range(4, 13)  # decimals that a difference is printed with


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
    """The verdict for a margin > 0; `carrying`: rows or clusters that carry the difference.

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


def too_few(carrying: int) -> str:
    """Why there is no verdict."""
    return f"{carrying} rows or clusters carry the difference: fewer than {LEAST} are no evidence"


def words_of(difference: Interval, *limits: float) -> str:
    """'+0.0020 [-0.0010, +0.0050]', with as many decimals as its width needs for two digits, and as tell its
    ends from the limits of a verdict: what is printed never contradicts it."""
    value, low, high = difference.value, difference.low, difference.high
    for digits in DIGITS:
        wide = high - low >= 10 ** (1 - digits) or low == high
        if wide and all(_same_side(end, limit, digits) for end in (low, high) for limit in limits):
            break
    return f"{value:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"


def _same_side(end: float, limit: float, digits: int) -> bool:
    told = round(end, digits)
    return (told < limit, told > limit) == (end < limit, end > limit)
