"""A table and its suite -> answers: what is compiled where the table lies, the rest by Great Expectations.

Great Expectations, and pandas, are imported only where something is left to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from runner.errors import InfrastructureError
from runner.expect.columns import Column
from runner.expect.footer import Trusting
from runner.expect.literals import Uncompiled
from runner.expect.planning import Planned, answers, plan
from runner.expect.sentences import SEVERITIES, sentence
from runner.sources.source import Source
from runner.stages.tables.engine import MARK, Answers, Engine
from runner.stages.tables.suite import Expectation, Suite
from runner.text import one_line

ODD = "of a severity that there is not"
AFTER_ALL = "its own answers show that it has to be"
Outcome = tuple[bool, Mapping[str, Any]]
FINE = {"raised_exception": False, "exception_traceback": None, "exception_message": None}


@dataclass(frozen=True, slots=True)
class Answered:
    """What a table said, and what it is: its rows, its columns with their types; `left`: what was asked of
    Great Expectations, and why; `by_footer`: which expectations a trusted footer answered, without a look at
    any value; `failed`: why nothing of the table was computed in one scan, where that was tried."""

    answers: Answers
    rows: int
    columns: Mapping[str, str]
    left: Mapping[str, str]
    by_footer: tuple[str, ...] = ()
    failed: str = ""


def planned(suite: Suite, columns: Mapping[str, Column] | Uncompiled) -> Planned:
    """What is compiled of a suite over a table's columns, and why the rest is not."""
    if isinstance(columns, Uncompiled):
        return Planned({}, {e.id: str(columns) for e in suite.expectations})
    odd = {e.id: ODD for e in suite.expectations if e.config.get("severity") not in SEVERITIES}
    found = plan({e.id: (e.type, e.kwargs) for e in suite.expectations if e.id not in odd}, columns)
    return Planned(found.compiled, {**found.left, **odd})


def answered(source: Source, suite: Suite, table: str, engine: Engine) -> Answered:
    """Every expectation's answer. Raises InfrastructureError where the table cannot be read to its end."""
    columns = source.columns()
    intent = planned(suite, columns)
    told, rows, failed = _scanned(source, intent)
    left = {**intent.left, **{id: failed or AFTER_ALL for id in intent.compiled if id not in told}}
    by_footer = _by_footer(source, intent) if told else ()
    rest = tuple(e for e in suite.expectations if e.id not in told)
    if not rest and not isinstance(columns, Uncompiled):
        shown = {c.name: c.dtype or str(c.kind) for c in columns.values()}
        return Answered(_merged(suite, table, told, None), rows, shown, left, by_footer, failed)
    frame = source.frame()
    theirs = engine(frame, replace(suite, expectations=rest), table) if rest else None
    types = {str(name): str(dtype) for name, dtype in frame.dtypes.items()}
    return Answered(_merged(suite, table, told, theirs), len(frame), types, left, by_footer, failed)


def _by_footer(source: Source, intent: Planned) -> tuple[str, ...]:
    asked = source.asked()
    return asked.alone(intent.compiled) if isinstance(asked, Trusting) else ()


def _scanned(source: Source, intent: Planned) -> tuple[dict[str, Outcome], int, str]:
    """What is compiled, answered, the number of rows, and why there is neither. What cannot be computed there
    is asked of Great Expectations, which says why where it cannot either."""
    if not intent.compiled:
        return {}, 0, ""
    try:
        return answers(intent, source.asked()), source.asked().count(), ""
    except InfrastructureError as error:
        return {}, 0, one_line(error.what)


def _merged(suite: Suite, table: str, told: Mapping[str, Outcome], theirs: Answers | None) -> Answers:
    """Both in the suite's order, and one validation result of them."""
    results = {e.id: _result(e, told[e.id], table) for e in suite.expectations if e.id in told}
    words = {e.id: sentence(e.type, e.kwargs) for e in suite.expectations if e.id in told}
    if theirs is not None:
        results |= {id: dict(result) for id, result in theirs.results.items()}
        words |= theirs.words
    ordered = {e.id: results[e.id] for e in suite.expectations if e.id in results}
    return Answers(ordered, words, theirs.errors if theirs else {}, _document(suite, ordered, theirs))


def _result(e: Expectation, outcome: Outcome, table: str) -> dict[str, Any]:
    """One result, as Great Expectations' own JSON has it."""
    config = {
        "type": e.type,
        "kwargs": {**e.kwargs, "batch_id": f"lockgate-{table}"},
        "meta": {**(e.config.get("meta") or {}), MARK: e.id},
        "severity": e.severity,
    }
    return {
        "success": outcome[0],
        "expectation_config": config,
        "result": dict(outcome[1]),
        "meta": {},
        "exception_info": dict(FINE),
    }


def _document(
    suite: Suite, results: Mapping[str, Mapping[str, Any]], theirs: Answers | None
) -> dict[str, Any]:
    good, count = sum(r.get("success") is True for r in results.values()), len(results)
    statistics = {
        "evaluated_expectations": count,
        "successful_expectations": good,
        "unsuccessful_expectations": count - good,
        "success_percent": 100 * good / count if count else None,
    }
    document = {"suite_name": suite.name, "suite_parameters": dict(suite.parameters), "meta": {}, "id": None}
    document |= dict(theirs.document) if theirs else {}
    return {**document, "success": good == count, "results": list(results.values()), "statistics": statistics}
