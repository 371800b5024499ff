"""Acceptance criteria (YAML) as pydantic models; `runner.judge.reading` reads them from a file.

version: 1
task: binary-classification
metrics: [{metric: roc_auc, min: 0.66}]
baseline: {kind: dummy, strategy: prior, must_beat: [{metric: log_loss, by: 0.01}]}
calibration: {max_error: 0.06, bins: 10}
slices: [{by: origin, metric: roc_auc, min: 0.62, min_rows: 500}]
latency: {p95_ms: 50, repeats: 200}
memory: {max_mb: 200}
size: {max_mb: 5}
parity: {max_abs_diff: 1.0e-5}
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from runner.config.fields import Strict
from runner.judge.choice import MetricRule, Number
from runner.judge.criteria_baseline import Beat as Beat
from runner.judge.criteria_baseline import Champion as Champion
from runner.judge.criteria_baseline import Compare as Compare
from runner.judge.criteria_baseline import Dummy as Dummy
from runner.judge.criteria_explain import Explain
from runner.judge.criteria_more import (
    Behaviour,
    Calibration,
    ClassesPredicted,
    Leakage,
    Regressions,
    Robustness,
)
from runner.judge.criteria_serving import Latency, Memory, Size
from runner.judge.criteria_slices import FairnessRule, SliceRule
from runner.judge.predictions import Task


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
    fairness: tuple[FairnessRule, ...] = ()
    latency: Latency | None = None
    memory: Memory | None = None
    size: Size | None = None
    parity: Parity | None = None
    explain: Explain | None = None
    regressions: Regressions | None = None
    behaviour: tuple[Behaviour, ...] = ()
    robustness: Robustness | None = None
    leakage: Leakage | None = None
    classes_predicted: ClassesPredicted | None = None
