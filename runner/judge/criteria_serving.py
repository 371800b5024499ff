"""Rules about serving a model: how long it takes, how much memory, how large it is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from runner.config.fields import Strict
from runner.judge.choice import Positive, Whole


class Latency(Strict):
    """Percentiles of one-row predictions, in milliseconds, over `repeats` of them; `max_ratio`: how many
    times the champion's time, both measured in turns."""

    p50_ms: Positive | None = None
    p95_ms: Positive | None = None
    p99_ms: Positive | None = None
    max_ratio: Positive | None = None
    repeats: Annotated[Whole, Field(ge=20, le=100_000)] = 200

    @property
    def bounds(self) -> dict[str, float]:
        """Percentile -> its bound, of those that have one."""
        told = {"p50": self.p50_ms, "p95": self.p95_ms, "p99": self.p99_ms}
        return {name: bound for name, bound in told.items() if bound is not None}

    @model_validator(mode="after")
    def _has_a_rule(self) -> Latency:
        if not self.bounds and self.max_ratio is None:
            raise ValueError("a latency has a bound: p50_ms, p95_ms, p99_ms or max_ratio")
        return self


class Memory(Strict):
    """The peak of what serving takes in memory, in millions of bytes."""

    max_mb: Positive


class Size(Strict):
    """The model file's size, in millions of bytes."""

    max_mb: Positive
