"""The plain text of a run: a line a finished step, and closing lines that say what failed, why, and
where to look."""

from __future__ import annotations

from pathlib import PurePath

from runner.model import StageResult, Status
from runner.report import layout
from runner.report.numbers import seconds
from runner.report.record import RunRecord
from runner.report.tally import Trouble, all_counts, counts, finding, headline, step_id, troubles
from runner.text import one_line

SHOWN = 5
PARTIAL = "partial: only some of the solution's stages were run, so this releases nothing"


def stage_line(result: StageResult) -> str:
    """One finished step, for a log: 'PASSED  stage:unit  104 checks, 4.5 s'."""
    parts = [str(counts(result.checks))] if result.checks else []
    line = f"{result.status:<7} {one_line(step_id(result))}  {', '.join([*parts, seconds(result.seconds)])}"
    return f"{line}  {one_line(result.cause, 200)}" if result.cause else line


def last_lines(record: RunRecord, report: str) -> list[str]:
    """The closing lines of a run; the very last one has the verdict, its cause and the report's path."""
    lines = [""] + ([PARTIAL] if not record.complete else [])
    verdict = record.verdict
    if verdict.status is not Status.PASSED:
        found = troubles(record)
        lines += [line for trouble in found[:SHOWN] for line in _trouble(trouble, report)]
        lines += [f"  ... and {len(found) - SHOWN:,} more"] if len(found) > SHOWN else []
        return [*lines, f"{verdict.status}  {one_line(headline(verdict), 900)} -- report: {report}"]
    lines += [f"release {record.release}"] if record.release else []
    lines.append(
        f"{all_counts(record)} in {seconds(record.seconds)}; manifest sha256 {record.manifest_sha256}"
    )
    return [*lines, f"{verdict.status}  {one_line(record.solution)} -- report: {report}"]


def _trouble(trouble: Trouble, report: str) -> list[str]:
    result, check = trouble.result, trouble.check
    lines = [f"  {check.status}  {one_line(result.name)}: {one_line(check.id, 200)}"]
    if why := one_line(finding(check)):
        lines.append(f"          {why}")
    if check.limit and check.cause:
        lines.append(
            f"          measured {one_line(check.measured) or 'nothing'}, limit {one_line(check.limit)}"
        )
    if result.kind == "run":  # the run itself is in doubt: no step's log knows of it
        return lines
    log = str(PurePath(report).parent / layout.log_file(result))
    return [*lines, f"          log: {one_line(log, 1000)}"]
