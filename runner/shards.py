"""The shards of a stage, put together: one result, as if the stage had run in one process.

No test may be lost and none may run twice: each shard says what the whole suite is, the shards must
agree on that, and the union of what they ran has to be just it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runner.model import Check, Evidence, StageReport, StageResult, Status
from runner.stages.outcome import worst
from runner.stages.suites import COLLECTION, empty_suites
from runner.verdict import EXIT, Ending, Expected, doubt_of, judge_stage


def judge_shards(expected: Expected, endings: Sequence[Ending], suites: Sequence[str]) -> StageResult:
    """The stage's result from how its shards ended, in order; ERROR where one of them proves nothing."""
    lone = replace(expected, min_checks=0)
    doubts = [(n, doubt) for n, ending in enumerate(endings, 1) if (doubt := doubt_of(lone, ending))]
    reports = [ending.report for ending in endings if ending.report]
    cause = f"shard {doubts[0][0]} of {len(endings)}: {doubts[0][1]}" if doubts else _disagreement(reports)
    whole = _merged(expected, reports, suites)
    peak = max((e.peak_bytes for e in endings), default=0)
    seconds = max((e.seconds for e in endings), default=0.0)
    if cause or not reports:
        why = cause or "no shard left a report"
        report = replace(whole, status=Status.ERROR, cause=why) if whole else None
        return StageResult(expected.stage, expected.kind, Status.ERROR, why, seconds, report, peak)
    assert whole is not None  # noqa: S101  there are reports
    ending = Ending(EXIT[whole.status], whole, sealed=True, seconds=seconds, peak_bytes=peak)
    result = judge_stage(expected, ending)
    return replace(result, report=replace(whole, status=result.status, cause=result.cause))


def _disagreement(reports: Sequence[StageReport]) -> str:
    first = reports[0] if reports else None
    if any(not r.whole or sorted(r.whole) != sorted(reports[0].whole) for r in reports):
        return "its shards did not collect the same tests"
    if any(first and r.judged != first.judged for r in reports):
        return "its shards did not judge the same suites"
    return ""


def _merged(expected: Expected, reports: Sequence[StageReport], suites: Sequence[str]) -> StageReport | None:
    if not reports:
        return None
    checks = _in_order(reports)
    checks += empty_suites(suites, checks)
    whole, known = reports[0].whole, set(reports[0].whole)
    # A check of a shard's own (a session that broke off) is an error already, and was not due.
    extra = (c.id for c in checks if c.status is Status.ERROR and c.id not in known)
    return StageReport(
        expected.run_id,
        expected.stage,
        expected.kind,
        worst(c.status for c in checks),
        (*whole, *extra),
        checks,
        max(r.seconds for r in reports),
        judged=reports[0].judged,
        evidence=Evidence(facts={"shards": len(reports)}),
    )


def _in_order(reports: Sequence[StageReport]) -> tuple[Check, ...]:
    """In the order of collection. What could not be collected stands in every shard's report, and
    once in the whole's."""
    place = {ident: n for n, ident in enumerate(reports[0].whole)}
    broken: dict[str, Check] = {}
    checks = []
    for check in (c for report in reports for c in report.checks):
        if check.id.endswith(COLLECTION) and check.id in broken:
            continue
        broken.setdefault(check.id, check)
        checks.append(check)
    return tuple(sorted(checks, key=lambda c: place.get(c.id, len(place))))
