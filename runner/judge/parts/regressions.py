"""`regressions`: rows that the champion has right and the candidate has wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runner.config.problems import did_you_mean
from runner.judge.asking import row_name
from runner.judge.bounds import number
from runner.judge.by_evidence import within
from runner.judge.champion import itself, without_champion
from runner.judge.criteria import Criteria
from runner.judge.criteria_more import Regressions
from runner.judge.part import Fault, Limits, Part
from runner.judge.predictions import BINARY, MULTICLASS, REGRESSION, CannotCompute, Predictions
from runner.judge.regressions import Flips, by_value, flips
from runner.judge.shares import exact
from runner.judge.trial import Bench, Trial
from runner.model import Check, Status, Table
from runner.text import one_line

ID = "regressions"
VALUES = 40


def ids(bench: Bench) -> list[str]:
    return [ID] * bool(bench.criteria.regressions)


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    rule = criteria.regressions
    if rule:
        told = {"threshold": rule.threshold, "worse_by": rule.worse_by, "alpha": rule.alpha}
        yield ID, {"max": rule.max_share, **told}


def faults(criteria: Criteria) -> Iterator[Fault]:
    rule, task = criteria.regressions, criteria.task
    if rule is None:
        return
    if task not in (BINARY, MULTICLASS, REGRESSION):
        yield Fault((ID,), f"a row of a {task} is not right or wrong on its own")
    elif (rule.worse_by is None) == (task == REGRESSION):
        needs = "a regression needs worse_by" if task == REGRESSION else "worse_by is for a regression"
        yield Fault((ID,), f"{needs}: it says when a row is worse")
    if rule.max_share == 0:
        yield Fault((ID, "max_share"), "0 can never pass: no number of rows shows that it is none", "above 0")
    if rule.threshold is not None and task != BINARY:
        yield Fault((ID, "threshold"), f"{task} takes no threshold")


def checks(trial: Trial) -> Iterator[Check]:
    rule = trial.criteria.regressions
    if rule is None:
        return
    columns = list(map(str, trial.bench.evaluation.frame.columns))
    if gone := [name for name in rule.by if name not in columns]:
        cause = f"there is no column {gone[0]!r} to tell them by: {did_you_mean(gone[0], columns)}"
        yield Check(ID, Status.ERROR, cause=cause, limit=f"<= {rule.max_share:g}")
        return
    found = _found(trial, rule)
    if isinstance(found, CannotCompute):
        yield without_champion(ID, found, "rows that became wrong cannot be told", f"<= {rule.max_share:g}")
        return
    if trial.is_champion:
        yield itself(ID, f"<= {rule.max_share:g}")
        return
    share = "share of rows that the champion has right and the candidate wrong"
    if rule.worse_by is not None:
        share = f"share of rows whose error is larger than the champion's by more than {rule.worse_by:g}"
    rows = len(trial.predictions)
    yield within(ID, share, lambda: found.share, high=rule.max_share, rows=rows, details=_words(found, rule))


def _found(trial: Trial, rule: Regressions) -> Flips | CannotCompute:
    def compared() -> Flips | CannotCompute:
        try:
            return flips(trial.predictions, trial.champion, rule)
        except CannotCompute as error:
            return error

    return trial.once(ID, compared)


def _words(found: Flips, rule: Regressions) -> str:
    lost, won = int(found.lost.sum()), int(found.won.sum())
    if rule.worse_by is not None:
        return (
            f"{lost:,} of {len(found.lost):,} rows are worse by more than {rule.worse_by:g}; {won:,} better."
        )
    return f"{lost:,} of {len(found.lost):,} rows were right and are wrong; {won:,} were wrong and are right."


def tables(trial: Trial) -> Iterator[Table]:
    """The worst rows, and the share by the columns that the rule names."""
    rule = trial.criteria.regressions
    found = _found(trial, rule) if rule else None
    if rule is None or found is None or isinstance(found, CannotCompute):
        return
    rows = tuple(tuple(map(str, each.values())) for each in _examples(trial, rule, found))
    if rows:
        yield Table("Rows that the champion had right", ("row", "label", "champion", "candidate"), rows)
    frame = trial.bench.evaluation.frame
    yield from (_by(column, frame[column], found, rule) for column in rule.by if column in frame.columns)


def _by(column: str, values: Any, found: Flips, rule: Regressions) -> Table:
    rows = []
    names = values.astype(str).to_numpy(dtype=str)
    for value, count, lost in list(by_value(found.lost, names))[:VALUES]:
        share = exact(lost, count, rule.alpha)
        told = (number(share.value), f"{number(share.low)} to {number(share.high)}")
        rows.append((one_line(value, 60), f"{count:,}", f"{lost:,}", *told))
    return Table(
        f"Rows made wrong by {column}", (column, "rows", "made wrong", "share", "interval"), tuple(rows)
    )


def _examples(trial: Trial, rule: Regressions, found: Flips) -> list[dict[str, str]]:
    mine, theirs = trial.predictions, trial.champion
    return [
        {
            "row": row_name(trial.bench, row),
            "label": _label(mine, row),
            "champion": _score(theirs, row),
            "candidate": _score(mine, row),
        }
        for row in found.worst[: rule.examples].tolist()
    ]


def _label(p: Predictions, row: int) -> str:
    return one_line(p.classes[p.y[row]], 60) if p.classes else number(p.y[row])


def _score(p: Predictions, row: int) -> str:
    """Its number; of classes the most probable one and its probability."""
    if p.scores.ndim == 1:
        return number(p.scores[row])
    best = int(p.scores[row].argmax())
    return f"{one_line(p.classes[best], 60)} ({number(p.scores[row, best])})"


def facts(trial: Trial) -> dict[str, Any]:
    rule = trial.criteria.regressions
    found = _found(trial, rule) if rule else None
    if rule is None or found is None or isinstance(found, CannotCompute):
        return {}
    share = found.share
    told: dict[str, Any] = {"lost": int(found.lost.sum()), "won": int(found.won.sum())}
    told |= {"share": [share.value, share.low, share.high]}
    return {ID: {**told, "examples": _examples(trial, rule, found)}}


PART = Part(ids, checks, limits, faults, facts=facts, tables=tables)
