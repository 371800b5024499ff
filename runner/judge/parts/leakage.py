"""`leakage`: a feature that knows the label, training rows in the evaluation, an evaluation before training.

All three tell what is in the tables, not what is likely: values are compared with limits as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from runner.judge.asking import feature, row_name
from runner.judge.bounds import number
from runner.judge.criteria import Criteria
from runner.judge.criteria_more import Duplicates, Leakage, SingleFeature, TimeOrder
from runner.judge.part import Fault, Limits, Part
from runner.judge.predictions import NUMBERS, CannotCompute
from runner.judge.single_feature import of_every_feature
from runner.judge.training_rows import Training, duplicates, earlier, read_training
from runner.judge.trial import Bench, Trial
from runner.model import Check, Status, Table

SINGLE, DUPLICATES, TIME = "leakage/single_feature", "leakage/duplicates", "leakage/time"
SHOWN, FEW = 10, 3


def ids(bench: Bench) -> list[str]:
    rule = bench.criteria.leakage or Leakage()
    asked = {SINGLE: rule.single_feature, DUPLICATES: rule.duplicates, TIME: rule.time}
    return [id for id, each in asked.items() if each]


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    rule = criteria.leakage or Leakage()
    if single := rule.single_feature:
        yield SINGLE, {"max": _most(single), "ignore": list(single.ignore) or None}
    if rows := rule.duplicates:
        yield DUPLICATES, {"max": rows.max_share, "train": rows.train, "columns": list(rows.columns) or None}
    if rule.time:
        yield TIME, {"column": rule.time.column, "train": rule.time.train}


def _most(rule: SingleFeature) -> float:
    told = rule.max_auc if rule.max_auc is not None else rule.max_r2
    return 1.0 if told is None else told


def faults(criteria: Criteria) -> Iterator[Fault]:
    rule = criteria.leakage
    if rule and not (rule.single_feature or rule.duplicates or rule.time):
        yield Fault(("leakage",), "no rule: single_feature, duplicates or time")
    if rule and (single := rule.single_feature):
        wanted, other = (
            (single.max_r2, single.max_auc) if criteria.task in NUMBERS else (single.max_auc, single.max_r2)
        )
        if wanted is None or other is not None:
            name = "max_r2" if criteria.task in NUMBERS else "max_auc"
            yield Fault(("leakage", "single_feature"), f"{criteria.task} needs {name}, and nothing else")


def checks(trial: Trial) -> Iterator[Check]:
    rule = trial.criteria.leakage or Leakage()
    if single := rule.single_feature:
        yield _or_error(SINGLE, lambda: _single(trial, single))
    if rows := rule.duplicates:
        yield _or_error(DUPLICATES, lambda: _duplicates(trial, rows))
    if order := rule.time:
        yield _or_error(TIME, lambda: _time(trial, order))


def _or_error(id: str, judged: Callable[[], Check]) -> Check:
    try:
        return judged()
    except CannotCompute as error:
        return Check(id, Status.ERROR, cause=f"cannot be judged: {error}")


def _values(trial: Trial, rule: SingleFeature) -> dict[str, float]:
    """The statistic of every feature that counts; raises CannotCompute."""
    bench = trial.bench
    for name in rule.ignore:
        feature(bench, name)
    compute = lambda: of_every_feature(bench.evaluation.matrix, bench.features, trial.predictions)  # noqa: E731
    return {name: v for name, v in trial.once(SINGLE, compute).items() if name not in rule.ignore}


def _single(trial: Trial, rule: SingleFeature) -> Check:
    found, most = _values(trial, rule), _most(rule)
    if not found:
        raise CannotCompute("every feature is ignored")
    what = "R2" if trial.criteria.task in NUMBERS else "ROC AUC"
    name, value = next(iter(found.items()))
    limit, measured = f"<= {number(most)}", f"{number(value)} ({name})"
    guilty = [f"{n!r} ({number(v)})" for n, v in found.items() if v > most]
    if not guilty:
        return Check(SINGLE, Status.PASSED, measured=measured, limit=limit)
    more = f", and {len(guilty) - FEW} more" if len(guilty) > FEW else ""
    told = f"{', '.join(guilty[:FEW])}{more}"
    cause = f"a single feature predicts the label with {what} > {number(most)}, as if it knew it: {told}"
    return Check(SINGLE, Status.FAILED, cause=cause, measured=measured, limit=limit)


def _train(trial: Trial, source: str) -> Training:
    """Read once; raises CannotCompute."""

    def tried() -> Training | CannotCompute:
        try:
            return read_training(trial.bench.root, source)
        except CannotCompute as error:
            return error

    found = trial.once(f"leakage/train/{source}", tried)
    if isinstance(found, CannotCompute):
        raise found
    return found


def _duplicates(trial: Trial, rule: Duplicates) -> Check:
    columns = rule.columns or trial.bench.features
    frame = trial.bench.evaluation.frame
    found = trial.once(DUPLICATES, lambda: duplicates(frame, _train(trial, rule.train).frame, columns))
    hits, rows = int(found.sum()), len(found)
    measured, limit = f"{number(hits / rows)} ({hits:,} rows)", f"<= {number(rule.max_share)} of rows"
    if hits / rows <= rule.max_share:
        return Check(DUPLICATES, Status.PASSED, measured=measured, limit=limit)
    cause = f"{hits:,} of {rows:,} rows are in the training table too, e.g. {_shown(found, trial.bench)}"
    return Check(DUPLICATES, Status.FAILED, cause=cause, measured=measured, limit=limit)


def _time(trial: Trial, rule: TimeOrder) -> Check:
    found, last = earlier(trial.bench.evaluation.frame, _train(trial, rule.train).frame, rule.column)
    hits, limit = int(found.sum()), f"no row before {rule.column} {last}, the last of training"
    if not hits:
        return Check(TIME, Status.PASSED, measured=f"0 of {len(found):,} rows", limit=limit)
    cause = (
        f"{hits:,} of {len(found):,} rows are earlier than the last training row ({rule.column} {last}), "
        f"e.g. {_shown(found, trial.bench)}"
    )
    return Check(TIME, Status.FAILED, cause=cause, measured=f"{hits:,} rows", limit=limit)


def _shown(found: Any, bench: Bench) -> str:
    return ", ".join(row_name(bench, row) for row in found.nonzero()[0][:FEW].tolist())


def tables(trial: Trial) -> Iterator[Table]:
    """The features that predict best on their own."""
    rule = (trial.criteria.leakage or Leakage()).single_feature
    if rule is None:
        return
    try:
        found = _values(trial, rule)
    except CannotCompute:  # the check says so
        return
    rows = tuple((name, number(value)) for name, value in list(found.items())[:SHOWN])
    what = "R2" if trial.criteria.task in NUMBERS else "ROC AUC"
    yield Table("What each feature predicts on its own", ("feature", what), rows)


def facts(trial: Trial) -> dict[str, Any]:
    """The training tables by digest: what was compared with."""
    rule = trial.criteria.leakage or Leakage()
    told: dict[str, str] = {}
    for each in (rule.duplicates, rule.time):
        try:
            told |= {each.train: _train(trial, each.train).sha256} if each else {}
        except CannotCompute:  # the check says so
            continue
    return {"leakage": {"training": told}} if told else {}


PART = Part(ids, checks, limits, faults, facts=facts, tables=tables)
