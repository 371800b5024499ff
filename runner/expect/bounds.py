"""min_value, max_value, strict_min, strict_max: as Great Expectations compares with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.expect.literals import Uncompiled, is_number


@dataclass(frozen=True, slots=True)
class Bounds:
    """None is no bound."""

    low: float | None
    high: float | None
    strict_low: bool
    strict_high: bool

    @classmethod
    def of(cls, kwargs: Mapping[str, Any]) -> Bounds:
        """The bounds of an expectation's arguments; raises Uncompiled unless they are numbers in order."""
        low, high = kwargs.get("min_value"), kwargs.get("max_value")
        if not all(value is None or is_number(value) for value in (low, high)):
            raise Uncompiled("a bound is no number")
        if low is not None and high is not None and low > high:
            raise Uncompiled("min_value is above max_value")
        return cls(low, high, kwargs.get("strict_min") is True, kwargs.get("strict_max") is True)

    def hold(self, value: Any) -> bool:
        above = self.low is None or (value > self.low if self.strict_low else value >= self.low)
        below = self.high is None or (value < self.high if self.strict_high else value <= self.high)
        return bool(above and below)

    def judged(self, value: Any) -> tuple[bool, Mapping[str, Any]]:
        """Success and result of an aggregate; NaN and None are no value, and fail."""
        if value is None or value != value:
            return False, {"observed_value": None}
        return self.hold(value), {"observed_value": value}
