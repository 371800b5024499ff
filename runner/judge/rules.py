"""The criteria's rules over a candidate's predictions: the ids that are due, then the checks.

`due` depends on the criteria and the evaluation table alone, never on what the model said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from runner.judge.baseline import beats, dummy
from runner.judge.bounds import bounded
from runner.judge.calibration import expected_calibration_error
from runner.judge.criteria import Champion, Criteria, Dummy
from runner.judge.evaluation import Evaluation
from runner.judge.latency import latency_check, percentiles
from runner.judge.metrics import value_of
from runner.judge.onnx_model import Scorer, Unusable, WrongModel, open_model
from runner.judge.paired.check import compared
from runner.judge.parity import parity_check, reference_scores
from runner.judge.predictions import CannotCompute, Predictions
from runner.judge.slices import Slices, slices_of
from runner.judge.subject import Subject
from runner.model import Check, Status

DEFAULT_PARITY = 1e-5


@dataclass(frozen=True)
class Bench:
    """What rules may look at. `champion` and `reference` are files, None where none is named."""

    criteria: Criteria
    evaluation: Evaluation
    python: Path
    champion: Path | None = None
    reference: Path | None = None

    @cached_property
    def slices(self) -> tuple[Slices, ...]:
        return tuple(slices_of(rule, self.evaluation.frame) for rule in self.criteria.slices)


def due(criteria: Criteria, slices: tuple[Slices, ...] | None, *, has_reference: bool) -> tuple[str, ...]:
    """The ids of every rule's checks, in order; of a slice rule its own alone where there is no table."""
    ids = [f"metrics/{rule.label}" for rule in criteria.metrics]
    ids += [f"baseline/{rule.label}" for rule in (criteria.baseline.must_beat if criteria.baseline else ())]
    if isinstance(criteria.baseline, Champion):
        ids += [f"champion/{rule.label}" for rule in criteria.baseline.compare]
    ids += ["calibration/ece"] * bool(criteria.calibration)
    if slices is None:
        ids += [Slices(rule, {}).id for rule in criteria.slices]
    else:
        ids += [id for group in slices for id in group.ids()]
    ids += ["latency/p95"] * bool(criteria.latency) + ["size"] * bool(criteria.size)
    return tuple(ids + ["parity"] * bool(criteria.parity or has_reference))


def checks(bench: Bench, subject: Subject, latency: dict[str, float] | CannotCompute) -> Iterator[Check]:
    """Every rule's checks over a subject that gave predictions, in the order of `due`."""
    criteria, predictions = bench.criteria, subject.predictions
    assert predictions is not None  # noqa: S101  the caller has looked
    yield from _metrics(criteria, predictions)
    yield from _baseline(bench, predictions)
    if criteria.calibration:
        yield _calibration(criteria, predictions)
    for group in bench.slices:
        yield from group.checks(predictions)
    if criteria.latency:
        yield latency_check(criteria.latency, latency)
    if criteria.size:
        yield bounded(
            "size", "the model file", lambda: subject.size / 1e6, high=criteria.size.max_mb, unit="MB"
        )
    if criteria.parity or bench.reference:
        yield _parity(bench, predictions)


def measured_latency(criteria: Criteria, model: Scorer, matrix: Any) -> dict[str, float] | CannotCompute:
    """Percentiles in milliseconds, or why there are none; few repeats where no rule asks for any."""
    try:
        return percentiles(model, matrix, criteria.latency.repeats if criteria.latency else 50)
    except CannotCompute as error:
        return error


def _metrics(criteria: Criteria, predictions: Predictions) -> Iterator[Check]:
    for rule in criteria.metrics:

        def compute(rule: Any = rule) -> float:
            return value_of(rule.metric, predictions, rule.options)

        id, rows = f"metrics/{rule.label}", len(predictions)
        yield bounded(id, rule.label, compute, low=rule.min, high=rule.max, rows=rows)


def _calibration(criteria: Criteria, predictions: Predictions) -> Check:
    rule = criteria.calibration
    assert rule is not None  # noqa: S101  the caller has looked
    return bounded(
        "calibration/ece",
        f"expected calibration error ({rule.bins} bins)",
        lambda: expected_calibration_error(predictions, rule.bins),
        high=rule.max_error,
        rows=len(predictions),
    )


def _baseline(bench: Bench, predictions: Predictions) -> Iterator[Check]:
    rule = bench.criteria.baseline
    if rule is None:
        return
    name = f"the {rule.strategy} dummy" if isinstance(rule, Dummy) else "the champion"
    try:
        baseline = _baseline_predictions(rule, bench, predictions)
    except CannotCompute as error:
        for beat in rule.must_beat:
            cause = f"there is no baseline to beat: {error}"
            yield Check(f"baseline/{beat.label}", Status.ERROR, cause=cause, limit=f"beats {name}")
        for each in rule.compare if isinstance(rule, Champion) else ():
            yield Check(f"champion/{each.label}", Status.ERROR, cause=f"there is no champion: {error}")
        return
    for beat in rule.must_beat:
        yield beats(beat, predictions, baseline, name)
    for each in rule.compare if isinstance(rule, Champion) else ():
        yield compared(each, predictions, baseline, bench.evaluation.frame)


def _baseline_predictions(rule: Dummy | Champion, bench: Bench, predictions: Predictions) -> Predictions:
    if isinstance(rule, Dummy):
        return dummy(predictions, rule.strategy)
    if bench.champion is None or not bench.champion.is_file():
        raise CannotCompute(f"no champion at {bench.champion.name if bench.champion else 'any path'}")
    matrix, task = bench.evaluation.matrix, predictions.task
    try:
        model = open_model(bench.champion.read_bytes(), matrix.shape[1], task)
        scores = model.scores(matrix, task, len(predictions.classes))
    except (Unusable, WrongModel) as error:
        raise CannotCompute(f"the champion cannot be used: {error}") from None
    return bench.evaluation.predictions(task, scores)


def _parity(bench: Bench, predictions: Predictions) -> Check:
    limit = bench.criteria.parity.max_abs_diff if bench.criteria.parity else DEFAULT_PARITY

    def reference() -> Any:
        if bench.reference is None:
            raise CannotCompute("lockgate.yml names no reference for the model stage")
        return reference_scores(bench.python, bench.reference, bench.evaluation.matrix, predictions.task)

    return parity_check(predictions, limit, reference)
