"""`latency`: how long one prediction takes."""

from __future__ import annotations

from collections.abc import Iterator

from runner.judge.criteria import Criteria
from runner.judge.latency import latency_check
from runner.judge.part import Limits, Part
from runner.judge.predictions import CannotCompute
from runner.judge.trial import Bench, Trial
from runner.model import Check

ID = "latency/p95"


def ids(bench: Bench) -> list[str]:
    return [ID] * bool(bench.criteria.latency)


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    if criteria.latency:
        yield ID, {"max": criteria.latency.p95_ms, "repeats": criteria.latency.repeats}


def checks(trial: Trial) -> Iterator[Check]:
    if trial.criteria.latency:
        yield latency_check(trial.criteria.latency, trial.latency)


def facts(trial: Trial) -> dict[str, dict[str, float]]:
    return {"latency_ms": {} if isinstance(trial.latency, CannotCompute) else trial.latency}


PART = Part(ids, checks, limits, facts=facts)
