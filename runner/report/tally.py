"""What a record says, counted and gathered: the same numbers on the terminal and in every report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from runner.model import Check, StageResult, Status, Verdict
from runner.report.numbers import plural
from runner.report.record import RunRecord

BAD = (Status.ERROR, Status.FAILED)
SHOWN_FIRST = {Status.ERROR: 0, Status.FAILED: 1, Status.SKIPPED: 2, Status.PASSED: 3}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many checks ended how."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.errors + self.skipped

    def __str__(self) -> str:
        if not self.total:
            return "no checks"
        named = ((self.failed, "failed"), (self.errors, "could not tell"), (self.skipped, "skipped"))
        parts = [plural(self.total, "check")] if self.passed == self.total else [f"{self.passed:,} passed"]
        return ", ".join(parts + [f"{count:,} {name}" for count, name in named if count])


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failed or errored check with the step it belongs to."""

    result: StageResult
    check: Check


def counts(checks: Iterable[Check]) -> Counts:
    """The checks counted by status."""
    seen = Counter(check.status for check in checks)
    return Counts(seen[Status.PASSED], seen[Status.FAILED], seen[Status.ERROR], seen[Status.SKIPPED])


def all_counts(record: RunRecord) -> Counts:
    """The checks of every step of a run counted by status."""
    return counts(check for result in record.results for check in result.checks)


def step_id(result: StageResult) -> str:
    """The id of the plan's step that a result belongs to; other steps go by theirs already."""
    return f"stage:{result.name}" if result.is_stage else result.name


def own_check(result: StageResult) -> Check | None:
    """The step itself as a check, where its checks do not show why it ended as it did.

    A stage killed after its last passing check would otherwise look green, and one that died
    before its first would not be seen at all."""
    shown = any(check.status is result.status for check in result.checks)
    if shown or (result.status is Status.PASSED and result.checks):
        return None
    blocked = f"{result.blocked_by} did not pass" if result.blocked_by else ""
    fallback = "" if result.status is Status.PASSED else blocked or f"{step_id(result)} gave no cause"
    return Check(step_id(result), result.status, seconds=result.seconds, cause=result.cause or fallback)


def troubles(record: RunRecord) -> tuple[Trouble, ...]:
    """Everything that failed or could not be told, what decided the verdict first.

    A verdict that is not PASSED always has at least one, if need be the verdict's own reason."""
    found = [trouble for result in record.results for trouble in _of(result)]
    verdict = record.verdict
    if not found and verdict.status is not Status.PASSED:
        check = Check(verdict.check or "verdict", verdict.status, cause=verdict.reason)
        found = [Trouble(_named(record, verdict), check)]
    return tuple(sorted(found, key=lambda trouble: not _decides(trouble, verdict)))


def _of(result: StageResult) -> list[Trouble]:
    own = own_check(result)
    checks = ([own] if own else []) + list(result.checks)
    return [Trouble(result, check) for check in checks if check.status in BAD]


def _named(record: RunRecord, verdict: Verdict) -> StageResult:
    matching = [result for result in record.results if result.name == verdict.stage]
    return matching[0] if matching else StageResult(verdict.stage or "run", "run", verdict.status)


def _decides(trouble: Trouble, verdict: Verdict) -> bool:
    if trouble.result.name != verdict.stage:
        return False
    return not verdict.check or trouble.check.id == verdict.check


def finding(check: Check) -> str:
    """Why a check did not pass, in one phrase: its cause, or what was measured against what limit."""
    if check.cause:
        return check.cause
    return f"{check.measured or 'nothing measured'}, limit {check.limit}" if check.limit else check.measured


def headline(verdict: Verdict) -> str:
    """The verdict's reason; it names stages and checks by itself."""
    return verdict.reason or "no reason was given"
