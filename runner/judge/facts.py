"""What is kept of a judged model beside its checks: every cheap metric, latency, versions, plots."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

from runner.judge.calibration import expected_calibration_error
from runner.judge.metrics import metrics_for, value_of
from runner.judge.parts import PARTS
from runner.judge.plots import plots_of
from runner.judge.predictions import BINARY, REGRESSION, CannotCompute, Predictions
from runner.judge.subject import Record
from runner.judge.trial import Trial
from runner.model import Evidence

LIBRARIES = ("numpy", "onnxruntime", "scikit-learn")


def evidence_of(trial: Trial, record: Record) -> Evidence:
    """Plots for people, facts for the manifest: those of the model, then those of each kind of rule."""
    predictions, rule = trial.predictions, trial.criteria.calibration
    bins = rule.bins if rule else 10
    plots = (
        *plots_of(predictions, bins, _champion(trial)),
        *(p for part in PARTS.values() for p in part.plots(trial)),
    )
    facts: dict[str, Any] = {
        "rows": len(predictions),
        "metrics": all_metrics(predictions, bins),
        "versions": {name: version(name) for name in LIBRARIES},
        "record": record.excerpt(),
    }
    if predictions.task == BINARY:
        facts["positives"] = int(predictions.y.sum())
    for part in PARTS.values():
        facts |= part.facts(trial)
    tables = tuple(table for part in PARTS.values() for table in part.tables(trial))
    return Evidence(plots=plots, tables=tables, facts=facts)


def _champion(trial: Trial) -> Predictions | None:
    try:
        return trial.champion
    except CannotCompute:  # the rule that compares with it says so
        return None


def all_metrics(predictions: Predictions, bins: int = 10) -> dict[str, float]:
    """Every metric of the task that these rows define, with and without a rule."""
    computed: dict[str, Callable[[], float]] = {
        name: partial(value_of, name, predictions) for name in metrics_for(predictions.task)
    }
    if predictions.task != REGRESSION:
        computed["expected_calibration_error"] = partial(expected_calibration_error, predictions, bins)
    values = {}
    for name, compute in computed.items():
        try:
            values[name] = compute()
        except CannotCompute:  # a rule that needs it says so
            continue
    return values
