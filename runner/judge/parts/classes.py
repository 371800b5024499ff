"""`classes_predicted`: whether every class of the task is predicted at all.

A rule, not a check that is always made: where late flights are one in a hundred, a good model may never
say more than 0.5. Criteria say from which probability on an answer is yes, and so whether that is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.judge.criteria import Criteria
from runner.judge.part import Fault, Limits, Part
from runner.judge.predictions import BINARY, MULTICLASS, CannotCompute
from runner.judge.trial import Bench, Trial
from runner.model import Check, Status
from runner.text import one_line

ID = "classes_predicted"


def ids(bench: Bench) -> list[str]:
    return [ID] * bool(bench.criteria.classes_predicted)


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    rule = criteria.classes_predicted
    if rule:
        yield ID, {"min": rule.min_share, "threshold": rule.threshold}


def faults(criteria: Criteria) -> Iterator[Fault]:
    rule, task = criteria.classes_predicted, criteria.task
    if rule and task not in (BINARY, MULTICLASS):
        yield Fault((ID,), f"a {task} has no classes")
    if rule and rule.threshold is not None and task == MULTICLASS:
        yield Fault((ID, "threshold"), f"{task} takes no threshold")
    if rule and rule.min_share >= 1 / max(2, len(criteria.classes)):
        yield Fault((ID, "min_share"), "can never pass: the classes' shares add up to 1")


def checks(trial: Trial) -> Iterator[Check]:
    import numpy as np

    rule, p = trial.criteria.classes_predicted, trial.predictions
    if rule is None:
        return
    limit = f"each class in more than {rule.min_share:g} of the rows"
    try:
        p.require_finite()
    except CannotCompute as error:
        yield Check(ID, Status.ERROR, cause=f"what is predicted cannot be told: {error}", limit=limit)
        return
    counts = np.bincount(
        p.labels(0.5 if rule.threshold is None else rule.threshold), minlength=len(p.classes)
    )
    told = {one_line(name, 60): int(n) for name, n in zip(p.classes, counts, strict=True)}
    measured = ", ".join(f"{name}: {n:,}" for name, n in told.items())
    few = [f"{name} ({n:,} of {len(p):,} rows)" for name, n in told.items() if n / len(p) <= rule.min_share]
    status = Status.FAILED if few else Status.PASSED
    cause = f"hardly or never predicted: class {', '.join(few)}" if few else ""
    yield Check(ID, status, cause=cause, measured=one_line(measured), limit=limit)


PART = Part(ids, checks, limits, faults)
