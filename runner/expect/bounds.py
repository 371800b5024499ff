"""min_value, max_value, strict_min, strict_max: as Great Expectations compares with them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.expect.columns import MOMENTS, Column
from runner.expect.literals import Uncompiled, is_number
from runner.expect.moments import moment


@dataclass(frozen=True, slots=True)
class Bounds:
    """None is no bound. Numbers are floats, as Great Expectations reads them; moments are texts."""

    low: Any
    high: Any
    strict_low: bool
    strict_high: bool

    @classmethod
    def of(cls, kwargs: Mapping[str, Any], column: Column | None = None) -> Bounds:
        """The bounds of an expectation's arguments, of a column's values where one is given.

        Raises Uncompiled unless they can be compared, and are in order."""
        low, high = (_bound(kwargs.get(name), column) for name in ("min_value", "max_value"))
        if low is not None and high is not None and low > high:
            raise Uncompiled("min_value is above max_value")
        return cls(low, high, kwargs.get("strict_min") is True, kwargs.get("strict_max") is True)

    @classmethod
    def of_count(cls, kwargs: Mapping[str, Any]) -> Bounds:
        """The bounds of a number of something. Of other numbers Great Expectations keeps the whole part."""
        if not all(isinstance(kwargs.get(name), int | None) for name in ("min_value", "max_value")):
            raise Uncompiled("a bound of a count is no whole number")
        return cls.of(kwargs)

    @property
    def none(self) -> bool:
        """Whether there is no bound."""
        return self.low is None and self.high is None

    def hold(self, value: Any) -> bool:
        above = self.low is None or (value > self.low if self.strict_low else value >= self.low)
        below = self.high is None or (value < self.high if self.strict_high else value <= self.high)
        return bool(above and below)

    def judged(self, value: Any) -> tuple[bool, Mapping[str, Any]]:
        """Success and result of an aggregate; NaN and None are no value, and fail."""
        if value is None or value != value:
            return False, {"observed_value": None}
        return self.hold(float(value) if is_number(value) else value), {"observed_value": value}


def _bound(value: Any, column: Column | None) -> Any:
    if value is None:
        return None
    if column is not None and column.kind in MOMENTS:
        return moment(value, column)
    if not is_number(value) or math.isnan(value):
        raise Uncompiled("a bound is no number")
    return float(value)
