"""`memory`: the peak of what serving takes, in millions of bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from runner.judge.bounds import bounded
from runner.judge.criteria import Criteria
from runner.judge.memory import Memory
from runner.judge.part import Limits, Part
from runner.judge.predictions import CannotCompute
from runner.judge.trial import Bench, Trial
from runner.model import Check

ID = "memory"


def ids(bench: Bench) -> list[str]:
    return [ID] * bool(bench.criteria.memory)


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    if criteria.memory:
        yield ID, {"max": criteria.memory.max_mb}


def checks(trial: Trial) -> Iterator[Check]:
    if (rule := trial.criteria.memory) is None:
        return
    found = _found(trial)

    def millions() -> float:
        if isinstance(found, CannotCompute):
            raise found
        return found.bytes / 1e6

    check = bounded(ID, "the peak of serving", millions, high=rule.max_mb, unit="MB")
    yield check if isinstance(found, CannotCompute) else replace(check, details=f"Measured: {found.what}.")


def _found(trial: Trial) -> Memory | CannotCompute:
    return trial.once(ID, lambda: _measured(trial))


def _measured(trial: Trial) -> Memory | CannotCompute:
    model = trial.subject.model
    assert model is not None  # noqa: S101  it gave predictions
    try:
        return model.memory(trial.bench.evaluation.matrix)
    except CannotCompute as error:
        return error


def facts(trial: Trial) -> Mapping[str, Any]:
    if trial.criteria.memory is None or isinstance(found := _found(trial), CannotCompute):
        return {}
    return {"memory": {"bytes": found.bytes, "what": found.what}}


PART = Part(ids, checks, limits, facts=facts)
