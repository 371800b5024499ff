"""What the criteria's `explain` asks of a trial: both models, the same rows, the same permutations."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from runner.config.problems import did_you_mean
from runner.judge.criteria_explain import Explain
from runner.judge.explain import Columns, Importance, Shuffling, importances
from runner.judge.onnx_model import Scorer, Unusable, WrongModel
from runner.judge.predictions import BINARY, MULTICLASS, RANKING, REGRESSION, CannotCompute, Predictions
from runner.judge.trial import Trial

DEFAULT = {BINARY: "roc_auc", MULTICLASS: "log_loss", REGRESSION: "r2", RANKING: "ndcg"}


@dataclass(frozen=True, slots=True)
class Explained:
    """The candidate's importances and the champion's, or why there are none of that."""

    metric: str
    rows: int
    mine: dict[str, Importance]
    theirs: dict[str, Importance] | CannotCompute


def explained(trial: Trial, rule: Explain) -> Explained:
    """Raises CannotCompute where the candidate's importances cannot be had."""
    rows = _rows(len(trial.predictions), rule)
    metric = rule.metric or DEFAULT[trial.criteria.task]
    how = Shuffling(metric, rule.permutations, rule.seed, rule.alpha, time.monotonic() + rule.seconds)
    columns = columns_of(trial.bench.features, rule)
    if trial.subject.model is None:
        raise CannotCompute("there are predictions, but no model that could be asked again")
    mine = _of(trial, trial.subject.model, trial.predictions, rows, columns, how)
    theirs: dict[str, Importance] | CannotCompute
    try:
        theirs = _of(trial, trial.champion_model, trial.champion, rows, columns, how)
    except CannotCompute as error:
        theirs = error
    return Explained(metric, len(rows), mine, theirs)


def _of(
    trial: Trial, model: Scorer, said: Predictions, rows: Any, columns: Columns, how: Shuffling
) -> dict[str, Importance]:
    table, task = trial.bench.evaluation, trial.criteria.task
    score = partial(_scores, model, task=task, classes=len(table.classes))
    return importances(score, table.matrix[rows], said.where(rows), columns, how)


def _scores(model: Scorer, matrix: Any, task: Any, classes: int) -> Any:
    try:
        return model.scores(matrix, task, classes)
    except (Unusable, WrongModel) as error:
        raise CannotCompute(str(error)) from None


def _rows(count: int, rule: Explain) -> Any:
    """Positions of at most `max_rows` rows, drawn by the seed, in their order."""
    import numpy as np

    if count <= rule.max_rows:
        return np.arange(count)
    return np.sort(np.random.default_rng(rule.seed).choice(count, rule.max_rows, replace=False))


def columns_of(features: Iterable[str], rule: Explain) -> dict[str, tuple[int, ...]]:
    """Name -> the columns of the matrix that are permuted together: each group, then each feature of none.

    Raises CannotCompute where a group names what is no feature."""
    place = {name: position for position, name in enumerate(features)}
    for group, members in rule.groups.items():
        for odd in (name for name in members if name not in place):
            hint = did_you_mean(odd, place)
            raise CannotCompute(f"group {group!r} names {odd!r}, which is no feature: {hint}")
    grouped = {name for members in rule.groups.values() for name in members}
    groups = {group: tuple(place[name] for name in members) for group, members in rule.groups.items()}
    return groups | {name: (at,) for name, at in place.items() if name not in grouped}
