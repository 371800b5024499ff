"""`pairing`: made where `evaluation.id` names the rows: each once, and files of predictions one to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runner.judge.criteria import Criteria
from runner.judge.pairing import Ids, Pairing
from runner.judge.part import Limits, Part
from runner.judge.predictions import CannotCompute
from runner.judge.predictions_file import SUFFIXES, RecordedModel
from runner.judge.trial import Bench, Trial
from runner.model import Check, Status, Table

ID, LIMIT = "pairing", "ids match one to one"


def ids(bench: Bench) -> list[str]:
    return [ID] * bool(bench.row_id)


def limits(criteria: Criteria) -> tuple[tuple[str, Limits], ...]:
    return ()


def checks(trial: Trial) -> Iterator[Check]:
    if trial.bench.row_id:
        yield _check(trial, trial.bench.row_id)


def _check(trial: Trial, column: str) -> Check:
    try:
        rows = Ids.of(trial.bench.evaluation.frame[column])
        if double := rows.doubles():
            raise CannotCompute(f"of the evaluation's, {double}")
        found = _pairings(trial)
    except CannotCompute as error:
        return Check(ID, Status.ERROR, cause=f"rows cannot be paired by {column}: {error}", limit=LIMIT)
    told = (f"{len(rows.values):,} rows named by {column}", *(f"{n}: {p}" for n, p in found.items()))
    return Check(ID, Status.PASSED, measured="; ".join(told), limit=LIMIT)


def _pairings(trial: Trial) -> dict[str, Pairing]:
    """Of each predictions file in play. Raises CannotCompute for a champion's that does not fit."""
    champion = trial.bench.champion
    recorded = champion is not None and champion.path is not None and champion.path.suffix in SUFFIXES
    models = {"candidate": trial.subject.model, "champion": trial.champion_model if recorded else None}
    return {name: model.pairing for name, model in models.items() if isinstance(model, RecordedModel)}


def _known(trial: Trial) -> dict[str, Pairing]:
    try:
        return _pairings(trial)
    except CannotCompute:  # the check says so
        return {}


def facts(trial: Trial) -> Mapping[str, Any]:
    found = {name: pairing.facts() for name, pairing in _known(trial).items()}
    return {"pairing": found} if found else {}


def tables(trial: Trial) -> Iterator[Table]:
    if found := _known(trial):
        rows = tuple((name, p.column, f"{p.rows:,}", str(p)) for name, p in found.items())
        yield Table("Predictions files, paired with the evaluation", ("of", "by", "rows", "how"), rows)


PART = Part(ids, checks, limits, facts=facts, tables=tables)
