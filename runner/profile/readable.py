"""Numbers as a person would have chosen them: rounded away from the data, to few digits. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable


def below(value: float, span: float, *, whole: bool) -> float:
    """The next number below with two digits of the span; `whole`: an integer."""
    return _rounded(value, span, math.floor, whole)


def above(value: float, span: float, *, whole: bool) -> float:
    """The same above."""
    return _rounded(value, span, math.ceil, whole)


def share_above(share: float) -> float:
    """A share of two digits, not below: 0.028263 is 0.029."""
    if share <= 0:
        return 0.0
    digits = 1 - math.floor(math.log10(share))
    return min(1.0, round(math.ceil(share * 10.0**digits - 1e-9) / 10.0**digits, digits))


def rest_of(share: float) -> float:
    """1 - share without a float's last digits."""
    return float(round(1 - share, 12))


def _rounded(value: float, span: float, towards: Callable[[float], int], whole: bool) -> float:
    """Steps are powers of ten, so that their multiples have few digits."""
    power = math.floor(math.log10(span)) - 1 if span > 0 else 0
    power = max(power, 0) if whole else power
    step: float = 10.0**power
    found = towards(value / step) * step
    return int(found) if whole or power >= 0 else round(found, -power)
