"""What becomes of the answers where the inputs are noisy, missing or new.

Each perturbation is drawn once from its seed. The loss of a metric is the paired difference of the model's
own answers before and after, on the same rows (runner.judge.paired), so that its interval knows of chance
in the rows as everywhere else.
"""

from __future__ import annotations

from typing import Any

from runner.judge.asking import answered, feature
from runner.judge.criteria_more import Missing, Noise, Unseen
from runner.judge.metrics import METRICS
from runner.judge.paired.compare import Paired, compare
from runner.judge.paired.verdict import LEAST, Interval
from runner.judge.predictions import CannotCompute, Predictions
from runner.judge.subject import outputs_fault
from runner.judge.trial import Bench, Trial


class Broken(Exception):
    """The model gave answers that are none; the message is the cause."""


def loss(trial: Trial, rule: Noise | Missing) -> Interval:
    """The metric's loss, above 0 where it got worse, with its interval of 1 - 2 alpha.

    Raises Broken where the perturbed rows get no valid answers, CannotCompute where there is no loss."""
    matrix = noisy(trial.bench, rule) if isinstance(rule, Noise) else thinned(trial.bench, rule)
    after = valid(trial, matrix)
    found = compare(rule.metric, after, trial.predictions, alpha=rule.alpha, options=rule.options)
    difference, more = found.difference, _hidden(found, rule, trial.predictions)
    return Interval(0.0 - difference.value, 0.0 - difference.high - more, 0.0 - difference.low + more)


def _hidden(found: Paired, rule: Noise | Missing, before: Predictions) -> float:
    """How much more may be lost where hardly a predicted class changed: that none of m rows did is likely up
    to a share of 1 - alpha ** (1 / m). Of the rarest class, true or predicted, since a row of it moves a
    metric of labels by about 2 / m at most. An accuracy's interval (Tango's) knows it already."""
    import numpy as np

    labels = "threshold" in METRICS[rule.metric].takes and found.right is None
    if not labels or found.carrying >= LEAST:
        return 0.0
    said = before.labels(0.5 if rule.threshold is None else rule.threshold)
    counts = [np.bincount(each.astype(int)) for each in (before.y, said)]
    rarest = min(int(each[each > 0].min()) for each in counts)
    return float(2 * (1 - rule.alpha ** (1 / rarest)))


def valid(trial: Trial, matrix: Any) -> Predictions:
    """The answers to changed rows. Raises Broken where they are none, CannotCompute without a model."""
    after = answered(trial, matrix)
    if fault := outputs_fault(after):
        raise Broken(fault)
    return after


def noisy(bench: Bench, rule: Noise) -> Any:
    """The matrix with normal noise on columns, of `sd` of their own standard deviation; what is missing
    stays so. Raises CannotCompute for a column that has one value only."""
    import numpy as np

    drawn, changed = np.random.default_rng(rule.seed), bench.evaluation.matrix.copy()
    for name in rule.columns:
        column = changed[:, feature(bench, name)]
        present = column[np.isfinite(column)]
        spread = float(present.std(dtype=np.float64)) if len(present) else 0.0
        if spread == 0:
            raise CannotCompute(f"{name!r} has one value only: noise of its own spread changes nothing")
        before = column.copy()
        column += drawn.normal(0, rule.sd * spread, len(column)).astype(np.float32)
        if (column == before)[np.isfinite(before)].all():
            raise CannotCompute(f"noise of {rule.sd:g} standard deviations is too small to change {name!r}")
    return changed


def thinned(bench: Bench, rule: Missing) -> Any:
    """The matrix without a share of the values of columns, each drawn on its own.

    Raises CannotCompute for a column of which nothing was taken."""
    import numpy as np

    drawn, changed = np.random.default_rng(rule.seed), bench.evaluation.matrix.copy()
    for name in rule.columns:
        column = changed[:, feature(bench, name)]
        taken = drawn.random(len(column)) < rule.share
        if np.isnan(column[taken]).all():
            why = "it is missing already" if taken.any() else f"a share of {rule.share:g} is no row"
            raise CannotCompute(f"nothing of {name!r} could be taken away: {why}")
        column[taken] = np.nan
    return changed


def with_unseen(bench: Bench, rule: Unseen, name: str) -> Any:
    """The matrix with a category code in a column that no row has. Raises CannotCompute where one has it."""
    import numpy as np

    place, changed = feature(bench, name), bench.evaluation.matrix.copy()
    column = changed[:, place]
    present = column[np.isfinite(column)]
    with np.errstate(over="ignore"):
        code = np.float32(rule.code if rule.code is not None else present.max(initial=-1.0) + 1)
    if not np.isfinite(code):
        raise CannotCompute(f"{rule.code or float(code):g} is no code: a model is given numbers of 32 bits")
    if (present == code).any():
        raise CannotCompute(f"{float(code):g} is a value of {name!r}: it was seen")
    changed[:, place] = code
    return changed
