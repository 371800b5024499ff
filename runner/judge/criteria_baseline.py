"""Rules about what the candidate is compared with: a dummy, or the champion."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from runner.config.fields import Name, RelPath, Strict
from runner.judge.choice import MetricChoice, Number, Positive


class Beat(MetricChoice):
    """By how much, in the metric's unit, the baseline must be beaten."""

    by: Annotated[Number, Field(ge=0)] = 0.0


class Compare(MetricChoice):
    """A paired comparison: a loss as large as `margin`, in the metric's unit, is not tolerated."""

    margin: Positive
    alpha: Annotated[Positive, Field(lt=0.5)] = Field(0.05, description="of one side: 1 - 2 alpha is covered")
    accept: tuple[Literal["better", "equivalent", "non-inferior"], ...] = Field(
        ("better", "equivalent", "non-inferior"), min_length=1, description="the verdicts that pass"
    )
    group: str | None = Field(None, description="a column whose values are clusters of rows (tail_number)")


class Against(Strict):
    """What is asked of the candidate: to beat it by some amount, to stand a paired comparison, or both."""

    must_beat: tuple[Beat, ...] = ()
    compare: tuple[Compare, ...] = ()

    @model_validator(mode="after")
    def _has_a_rule(self) -> Against:
        if not (self.must_beat or self.compare):
            raise ValueError("a baseline is compared with: must_beat, compare, or both")
        return self


class Dummy(Against):
    """scikit-learn's dummies, fitted on the evaluation table itself: the hardest constant to beat."""

    kind: Literal["dummy"]
    strategy: Literal["prior", "most_frequent", "stratified", "mean", "median"]


class Champion(Against):
    """Another model, judged on the same rows: a file (`path`, which may stand in lockgate.yml instead), or
    the one that an environment runs now."""

    kind: Literal["champion"]
    path: RelPath | None = None
    environment: Name | None = Field(None, description="one of lockgate.yml's; what its last release runs")
    first_release: Literal["refuse", "allow"] = Field(
        "refuse", description="where nothing was ever released there, comparisons are ERROR, or skipped"
    )

    @model_validator(mode="after")
    def _is_one(self) -> Champion:
        if self.path and self.environment:
            raise ValueError("a champion is a file or what an environment runs: path or environment")
        if self.first_release == "allow" and not self.environment:
            raise ValueError("only an environment has a first release: first_release needs environment")
        return self
