"""Asking the candidate again, about rows that were changed."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from runner.judge.onnx_model import Unusable, WrongModel
from runner.judge.predictions import CannotCompute, Predictions
from runner.judge.trial import Bench, Trial
from runner.text import one_line


def feature(bench: Bench, name: str) -> int:
    """A feature's column of the matrix; raises CannotCompute where the model has none of that name."""
    if name in bench.features:
        return bench.features.index(name)
    near = get_close_matches(name, bench.features, 1)
    raise CannotCompute(
        f"the model has no feature {name!r}" + (f": did you mean {near[0]!r}?" if near else "")
    )


def asked(trial: Trial, matrix: Any) -> Any:
    """What the candidate says of a float32 matrix (n, features), as `Predictions.scores`.

    Raises CannotCompute where it cannot be asked."""
    model, bench = trial.subject.model, trial.bench
    if model is None:
        raise CannotCompute("predictions are all there is: there is no model to ask about changed rows")
    try:
        return model.scores(matrix, bench.criteria.task, len(bench.evaluation.classes))
    except (Unusable, WrongModel) as error:
        raise CannotCompute(f"the model cannot be asked: {error}") from None


def answered(trial: Trial, matrix: Any) -> Predictions:
    """The candidate's answers to as many changed rows, beside the same labels; raises CannotCompute."""
    return replace(trial.predictions, scores=asked(trial, matrix))


def row_name(bench: Bench, row: int) -> str:
    """A row as people find it in the table: by its id where rows have one, else its position, from 0."""
    if bench.row_id is None or bench.row_id not in bench.evaluation.frame.columns:
        return f"row {row:,}"
    return one_line(f"{bench.row_id} {bench.evaluation.frame[bench.row_id].iloc[row]}", 80)
