"""The ML-BOM of a model (pure): a CycloneDX component `machine-learning-model` with its model card.

Nothing is invented: a metric has a confidence interval where the model stage computed one, and there are
no metrics where the model was not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.evidence.bom import Json, document, main_component, properties, sha256, text
from runner.evidence.left import Left
from runner.manifest.schema import Component
from runner.model import Judged, StageReport, Status
from runner.text import one_line, unique_line

DIGEST = re.compile(r"[0-9a-f]{64}")
NUMBER = r"-?\d{1,20}(?:\.\d{1,20})?(?:e[+-]?\d{1,3})?"
MEASURED = re.compile(rf"({NUMBER})(?: \[({NUMBER}), ({NUMBER})\])?(?= on | against |$)", re.ASCII)
FACTS = (
    "format", "opened", "opset", "ir_version", "producer", "operators", "inputs", "outputs",
    "skops_version", "types", "trusted_types", "record_sha256",
)  # fmt: skip
# Parts of a training record that stand elsewhere in the card.
ELSEWHERE = ("data_sha256", "features", "considerations", "estimator", "model_sha256")
OUTPUTS = {
    "binary-classification": "probability of {}",
    "multiclass-classification": "probability of each class of {}",
    "regression": "{}",
}
CONSIDERATIONS = ("users", "useCases", "technicalLimitations", "performanceTradeoffs")
MAX_PROPERTIES, MAX_ITEMS, MAX_DEPTH = 300, 500, 4


def model_bom(name: str, component: Component, left: Left, lockgate: str) -> Json:
    """The ML-BOM of a model component, with what the stage that judged it found."""
    training = component.facts.get("record")
    training = training if isinstance(training, Mapping) else {}
    report = _judgement(name, left)
    datasets = {**_training_data(training), **_evaluation_data(report)}
    main = main_component(name, component, "machine-learning-model")
    main["modelCard"] = _card(report, training, sorted(datasets))
    main["properties"] = _properties(component, training)
    parts = [datasets[ref] for ref in sorted(datasets)]
    return document(main, parts, aggregate="unknown", lockgate=lockgate)


def _judgement(name: str, left: Left) -> StageReport | None:
    """What the first stage reported whose candidate the model is."""
    for _, report in sorted(left.reports.items()):
        if any(judged.facts.get("candidate") == name for judged in _judged(report, "criteria")):
            return report
    return None


def _card(report: StageReport | None, training: Mapping[str, Any], datasets: list[str]) -> Json:
    card = {
        "modelParameters": _parameters(report, training, datasets),
        "quantitativeAnalysis": _analysis(report),
        "considerations": _considerations(report, training),
    }
    return {name: part for name, part in card.items() if part}


def _parameters(report: StageReport | None, training: Mapping[str, Any], datasets: list[str]) -> Json:
    task = _task(report)
    found: Json = {
        "task": task,
        "modelArchitecture": one_line(text(training.get("estimator"))),
        "datasets": [{"ref": ref} for ref in datasets],
    }
    for table in _judged(report, "data")[:1]:
        features, label = table.facts.get("features"), table.facts.get("label")
        if isinstance(features, list | tuple):
            told = f"{len(features)} numbers: {', '.join(map(str, features))}"
            found["inputs"] = [{"format": one_line(told, 4_000)}]
        if task in OUTPUTS and isinstance(label, str):
            found["outputs"] = [{"format": one_line(OUTPUTS[task].format(label))}]
    return {name: value for name, value in found.items() if value}


def _task(report: StageReport | None) -> str:
    told = (judged.facts.get("task") for judged in _judged(report, "criteria"))
    return next((task for task in told if isinstance(task, str)), "")


def _analysis(report: StageReport | None) -> Json:
    if report is None:
        return {}
    metrics = [*_metrics(report.evidence.facts), *_slices(report)]
    return {"performanceMetrics": metrics[:MAX_ITEMS]} if metrics else {}


def _metrics(facts: Mapping[str, Any]) -> Iterator[Json]:
    """`metrics`: name -> value; `intervals`: name -> (lower, upper), where they were computed."""
    metrics, intervals = facts.get("metrics"), facts.get("intervals")
    for name, value in sorted(metrics.items()) if isinstance(metrics, Mapping) else ():
        if isinstance(value, int | float):
            bounds = intervals.get(name) if isinstance(intervals, Mapping) else None
            yield {"type": one_line(name), "value": text(value), **_interval(bounds)}


def _interval(bounds: Any) -> Json:
    numbers = isinstance(bounds, Sequence) and all(isinstance(bound, int | float) for bound in bounds)
    if not numbers or len(bounds) != 2:
        return {}
    return {"confidenceInterval": {"lowerBound": text(bounds[0]), "upperBound": text(bounds[1])}}


def _slices(report: StageReport) -> Iterator[Json]:
    """The metric of each group of rows, as it was judged (four digits)."""
    for name, metric, check in _slice_checks(report):
        if check.measured and check.status in (Status.PASSED, Status.FAILED):
            yield {"type": metric, "slice": name, **_measured(check.measured)}


def _measured(words: str) -> Json:
    """Of "0.665 [0.655, 0.675] on 9,000 rows", or "0.665 against 0.66, ...", the value, and its interval
    where it is the value's own; any other words as they are."""
    found = MEASURED.match(words)
    if not found:
        return {"value": one_line(words)}
    value, low, high = found.groups()
    bounds = {"confidenceInterval": {"lowerBound": low, "upperBound": high}} if low else {}
    return {"value": value, **bounds}


