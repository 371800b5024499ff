"""Acceptance criteria (YAML) as pydantic models; `runner.judge.reading` reads them from a file.

version: 1
task: binary-classification
metrics: [{metric: roc_auc, min: 0.66}]
baseline: {kind: dummy, strategy: prior, must_beat: [{metric: log_loss, by: 0.01}]}
calibration: {max_error: 0.06, bins: 10}
slices: [{by: origin, metric: roc_auc, min: 0.62, min_rows: 500}]
latency: {p95_ms: 50, repeats: 200}
size: {max_mb: 5}
parity: {max_abs_diff: 1.0e-5}
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from runner.config.fields import RelPath, Strict
from runner.judge.choice import MetricChoice, MetricRule, Number, Positive, Whole
from runner.judge.criteria_more import Calibration
from runner.judge.criteria_slices import SliceRule
from runner.judge.predictions import Task


class Beat(MetricChoice):
    """By how much, in the metric's unit, the baseline must be beaten."""

    by: Annotated[Number, Field(ge=0)] = 0.0


class Dummy(Strict):
    """scikit-learn's dummies, fitted on the evaluation table itself: the hardest constant to beat."""

    kind: Literal["dummy"]
    strategy: Literal["prior", "most_frequent", "stratified", "mean", "median"]
    must_beat: tuple[Beat, ...] = Field(min_length=1)


class Compare(MetricChoice):
    """A paired comparison: a loss as large as `margin`, in the metric's unit, is not tolerated."""

    margin: Positive
    alpha: Annotated[Positive, Field(lt=0.5)] = Field(0.05, description="of one side: 1 - 2 alpha is covered")
    accept: tuple[Literal["better", "equivalent", "non-inferior"], ...] = Field(
        ("better", "equivalent", "non-inferior"), min_length=1, description="the verdicts that pass"
    )
    group: str | None = Field(None, description="a column whose values are clusters of rows (tail_number)")


class Champion(Strict):
    """Another ONNX model, scored on the same rows; `path` may stand in lockgate.yml instead."""

    kind: Literal["champion"]
    path: RelPath | None = None
    must_beat: tuple[Beat, ...] = ()
    compare: tuple[Compare, ...] = ()

    @model_validator(mode="after")
    def _has_a_rule(self) -> Champion:
        if not (self.must_beat or self.compare):
            raise ValueError("a champion is compared with: must_beat, compare, or both")
        return self


class Latency(Strict):
    """95th percentile of one-row predictions, in milliseconds, over `repeats` of them."""

    p95_ms: Positive
    repeats: Annotated[Whole, Field(ge=20, le=100_000)] = 200


class Size(Strict):
    """The model file's size, in millions of bytes."""

    max_mb: Positive


class Parity(Strict):
    """The largest difference between the ONNX model's and the scikit-learn model's predictions."""

    max_abs_diff: Annotated[Number, Field(ge=0)] = 1e-5


class Criteria(Strict):
    """The whole file. Every rule but `version` and `task` is optional; one at least must be there."""

    version: Literal[1]
    task: Task
    classes: tuple[str | int, ...] = Field(
        (), description="multiclass: the labels in the order of the model's columns; sorted where not given"
    )
    metrics: tuple[MetricRule, ...] = ()
    baseline: Annotated[Dummy | Champion, Field(discriminator="kind")] | None = None
    calibration: Calibration | None = None
    slices: tuple[SliceRule, ...] = ()
    latency: Latency | None = None
    size: Size | None = None
    parity: Parity | None = None
