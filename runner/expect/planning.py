"""A suite and a table's columns -> what is compiled, why the rest is not, and the answers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from runner.expect.asks import Asked, Uncomputable
from runner.expect.columns import Column
from runner.expect.compiled import Compiled
from runner.expect.compilers import COMPILERS, why_left
from runner.expect.conditions import condition
from runner.expect.literals import Uncompiled
from runner.expect.scope import Scope
from runner.expect.sentences import TOLD

TRUTHS = ("strict_min", "strict_max", "or_equal", "ties_okay", "exact_match")
RUNTIME = ("result_format", "catch_exceptions")
FORMATS = ("BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE")


@dataclass(frozen=True, slots=True)
class Planned:
    """By check id: what was compiled, or why it is left to Great Expectations."""

    compiled: Mapping[str, Compiled]
    left: Mapping[str, str]


def plan(expectations: Mapping[str, tuple[str, Mapping[str, Any]]], columns: Mapping[str, Column]) -> Planned:
    """Compile what can be: check id -> (type, kwargs)."""
    compiled: dict[str, Compiled] = {}
    left: dict[str, str] = {}
    for id, (type, kwargs) in expectations.items():
        try:
            compiled[id] = _compile(type, kwargs, columns)
        except Uncompiled as why:
            left[id] = str(why)
    return Planned(compiled, left)


def _compile(type: str, kwargs: Mapping[str, Any], columns: Mapping[str, Column]) -> Compiled:
    if why := why_left(type):
        raise Uncompiled(why)
    for name in kwargs:
        if name not in (*TOLD[type][1], *RUNTIME):
            raise Uncompiled(f"{name} is given")
    _require_runtime(kwargs)
    _require_truths(kwargs)
    if any("$PARAMETER" in value for value in kwargs.values() if isinstance(value, Mapping)):
        raise Uncompiled("a suite parameter")
    return COMPILERS[type](kwargs, Scope(columns, condition(kwargs, columns)))


def _require_truths(kwargs: Mapping[str, Any]) -> None:
    """Great Expectations reads 1 or "yes" as true, refuses null and "maybe": all those are left to it."""
    for name in TRUTHS:
        if not isinstance(kwargs.get(name, False), bool):
            raise Uncompiled(f"{name} is no truth")


def _require_runtime(kwargs: Mapping[str, Any]) -> None:
    """Great Expectations reads these of an expectation, and then takes what the run says instead (SUMMARY).

    Raises Uncompiled where it would not even read them."""
    form, caught = kwargs.get("result_format", FORMATS[0]), kwargs.get("catch_exceptions", True)
    if form not in FORMATS and not (isinstance(form, Mapping) and "result_format" in form):
        raise Uncompiled("a result_format that there is not")
    if not isinstance(caught, bool):
        raise Uncompiled("catch_exceptions is no truth")


def answers(planned: Planned, table: Asked) -> dict[str, tuple[bool, Mapping[str, Any]]]:
    """Success and Great Expectations' `result` of every compiled expectation but those which are left to it
    after all: the answers show it, or one of them cannot be computed."""
    found = table.answer(ask for each in planned.compiled.values() for ask in each.asks)
    told = {}
    computed = {id: each for id, each in planned.compiled.items() if found.keys() >= set(each.asks)}
    for id, each in computed.items():
        with suppress(Uncompiled, Uncomputable):
            wanted = each.rows(found)
            told[id] = each.conclude(found, table.rows(wanted) if wanted else [])
    return told