def _slice_checks(report: StageReport) -> Iterator[tuple[str, str, Any]]:
    """(COLUMN=VALUE, metric, check) of each check `slices/COLUMN=VALUE/METRIC`, or of an expression's name;
    not of a rule's own, which says how many slices were judged."""
    for check in report.checks:
        name, _, metric = check.id.removeprefix("slices/").rpartition("/")
        is_slice = "slices judged" not in check.measured and ("=" in name or bool(check.limit))
        if check.id.startswith("slices/") and is_slice:
            yield one_line(name), one_line(metric), check


def _considerations(report: StageReport | None, training: Mapping[str, Any]) -> Json:
    """What the training record says of users, uses and limits, and which slices nobody has judged."""
    told = training.get("considerations")
    found = {name: _lines(told.get(name)) for name in CONSIDERATIONS} if isinstance(told, Mapping) else {}
    unjudged = [
        one_line(f"{metric} of {name} was not judged: {check.cause}")
        for name, metric, check in (_slice_checks(report) if report else ())
        if check.status is Status.SKIPPED
    ]
    found["technicalLimitations"] = [*found.get("technicalLimitations", []), *unjudged][:MAX_ITEMS]
    return {name: lines for name, lines in found.items() if lines}


def _lines(value: Any) -> list[str]:
    items = value if isinstance(value, list | tuple) else [value]
    return [one_line(item, 1_000) for item in items if isinstance(item, str)][:MAX_ITEMS]


def _training_data(training: Mapping[str, Any]) -> dict[str, Json]:
    """`data_sha256` of the record, a digest or one a table: bom-ref -> component."""
    told = training.get("data_sha256")
    tables = told if isinstance(told, Mapping) else {"data": told}
    return dict(
        _dataset("training", str(name), digest, {})
        for name, digest in tables.items()
        if isinstance(digest, str) and DIGEST.fullmatch(digest)
    )


def _evaluation_data(report: StageReport | None) -> dict[str, Json]:
    tables = (table for table in _judged(report, "data") if DIGEST.fullmatch(table.sha256))
    return dict(_dataset("evaluation", table.name, table.sha256, table.facts) for table in tables)


def _dataset(use: str, name: str, digest: str, facts: Mapping[str, Any]) -> tuple[str, Json]:
    ref, name = unique_line(f"data:{use}:{name}", 200), one_line(name)
    told = {"data:use": use, **{f"data:{key}": facts.get(key) for key in ("rows", "positives", "label")}}
    return ref, {
        "type": "data",
        "bom-ref": ref,
        "name": name,
        "version": f"sha256:{digest}",
        "hashes": [sha256(digest)],
        "data": [{"type": "dataset", "name": name}],
        "properties": properties(told),
    }


def _judged(report: StageReport | None, kind: str) -> list[Judged]:
    return [judged for judged in report.judged if judged.kind == kind] if report else []


def _properties(component: Component, training: Mapping[str, Any]) -> list[Json]:
    """What the file is, and the training record: data and code digests, parameters, seeds, versions."""
    record = {name: value for name, value in training.items() if name not in ELSEWHERE}
    told = {f"model:{name}": component.facts.get(name) for name in FACTS}
    for name, value in _flat(record, "training", MAX_DEPTH):
        if len(told) == MAX_PROPERTIES:
            break
        told[name] = value
    return properties(told)


def _flat(value: Any, name: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Nested mappings as 'training:parameters.max_iter' -> 100, in a fixed order."""
    if not isinstance(value, Mapping) or depth == 0:
        yield name, value
        return
    mark = ":" if depth == MAX_DEPTH else "."
    for key in sorted(value, key=str):
        yield from _flat(value[key], f"{name}{mark}{key}", depth - 1)
