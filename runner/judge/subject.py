"""The candidate before any rule: is it the model that training recorded, does it open, does it speak?

These checks are always made, whatever the criteria say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runner.config.json_strict import read_json
from runner.errors import ConfigError
from runner.judge.evaluation import Evaluation
from runner.judge.onnx_model import Scorer, Unusable, WrongModel
from runner.judge.predictions import BINARY, MULTICLASS, NUMBERS, Predictions, Task
from runner.judge.predictions_file import Unpaired
from runner.model import Check, Status
from runner.text import one_line

IDS = ("record", "opens", "outputs")
SHOWN, EXCERPT = 12, 40


@dataclass(frozen=True, slots=True)
class Record:
    """The training record beside the model; `fault` says why there is none."""

    data: Mapping[str, Any]
    fault: str = ""

    def excerpt(self) -> dict[str, Any]:
        """Its plain values, cut to what a manifest can carry."""
        plain = [(k, v) for k, v in self.data.items() if isinstance(v, str | int | float | bool)]
        return {one_line(k): one_line(v) if isinstance(v, str) else v for k, v in plain[:EXCERPT]}


@dataclass(frozen=True, slots=True)
class Subject:
    """The three checks, and what they opened: None where the model gave no predictions."""

    checks: tuple[Check, ...]
    model: Scorer | None = None
    predictions: Predictions | None = None
    size: int = 0
    known: Mapping[str, Check] = field(default_factory=dict)  # other checks, though it gave no predictions
    sha256: str = ""  # of the model's file

    @classmethod
    def absent(cls, cause: str) -> Subject:
        """A candidate whose file is not there."""
        record = Check("record", Status.ERROR, cause=cause)
        return cls((record, *(skipped(id) for id in IDS[1:])))


def read_record(root: Path, path: str) -> Record:
    """The training record of a solution (JSON)."""
    try:
        return Record(read_json(root / path, path).data)
    except ConfigError as error:
        return Record({}, str(error.problems[0]))


def record_check(data: bytes, built: str, record: Record) -> Check:
    """The file's sha256 against the record's `model_sha256`, and against the artifact that was built."""
    digest, recorded = hashlib.sha256(data).hexdigest(), record.data.get("model_sha256")
    if record.fault or not isinstance(recorded, str):
        cause = record.fault or "the training record names no model_sha256"
        return Check("record", Status.ERROR, cause=cause, measured=digest[:SHOWN])
    found, limit = digest[:SHOWN], f"{one_line(recorded[:SHOWN])}, as recorded when it was trained"
    if digest != recorded:
        cause = f"another model: the file is {found}, the training record names {one_line(recorded[:SHOWN])}"
        return Check("record", Status.FAILED, cause=cause, measured=found, limit=limit)
    if digest != built:
        cause = f"the file is {found}, the artifact that was built {built[:SHOWN]}: it changed since"
        return Check("record", Status.ERROR, cause=cause, measured=found, limit=limit)
    return Check("record", Status.PASSED, measured=found, limit=limit)


def examine(
    size: int, record: Check, evaluation: Evaluation, task: Task, opened: Callable[[], Scorer], limit: str
) -> Subject:
    """Open the model of so many bytes, or what serves it, and score the evaluation table with it; `limit`
    says what it has to be."""
    try:
        model = opened()
        scores = model.scores(evaluation.matrix, task, len(evaluation.classes))
    except (Unusable, WrongModel) as error:
        status = Status.FAILED if isinstance(error, WrongModel) else Status.ERROR
        opens = Check("opens", status, cause=f"the model cannot be used: {error}", limit=limit)
        known = {"pairing": replace(opens, id="pairing")} if isinstance(error, Unpaired) else {}
        return Subject((record, opens, skipped("outputs")), known=known)
    rows = f"{len(scores):,} rows scored"
    opens = Check("opens", Status.PASSED, measured=rows, limit=limit)
    predictions = evaluation.predictions(task, scores)
    outputs = outputs_check(predictions, evaluation.matrix)
    if outputs.status is not Status.PASSED:  # what is computed of no answers would only bury the cause
        return Subject((record, opens, outputs))
    return Subject((record, opens, outputs), model, predictions, size)


def outputs_check(predictions: Predictions, matrix: Any) -> Check:
    """Valid answers (`outputs_fault`) that are not one and the same to rows that differ.

    A constant is refused whatever the criteria say: it may meet bounds on accuracy or log loss where one
    class is rare, and no row is served by it."""
    limit = "finite numbers" if predictions.task in NUMBERS else "probabilities in [0, 1]"
    if cause := outputs_fault(predictions) or _constant(predictions, matrix):
        return Check("outputs", Status.FAILED, cause=cause, limit=limit)
    measured = f"{predictions.scores.min():.4g} to {predictions.scores.max():.4g}"
    return Check("outputs", Status.PASSED, measured=measured, limit=limit)


def outputs_fault(predictions: Predictions) -> str:
    """Which rows have an answer that is none, or nothing: finite numbers; for classification probabilities
    in [0, 1] whose rows, if of classes, sum to 1."""
    import numpy as np

    rows = len(predictions)
    flat = predictions.scores.reshape(rows, -1)
    faults = {"are NaN or infinite": ~np.isfinite(flat).all(axis=1)}
    if predictions.task in (BINARY, MULTICLASS):
        faults["are outside [0, 1]"] = ((flat < 0) | (flat > 1)).any(axis=1)
    if flat.shape[1] > 1:
        faults["do not sum to 1 over the classes"] = np.abs(flat.sum(axis=1) - 1) > 1e-3
    for what, mask in faults.items():
        if mask.any():
            return f"{int(mask.sum()):,} of {rows:,} predictions {what}, e.g. row {int(mask.argmax())}"
    return ""


def _constant(predictions: Predictions, matrix: Any) -> str:
    """Whether rows (n, features) that differ are all told the same."""
    import numpy as np

    same = len(predictions) > 1 and (predictions.scores == predictions.scores[:1]).all()
    alike = ((matrix == matrix[:1]) | (np.isnan(matrix) & np.isnan(matrix[:1]))).all()
    if not same or (matrix.shape[1] and alike):  # without features, rows are told apart by what they are
        return ""
    said = ", ".join(f"{each:.4g}" for each in np.atleast_1d(predictions.scores[0]))
    return f"the model says {said} to every one of {len(predictions):,} rows"


def skipped(id: str, why: str = "there are no predictions to judge") -> Check:
    """A check that was expected but has nothing to look at; another check says why."""
    return Check(id, Status.SKIPPED, cause=why)
