"""`explain`: permutation importance, features that must not matter, and what moved against the champion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runner.config.problems import did_you_mean
from runner.judge.bounds import number
from runner.judge.by_evidence import shown, within
from runner.judge.champion import without_champion
from runner.judge.criteria import Criteria
from runner.judge.criteria_explain import Explain
from runner.judge.explain import moved, ranks
from runner.judge.explain_shown import plot_of, table_of
from runner.judge.explaining import Explained, explained
from runner.judge.metrics import metrics_for
from runner.judge.paired.verdict import Interval
from runner.judge.part import Fault, Limits, Part
from runner.judge.predictions import CannotCompute
from runner.judge.trial import Bench, Trial
from runner.model import Check, Plot, Status, Table

ID, MOVED = "explain", "explain/moved"


def ids(bench: Bench) -> Iterator[str]:
    rule = bench.criteria.explain
    if rule:
        yield ID
        yield from (_id(name) for name in rule.must_not_use)
        yield from [MOVED] * (rule.max_share_moved is not None)


def _id(name: str) -> str:
    return f"explain/must_not_use/{name}"


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    rule = criteria.explain
    if rule is None:
        return
    how = rule.model_dump(mode="json", include={"metric", "alpha", "permutations", "max_rows", "seed"})
    how["groups"] = {name: list(each) for name, each in rule.groups.items()} or None
    yield from ((_id(name), {"max": rule.max_importance, **how}) for name in rule.must_not_use)
    if rule.max_share_moved is not None:
        yield MOVED, {"max": rule.max_share_moved, **how}


def faults(criteria: Criteria) -> Iterator[Fault]:
    rule = criteria.explain
    known = metrics_for(criteria.task)
    if rule and rule.metric is not None and rule.metric not in known:
        what = f"{rule.metric!r} is no metric of {criteria.task}"
        yield Fault(("explain", "metric"), what, did_you_mean(rule.metric, known))


def checks(trial: Trial) -> Iterator[Check]:
    rule = trial.criteria.explain
    if rule is None:
        return
    found = _found(trial, rule)
    if isinstance(found, CannotCompute):
        for id in ids(trial.bench):
            yield Check(id, Status.ERROR, cause=f"importances cannot be computed: {found}")
        return
    done = f"{len(found.mine)} features by {rule.permutations} permutations of {found.rows:,} rows"
    yield Check(ID, Status.PASSED, measured=done)
    yield from (_unused(trial, rule, found, name) for name in rule.must_not_use)
    if rule.max_share_moved is not None:
        yield _moved(found, rule.max_share_moved, rule.alpha)


def _found(trial: Trial, rule: Explain) -> Explained | CannotCompute:
    def compute() -> Explained | CannotCompute:
        try:
            return explained(trial, rule)
        except CannotCompute as error:
            return error

    return trial.once(ID, compute)


def _unused(trial: Trial, rule: Explain, found: Explained, name: str) -> Check:
    """A column that the model is not given cannot matter; one that is nowhere is a typing error."""
    columns = trial.bench.evaluation.frame.columns
    if name not in found.mine and name not in trial.bench.features and name in columns:
        return Check(_id(name), Status.PASSED, measured="the model is not given it")

    def drop() -> Interval:
        if name not in found.mine:
            raise CannotCompute(_nowhere(rule, name, [*found.mine, *columns]))
        return found.mine[name].drop

    high = rule.max_importance if rule.max_importance is not None else 0.0
    return within(_id(name), f"what {found.metric} loses without {name}", drop, high=high, rows=found.rows)


def _nowhere(rule: Explain, name: str, known: list[str]) -> str:
    """Why a name has no importance of its own."""
    for group, names in rule.groups.items():
        if name in names:
            return f"it is permuted with the group {group!r}"
    return f"no feature or group is called that: {did_you_mean(name, known)}"


def _moved(found: Explained, most: float, alpha: float) -> Check:
    """FAILED where even the least that moved is too much; ERROR where noise alone may have moved it."""
    limit = f"<= {number(most)}"
    if isinstance(found.theirs, CannotCompute):
        return without_champion(MOVED, found.theirs, "what moved cannot be computed", limit)
    try:
        share = moved(found.mine, found.theirs, alpha)
    except CannotCompute as error:
        return Check(MOVED, Status.ERROR, cause=f"what moved cannot be computed: {error}", limit=limit)
    if share.value <= most:
        return Check(MOVED, Status.PASSED, measured=shown(share), limit=limit)
    status = Status.FAILED if share.low > most else Status.ERROR
    tell = "" if status is Status.FAILED else ": noise may have done it, more rows or permutations tell"
    cause = f"{shown(share)} of the importance moved to other features, more than {number(most)}{tell}"
    return Check(MOVED, status, cause=cause, measured=shown(share), limit=limit)


def _shown(trial: Trial) -> Explained | None:
    rule = trial.criteria.explain
    found = _found(trial, rule) if rule else None
    return None if isinstance(found, CannotCompute) else found


def plots(trial: Trial) -> Iterator[Plot]:
    found = _shown(trial)
    if found:
        yield plot_of(found)


def tables(trial: Trial) -> Iterator[Table]:
    found = _shown(trial)
    if found:
        yield table_of(found)


def facts(trial: Trial) -> dict[str, Any]:
    found = _shown(trial)
    if not found:
        return {}
    drops = {name: round(found.mine[name].drop.value, 6) for name in ranks(found.mine)}
    return {"importance": drops, "importance_metric": found.metric}


PART = Part(ids, checks, limits, faults, plots, facts, tables)
