"""The worker: poll, acknowledge, work, answer. One job at a time, each answered exactly once."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.adapters import privileges
from runner.adapters.aws import Aws, AwsError
from runner.adapters.shell import INTERRUPTED
from runner.errors import LockgateError, UsageError
from runner.interrupts import EXIT_INTERRUPTED
from runner.text import one_line, reason
from runner.worker import evidence
from runner.worker.child import Ended, Order, Runs
from runner.worker.job import Credentials, Job, Settings, read_job, settings
from runner.worker.journal import Journal
from runner.worker.outcome import Failure, JobError, Outcome, Success, failing_as
from runner.worker.pipeline import DENIED, NO_ACTION, OTHERS, OVER, REFUSED, CodePipeline
from runner.worker.store import fetch, put
from runner.worker.unzip import unzip

JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
STOPPED = "the worker was stopped before the run had ended"
LEFT = "the worker that had this job was killed, or could not deliver its result; nothing was judged"
UNDELIVERED = 3
LONGEST_PAUSE = 300.0


@dataclass(slots=True)
class Worker:
    """A worker and its tools. `store` gives S3 under a job's credentials; `hours` is the deadline of
    a run (CodePipeline's own for a custom action is 24 h); `check_seconds` is how often CodePipeline
    is asked whether it still knows the job."""

    pipeline: CodePipeline
    store: Callable[[Credentials], Aws]
    runs: Runs
    journal: Journal
    scratch: Path | None = None
    poll_seconds: float = 10.0
    hours: float = 23.0
    check_seconds: float = 300.0
    say: Callable[[str], None] = print
    wait: Callable[[float], object] = INTERRUPTED.wait
    _secrets: set[str] = field(default_factory=set, repr=False)

    def serve(self, *, once: bool = False) -> int:
        """Serve jobs until a signal comes (`once`: one job, or none if none waits).

        Returns the exit status: 0, 130 where a job was cut short by the signal, 3 where a result
        could not be delivered. Raises UsageError, AwsError where polling makes no sense."""
        self.pipeline.tell = self._tell
        code = max([self._orphan(*found) for found in self.journal.orphans()], default=0)
        failures = 0
        while not INTERRUPTED.is_set():
            try:
                job, failures = self.pipeline.poll(), 0
            except AwsError as error:
                self._require_passing(error, once, failures)
                job, failures = None, failures + 1
            if job is not None and not INTERRUPTED.is_set():
                code = self._take(job) or code
            if once or code == EXIT_INTERRUPTED:
                break
            if job is None:
                self.wait(min(self.poll_seconds * 2**failures, max(self.poll_seconds, LONGEST_PAUSE)))
        self._tell("the worker ends")
        return code

    def _require_passing(self, error: AwsError, once: bool, failures: int) -> None:
        if error.code == NO_ACTION:
            action = "/".join(self.pipeline.action.values())
            raise UsageError(
                f"CodePipeline has no action type {action} here",
                hint="create it (docs/worker.md), or correct --category, --provider, --version, the region",
            ) from error
        if once or error.code in (*DENIED, *REFUSED):
            raise error
        if not failures:
            self._tell(f"polling fails, and goes on: {error.code} {error.what}")

    def _orphan(self, job_id: str, answered: Callable[[], None]) -> int:
        if JOB_ID.fullmatch(job_id):
            self._tell(f"job {job_id}: {LEFT}")
            if self.pipeline.answer(job_id, Failure("SystemUnavailable", LEFT)) == "undelivered":
                return UNDELIVERED
        answered()
        return 0

    def _take(self, raw: Mapping[str, Any]) -> int:
        """Acknowledge, and only then serve; the exit status that it gives the worker."""
        job_id = str(raw.get("id", ""))
        if not JOB_ID.fullmatch(job_id):
            self._tell("a job without an id that is one was left alone")
            return 0
        try:
            status = self.pipeline.acknowledge(job_id, str(raw.get("nonce", "")))
        except AwsError as error:
            why = "another worker has it" if error.code == OTHERS else f"{error.code} {error.what}"
            self._tell(f"job {job_id}: not acknowledged: {why}")
            return 0
        if status != "InProgress":
            self._tell(f"job {job_id}: left alone, it is {one_line(status, 30)}")
            return 0
        with self.journal.held(job_id) as answered:
            code = self._serve(job_id, raw, answered)
        self._secrets.clear()
        return code

    def _serve(self, job_id: str, raw: Mapping[str, Any], answered: Callable[[], None]) -> int:
        early: list[int] = []
        outcome = self._outcome(raw, lambda why: early.append(self._cut(job_id, why, answered)))
        if not early:
            return self._answer(job_id, outcome, answered)
        return early[0] or (EXIT_INTERRUPTED if INTERRUPTED.is_set() else 0)

    def _cut(self, job_id: str, why: str, answered: Callable[[], None]) -> int:
        """Answer before the run is ended: its cleaning up may take longer than we are given."""
        return self._answer(job_id, Failure("SystemUnavailable", why), answered)

    def _answer(self, job_id: str, outcome: Outcome, answered: Callable[[], None]) -> int:
        told = outcome.summary if isinstance(outcome, Success) else f"{outcome.kind}: {outcome.message}"
        self._tell(f"job {job_id}: {told}")
        if self.pipeline.answer(job_id, outcome) == "undelivered":
            return UNDELIVERED
        answered()
        return 0

    def _outcome(self, raw: Mapping[str, Any], ending: Callable[[str], None]) -> Outcome:
        """What became of the job: whatever goes wrong is a failure, and the worker goes on."""
        try:
            return self._work(read_job(raw), ending)
        except JobError as error:
            return Failure(error.kind, self._scrubbed(str(error)), error.run_id)
        except LockgateError as error:
            kind = "ConfigurationError" if error.exit_code == 2 else "SystemUnavailable"
            return Failure(kind, self._scrubbed(str(error)))  # type: ignore[arg-type]
        except Exception as error:  # a full disk, a bug: this job fails, not the next one
            return Failure("SystemUnavailable", self._scrubbed(reason(error)))

    def _work(self, job: Job, ending: Callable[[str], None]) -> Outcome:
        self._secrets.update(job.credentials)
        self._tell(f"job {job.id}: {job.where}, source {job.source}")
        chosen = settings(job, tuple(self.pipeline.query))
        with tempfile.TemporaryDirectory(
            prefix="lockgate-job-", dir=self.scratch, ignore_cleanup_errors=True
        ) as folder:
            root = self._source(job, chosen, Path(folder))
            with failing_as("SystemUnavailable"):
                ended = self.runs(Order(root, chosen.stages, job.commit), self._watch(job), ending)
            return self._judged(job, chosen, ended, root)

    def _source(self, job: Job, chosen: Settings, folder: Path) -> Path:
        """Download and unpack; the solution's folder."""
        if privileges.test_user():  # tests run as another user, who has to get in
            folder.chmod(0o755)
        archive, root = folder / "source.zip", folder / "source"
        fetch(self.store(job.credentials), job.source, archive)
        root.mkdir()
        unzip(archive, root)
        archive.unlink()
        if not (solution := root / chosen.solution).is_dir():
            raise JobError(
                "ConfigurationError", f"SolutionPath {str(chosen.solution)!r} is not in the artifact"
            )
        return solution

    def _watch(self, job: Job) -> Callable[[], str]:
        """Why the run has to end, '' as long as it need not."""
        begun = checked = time.monotonic()

        def watch() -> str:
            nonlocal checked
            now = time.monotonic()
            if INTERRUPTED.is_set():
                return STOPPED
            if now - begun > self.hours * 3600:
                return f"the run did not end within {self.hours:g} hours (--hours)"
            if now - checked < self.check_seconds:
                return ""
            checked = now
            return self._is_gone(job)

        return watch

    def _is_gone(self, job: Job) -> str:
        """GetJobDetails tells no status; that it knows no such job is all that it can say."""
        try:
            self._secrets.update(self.pipeline.credentials(job.id))
        except AwsError as error:
            return "CodePipeline does not know the job any more" if error.code in OVER else ""
        except JobError:
            pass
        return ""

    def _judged(self, job: Job, chosen: Settings, ended: Ended, root: Path) -> Success:
        found = evidence.read(ended, root)
        try:
            evidence.require_passed(found, chosen.stages)
        except JobError as error:
            raise JobError(
                error.kind, f"{error.what}{self._kept(job, found)}", run_id=found.run_id
            ) from error
        uri = self._upload(job, found)
        variables = evidence.variables(found, uri)
        summary = f"PASSED: {found.reason}; manifest sha256:{found.digest}"
        return Success(summary, found.run_id, variables)

    def _upload(self, job: Job, found: evidence.Evidence) -> str:
        """Put the output artifact with credentials as new as they can be; the manifest's URI."""
        put(self.store(self._fresh(job)), job.output, evidence.files(found), job.encryption_key)
        return f"{job.output}#{evidence.MANIFEST}"

    def _kept(self, job: Job, found: evidence.Evidence) -> str:
        """Where the evidence of a run that did not pass is, for people; it decides nothing."""
        try:
            self._upload(job, found)
        except (LockgateError, OSError) as error:
            self._tell(f"job {job.id}: the evidence could not be kept: {error}")
            return ""
        return f" (report.html in {job.output})"

    def _fresh(self, job: Job) -> Credentials:
        try:
            fresh = self.pipeline.credentials(job.id)
        except LockgateError as error:
            self._tell(f"job {job.id}: its credentials could not be renewed: {error}")
            return job.credentials
        self._secrets.update(fresh)
        return fresh

    def _tell(self, text: str) -> None:
        self.say(one_line(self._scrubbed(text), 2000))

    def _scrubbed(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text
