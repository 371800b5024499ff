"""Axes: round ticks over a span of values, and the way from a value to a position."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear axis: `low`..`high` in the data's unit onto `start`..`end` in the drawing's."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    def at(self, value: float) -> float:
        """The position of a value, kept within the axis."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def scale(values: Iterable[float], start: float, end: float, *, zero: bool = False, count: int = 5) -> Scale:
    """An axis over finite values whose ends are round numbers; `zero` takes 0 in, as bars need.

    No value at all gives 0..1."""
    known = list(values)
    if zero or not known:
        known += [0.0] if known else [0.0, 1.0]
    ticks = nice_ticks(min(known), max(known), count)
    return Scale(ticks[0], ticks[-1], start, end, tuple(ticks), tuple(tick_labels(ticks)))


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About `count` + 1 round numbers that cover `low`..`high`; at least two, and ascending."""
    low, high = _apart(low, high)
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in _STEPS if factor * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [index * step for index in range(first, max(last, first + 1) + 1)]


def _apart(low: float, high: float) -> tuple[float, float]:
    """The span, widened where its ends are (nearly) one value."""
    size = max(abs(low), abs(high))
    if high - low > max(size * 1e-9, 1e-200):
        return low, high
    return (low - size * 0.1, high + size * 0.1) if size > 1e-200 else (0.0, 1.0)


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Labels of one axis with the same number of decimals, in powers of ten where they are extreme."""
    size = max(abs(tick) for tick in ticks)
    step = ticks[1] - ticks[0]
    if size >= 1e7 or step < 1e-5:
        return [f"{tick:.3g}".replace("-", "−") for tick in ticks]
    digits = next((d for d in range(7) if abs(step * 10**d - round(step * 10**d)) < 1e-6 * 10**d * step), 6)
    return [f"{tick + 0.0:,.{digits}f}".replace("-", "−") for tick in ticks]
