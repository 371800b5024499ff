"""Rule 1, missing evidence is never a pass: what a stage's process left -> StageResult -> Verdict.

Pure. A stage passes only when five things agree: it ended by itself with status 0; its completion
sentinel is there and belongs to this very report; the report parses and is this run's; every
check that was collected has a result and no other has; enough of them were really executed. The
status that the report claims is never believed: it is recomputed from the checks, and has to agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runner.model import Check, StageReport, StageResult, Status, Verdict
from runner.stages.outcome import RANK, worst
from runner.text import one_line

REASON = 800  # characters of the verdict's one line
EXIT = {Status.PASSED: 0, Status.FAILED: 1, Status.ERROR: 3, Status.SKIPPED: 3}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a stage's process ended and what it left; `report` or `damage` (why there is none).

    `sha256` is that of the result.json which was sealed."""

    code: int | None
    report: StageReport | None = None
    damage: str = ""
    sealed: bool = False
    sha256: str = ""
    timed_out: bool = False
    over_memory: bool = False
    cancelled: bool = False
    seconds: float = 0.0
    peak_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Expected:
    """What the plan expects of a stage."""

    run_id: str
    stage: str
    kind: str
    timeout: float
    memory: int | None
    min_checks: int


def judge_stage(expected: Expected, ending: Ending) -> StageResult:
    """The stage's result: what its checks say if the evidence agrees with itself, else ERROR."""
    report = ending.report
    doubt = doubt_of(expected, ending)
    checks = report.checks if report else ()
    status = Status.ERROR if doubt else worst(c.status for c in checks)
    cause = doubt or _cause(status, checks, report)
    return StageResult(
        expected.stage, expected.kind, status, cause, ending.seconds, report, ending.peak_bytes
    )


def doubt_of(expected: Expected, ending: Ending) -> str:
    """Why what a stage left proves nothing; '' where its evidence agrees with itself."""
    return _killed(expected, ending) or _unproven(expected, ending) or _incoherent(expected, ending)


def _killed(expected: Expected, ending: Ending) -> str:
    if ending.cancelled:
        return "interrupted before it ended"
    if ending.timed_out:
        return f"did not end within its deadline of {expected.timeout:.0f} s (`timeout`)"
    if ending.over_memory:
        return f"used {_mib(ending.peak_bytes)}, over its limit of {_mib(expected.memory or 0)} (`memory`)"
    if ending.code is None:
        return f"its exit status is not known{ending.damage and ': '}{ending.damage}"
    if ending.code < 0:
        hint = ": out of memory, or killed from outside" if ending.code == -9 else ""
        return f"killed by signal {-ending.code}{hint}"
    return ""


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"


def _unproven(expected: Expected, ending: Ending) -> str:
    report = ending.report
    if report is None:
        return f"exit status {ending.code}, but no report: {ending.damage or 'none was left'}"
    if not ending.sealed:
        return f"exit status {ending.code}, but its report has no completion sentinel"
    if (report.run_id, report.stage, report.kind) != (expected.run_id, expected.stage, expected.kind):
        return f"its report is of another run or stage ({report.run_id}, {report.stage})"
    return ""


def _incoherent(expected: Expected, ending: Ending) -> str:
    report = ending.report
    assert report is not None  # noqa: S101  _unproven has seen to it
    status = worst(c.status for c in report.checks)
    executed = sum(c.status is not Status.SKIPPED for c in report.checks)
    if status is Status.ERROR and report.cause and not report.checks:
        return report.cause
    if Counter(c.id for c in report.checks) != Counter(report.collected):
        return _difference(report)
    if status is Status.PASSED and executed < expected.min_checks:
        return f"only {executed} checks were executed, at least {expected.min_checks} are required"
    if report.status is not status or ending.code != EXIT[status]:
        return f"its checks say {status}, its report {report.status}, its exit status {ending.code}"
    return ""


def _difference(report: StageReport) -> str:
    seen, due = Counter(c.id for c in report.checks), Counter(report.collected)
    missing, extra = list((due - seen).elements()), list((seen - due).elements())
    name, what = (missing[0], "no result") if missing else (extra[0], "was not expected")
    return f"{len(missing)} checks missing and {len(extra)} unexpected; first: {name} ({what})"


def _cause(status: Status, checks: Sequence[Check], report: StageReport | None) -> str:
    if status is Status.PASSED:
        return ""
    first = first_bad(checks)
    return f"{first.id}: {first.cause}" if first else (report.cause if report else "")


def first_bad(checks: Sequence[Check]) -> Check | None:
    """The first of the worst checks."""
    bad = [c for c in checks if c.status in (Status.ERROR, Status.FAILED)]
    return max(bad, key=lambda c: RANK[c.status], default=None)


def judge(results: Sequence[StageResult], expected: Sequence[str]) -> Verdict:
    """The run's verdict over its steps: worst wins. A stage skipped because one that it needs did
    not pass adds nothing; a skipped one for any other reason, and an expected one without a
    result, is ERROR. `expected` are the stages of the plan."""
    missing = set(expected) - {r.name for r in results if r.is_stage}
    if missing or not expected:
        return Verdict(Status.ERROR, f"no result of stage {', '.join(sorted(missing)) or 'any'}")
    counted = [_unexplained(r) for r in results if not (r.status is Status.SKIPPED and r.blocked_by)]
    decider = max(counted, key=lambda r: RANK[r.status], default=None)
    if decider is None or decider.status is Status.SKIPPED:
        return Verdict(Status.ERROR, "nothing was judged")
    if decider.status is Status.PASSED:
        return _passed(results)
    check = first_bad(decider.checks)
    return Verdict(decider.status, _reason(counted), decider.name, check.id if check else "")


def _reason(results: Sequence[StageResult]) -> str:
    """The first cause of every step that did not pass, the worst first: which of them is the root
    of the others is for a person to see, so none may be missing."""
    bad = [r for r in results if r.status in (Status.ERROR, Status.FAILED)]
    worst_first = sorted(bad, key=lambda r: -RANK[r.status])
    room = REASON // max(1, min(len(bad), 4))
    return " | ".join(f"{r.name}: {r.cause}"[:room].rstrip() for r in worst_first[:4])


def _unexplained(result: StageResult) -> StageResult:
    if result.status is not Status.SKIPPED:
        return result
    return StageResult(result.name, result.kind, Status.ERROR, result.cause or "skipped without a reason")


def _passed(results: Sequence[StageResult]) -> Verdict:
    if any(r.status is not Status.PASSED for r in results):
        return Verdict(Status.ERROR, "a step was skipped although nothing that it needs failed")
    checks = [c for r in results for c in r.checks if c.status is Status.PASSED]
    stages = sum(r.report is not None for r in results)
    told = f"{_count(len(checks), 'check')} passed in {_count(stages, 'stage')}"
    return Verdict(Status.PASSED, "; ".join([told, *_allowed(results)]))


def _allowed(results: Sequence[StageResult]) -> Iterator[str]:
    """What passed without evidence because a policy allows it, as the stages say."""
    for report in (r.report for r in results if r.report):
        told = report.evidence.facts.get("allowed", ())
        yield from (f"allowed: {one_line(words)}" for words in told if isinstance(words, str))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
