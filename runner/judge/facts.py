"""What is kept of a judged model beside its checks: every cheap metric, latency, versions, plots."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from runner.adapters.files import write_atomic
from runner.judge.bounds import number
from runner.judge.estimates import around, estimate
from runner.judge.metrics import METRICS, metrics_for
from runner.judge.model_metrics import FILE, model_quality
from runner.judge.options import Options
from runner.judge.paired.interval import spread
from runner.judge.parts import PARTS
from runner.judge.plots import plots_of
from runner.judge.predictions import BINARY, CannotCompute, Predictions
from runner.judge.subject import Record
from runner.judge.trial import Trial
from runner.model import Evidence, Table

LIBRARIES = ("numpy", "onnxruntime", "scikit-learn")


def evidence_of(trial: Trial, record: Record, out: Path) -> Evidence:
    """Plots for people, facts for the manifest: those of the model, then those of each kind of rule; files
    for other tools, written to `out`."""
    predictions, rule = trial.predictions, trial.criteria.calibration
    bins = rule.bins if rule else 10
    champion, told = _champion(trial), all_metrics(predictions, bins)
    plots = (
        *plots_of(predictions, bins, champion),
        *(p for part in PARTS.values() for p in part.plots(trial)),
    )
    facts: dict[str, Any] = {
        "rows": len(predictions),
        **told,
        "versions": {name: version(name) for name in LIBRARIES},
        "record": record.excerpt(),
    }
    if predictions.task == BINARY:
        facts["positives"] = int(predictions.y.sum())
    for part in PARTS.values():
        facts |= part.facts(trial)
    tables = (_metrics(told, champion, bins), *(t for part in PARTS.values() for t in part.tables(trial)))
    return Evidence(plots=plots, tables=tables, facts=facts, files=_files(predictions, out))


def _files(predictions: Predictions, out: Path) -> tuple[str, ...]:
    """SageMaker's statistics of the model's quality; none of a task, or of rows, that give none."""
    try:
        predictions.require_finite()
    except CannotCompute:
        return ()
    told = model_quality(predictions)
    if told is None:
        return ()
    write_atomic(out / FILE, json.dumps(told, sort_keys=True, allow_nan=False).encode())
    return (FILE,)


def _champion(trial: Trial) -> Predictions | None:
    try:
        return trial.champion
    except CannotCompute:  # the rule that compares with it says so
        return None


def _metrics(told: dict[str, dict[str, Any]], champion: Predictions | None, bins: int) -> Table:
    """The candidate's metrics with their intervals; beside the champion's, where there is one."""
    theirs = all_metrics(champion, bins)["metrics"] if champion is not None else {}
    columns = ("metric", "candidate", "95% interval", *(["champion"] if theirs else []))
    rows = []
    for name, value in told["metrics"].items():
        reach = " to ".join(number(end) for end in told["intervals"].get(name, ()))
        other = [number(theirs[name]) if name in theirs else ""] if theirs else []
        rows.append((name, number(value), reach, *other))
    return Table("Metrics", columns, tuple(rows))


def all_metrics(predictions: Predictions, bins: int = 10) -> dict[str, dict[str, Any]]:
    """Every metric of the task that these rows define, with and without a rule: its value, and where rows
    tell them its 95% interval and standard error (of independent rows; clusters are the rules' to know)."""
    values: dict[str, float] = {}
    intervals: dict[str, list[float]] = {}
    errors: dict[str, float] = {}
    for name in metrics_for(predictions.task):
        options = Options(bins=bins) if "bins" in METRICS[name].takes else Options()
        try:
            found = estimate(name, predictions, options)
            values[name] = found.value
            reach = around(found, name, predictions.task, predictions.query)
            intervals[name] = [reach.low, reach.high]
            errors[name] = spread(found.influence, predictions.query).se
        except CannotCompute:  # a rule that needs it says so
            continue
    return {"metrics": values, "intervals": intervals, "standard_errors": errors}
