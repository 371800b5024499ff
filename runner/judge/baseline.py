"""What the candidate must beat: a dummy, or a champion's predictions on the same rows.

The dummy is fitted on the evaluation labels themselves, so that 'prior' is the constant with the
lowest log loss that these rows allow: harder to beat than one that only knew the training labels.
"""

from __future__ import annotations

from dataclasses import replace

from runner.judge.bounds import number
from runner.judge.criteria import Beat
from runner.judge.metrics import METRICS, value_of
from runner.judge.predictions import BINARY, REGRESSION, CannotCompute, Predictions
from runner.model import Check, Status


def dummy(predictions: Predictions, strategy: str) -> Predictions:
    """scikit-learn's dummy of that strategy on the same rows; 'stratified' draws with seed 0."""
    import numpy as np
    from sklearn.dummy import DummyClassifier, DummyRegressor

    rows, weights = np.zeros((len(predictions), 1)), predictions.weights
    if predictions.task == REGRESSION:
        said = DummyRegressor(strategy=strategy).fit(rows, predictions.y, weights).predict(rows)
        return replace(predictions, scores=said)
    model = DummyClassifier(strategy=strategy, random_state=0).fit(rows, predictions.y, weights)
    width = 2 if predictions.task == BINARY else len(predictions.classes)
    said = np.zeros((len(predictions), width))
    said[:, model.classes_] = model.predict_proba(rows)
    return replace(predictions, scores=said[:, 1] if predictions.task == BINARY else said)


def beats(rule: Beat, candidate: Predictions, baseline: Predictions, name: str) -> Check:
    """Whether the candidate is better than the baseline by the rule's amount, and better at all."""
    id, limit = f"baseline/{rule.label}", f"beats {name} by {number(rule.by)}"
    try:
        mine = value_of(rule.metric, candidate, rule.options)
        theirs = _theirs(rule, baseline, name)
    except CannotCompute as error:
        return Check(id, Status.ERROR, cause=f"{rule.label} cannot be compared: {error}", limit=limit)
    gain = (mine - theirs) * METRICS[rule.metric].sign
    measured = f"{number(mine)} against {number(theirs)}"
    if gain >= rule.by and gain > 0:
        return Check(id, Status.PASSED, measured=measured, limit=limit)
    better = "above" if METRICS[rule.metric].higher_is_better else "below"
    cause = f"{rule.label} {measured} of {name}: must be at least {number(rule.by)} {better} it"
    return Check(id, Status.FAILED, cause=cause, measured=measured, limit=limit)


def _theirs(rule: Beat, baseline: Predictions, name: str) -> float:
    try:
        return value_of(rule.metric, baseline, rule.options)
    except CannotCompute as error:
        raise CannotCompute(f"{name}: {error}") from None
