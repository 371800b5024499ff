"""`behaviour`: what must not matter, what must matter one way only, and rows with a known answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runner.errors import InfrastructureError
from runner.judge.asking import asked, row_name
from runner.judge.behaviour import Case, Moves, moves
from runner.judge.bounds import number
from runner.judge.criteria import Criteria
from runner.judge.criteria_more import Behaviour, Direction, Invariance
from runner.judge.named_rows import Asked, NamedRow, as_matrix, complaint, read_named_rows
from runner.judge.part import Fault, Limits, Part
from runner.judge.predictions import MULTICLASS, NUMBERS, CannotCompute
from runner.judge.trial import Bench, Trial
from runner.model import Check, Status, Table

Answered = tuple[tuple[NamedRow, ...], str, Any]


def _id(rule: Behaviour) -> str:
    return f"behaviour/{rule.label}"


def ids(bench: Bench) -> list[str]:
    return [_id(rule) for rule in bench.criteria.behaviour]


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    for rule in criteria.behaviour:
        told = rule.invariance or rule.direction or rule.unit
        given = told.model_dump(mode="json") if told else {}
        named = {"max" if name == "share" else name: value for name, value in given.items()}
        yield _id(rule), {name: value for name, value in named.items() if value not in (None, [])}


def faults(criteria: Criteria) -> Iterator[Fault]:
    seen: set[str] = set()
    for i, rule in enumerate(criteria.behaviour):
        loc = ("behaviour", i)
        if rule.label in seen:
            yield Fault(loc, f"a second {rule.label}", "give it a name of its own")
        seen.add(rule.label)
        if rule.invariance and criteria.task not in NUMBERS and rule.invariance.within >= 1:
            yield Fault((*loc, "invariance", "within"), "can never fail: probabilities are between 0 and 1")
        if rule.direction:
            yield from (Fault((*loc, "direction"), what) for what in _direction(rule.direction, criteria))


def _direction(rule: Direction, criteria: Criteria) -> Iterator[str]:
    if criteria.task == MULTICLASS:
        yield "an answer of several probabilities has no direction"
    if rule.add == 0 or rule.scale == 1:
        yield "changes nothing"
    if criteria.task not in NUMBERS and rule.tolerance >= 1:
        yield "can never fail: probabilities are between 0 and 1"


def checks(trial: Trial) -> Iterator[Check]:
    for rule in trial.criteria.behaviour:
        found = _found(trial, rule)
        if isinstance(found, CannotCompute):
            yield Check(_id(rule), Status.ERROR, cause=f"{rule.label} cannot be judged: {found}")
        elif isinstance(found, Moves):
            yield _moved(rule, found, trial.bench)
        else:
            yield _named(rule, found, trial)


def _found(trial: Trial, rule: Behaviour) -> Moves | Answered | CannotCompute:
    def tried() -> Moves | Answered | CannotCompute:
        changed = rule.invariance or rule.direction
        try:
            return moves(trial, changed) if changed else _answered(trial, rule)
        except (CannotCompute, InfrastructureError) as error:
            return CannotCompute(str(error).splitlines()[0])

    return trial.once(_id(rule), tried)


def _answered(trial: Trial, rule: Behaviour) -> Answered:
    bench = trial.bench
    who = Asked(bench.features, bench.criteria.task, bench.evaluation.classes)
    rows, digest = read_named_rows(bench.root, rule.unit.rows if rule.unit else "", who)
    return rows, digest, asked(trial, as_matrix(rows, bench.features))


def _moved(rule: Behaviour, found: Moves, bench: Bench) -> Check:
    changed = rule.invariance or rule.direction
    assert changed is not None  # noqa: S101  it was changed
    tested, broken = found.tested, found.broken
    share = broken / tested
    measured = f"{number(share)} ({broken:,} of {tested:,} rows)"
    limit = f"<= {number(changed.share)} of rows {_forbidden(changed)}"
    if share <= changed.share:
        return Check(_id(rule), Status.PASSED, measured=measured, limit=limit)
    cause = (
        f"changing {changed.column} {_done(changed)} in {broken:,} of {tested:,} rows (share "
        f"{number(share)}, at most {number(changed.share)}), e.g. {_example(found.worst[0], bench)}"
    )
    return Check(_id(rule), Status.FAILED, cause=cause, measured=measured, limit=limit)


def _forbidden(rule: Invariance | Direction) -> str:
    if isinstance(rule, Invariance):
        return f"moved by more than {number(rule.within)}"
    return f"{'lowered' if rule.must == 'not_lower' else 'raised'} by more than {rule.tolerance:g}"


def _done(rule: Invariance | Direction) -> str:
    if isinstance(rule, Invariance):
        return f"moves the answer by more than {number(rule.within)}"
    how = f"by {number(rule.add)}" if rule.add is not None else f"{number(rule.scale or 1)}-fold"
    return f"{how} {'lowers' if rule.must == 'not_lower' else 'raises'} the answer"


def _example(case: Case, bench: Bench) -> str:
    row, was, became, before, after = _cells(case, bench)
    return f"{row}: {before} -> {after} with {was} -> {became}"


def _cells(case: Case, bench: Bench) -> tuple[str, ...]:
    values, answers = (case.was, case.became), (case.before, case.after)
    return row_name(bench, case.row), *(f"{value:.7g}" for value in values), *map(_answer, answers)


def _answer(score: Any) -> str:
    return number(score) if score.ndim == 0 else " ".join(number(each) for each in score)


def _named(rule: Behaviour, found: Answered, trial: Trial) -> Check:
    told = _complaints(trial, found)
    wrong = [f"{row.name}: {_answer(answer)} is {why}" for row, answer, why in told if why]
    rows, limit = len(found[0]), "every row"
    measured = f"{rows - len(wrong)} of {rows} rows as expected"
    if not wrong:
        return Check(_id(rule), Status.PASSED, measured=measured, limit=limit)
    cause = wrong[0] + (f", and {len(wrong) - 1} more" if len(wrong) > 1 else "")
    return Check(
        _id(rule), Status.FAILED, cause=cause, measured=measured, limit=limit, details="\n".join(wrong)
    )


def _complaints(trial: Trial, found: Answered) -> Iterator[tuple[NamedRow, Any, str]]:
    rows, _, answers = found
    for row, answer in zip(rows, answers, strict=True):
        yield row, answer, complaint(row, answer, trial.bench.evaluation.classes)


def tables(trial: Trial) -> Iterator[Table]:
    """The rows that moved furthest, and what the named rows were answered."""
    for rule in trial.criteria.behaviour:
        found, changed = _found(trial, rule), rule.invariance or rule.direction
        if isinstance(found, Moves) and changed and found.worst:
            columns = ("row", f"{changed.column} was", "became", "answer before", "after")
            cells = tuple(_cells(case, trial.bench) for case in found.worst)
            yield Table(f"Furthest moved by {rule.label}", columns, cells)
        elif isinstance(found, tuple):
            told = ((r.name, _answer(a), why, _status(why)) for r, a, why in _complaints(trial, found))
            yield Table(f"Named rows of {rule.label}", ("row", "answer", "why not", "status"), tuple(told))


def _status(why: str) -> str:
    return (Status.FAILED if why else Status.PASSED).value


def facts(trial: Trial) -> dict[str, Any]:
    found = {rule.label: _found(trial, rule) for rule in trial.criteria.behaviour}
    told = {label: _told(each) for label, each in found.items() if not isinstance(each, CannotCompute)}
    return {"behaviour": told} if told else {}


def _told(found: Moves | Answered) -> dict[str, Any]:
    if isinstance(found, Moves):
        return {"rows": found.tested, "broken": found.broken}
    return {"rows": len(found[0]), "sha256": found[1]}


PART = Part(ids, checks, limits, faults, facts=facts, tables=tables)
