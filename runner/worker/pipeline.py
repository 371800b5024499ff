"""The five calls of the CodePipeline API that a job worker makes, and what their errors mean.

An error is definite (it would be the same again), or it may pass: a throttle, a 5xx, a lost
connection. After a lost answer the call may have been carried out; that is why a result that is
refused as no longer awaited counts as answered, and never becomes another result.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from runner.adapters.aws import Aws, AwsError
from runner.adapters.shell import INTERRUPTED
from runner.worker.job import Credentials, read_credentials
from runner.worker.outcome import Failure, Outcome, Success

EXPIRED = ("ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId")
DENIED = ("AccessDeniedException", "AccessDenied")
OVER = ("InvalidJobStateException", "JobNotFoundException")
REFUSED = ("ValidationException", "OutputVariablesSizeExceededException")
NO_ACTION, OTHERS = "ActionTypeNotFoundException", "InvalidNonceException"
# Seconds between attempts to deliver a result: the job waits for it, for a day if need be.
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0, 60.0)
PAUSES_STOPPING = 3
Delivery = Literal["delivered", "over", "undelivered"]


@dataclass(slots=True)
class CodePipeline:
    """The API for one custom action type. `connect` makes a client with the worker's credentials as
    they are now: a worker lives longer than they do."""

    connect: Callable[[], Aws]
    provider: str
    version: str = "1"
    category: str = "Test"
    query: Mapping[str, str] = field(default_factory=dict)
    tell: Callable[[str], None] = print
    sleep: Callable[[float], None] = time.sleep
    _aws: Aws | None = None

    @property
    def action(self) -> dict[str, str]:
        """The action type's id; only Custom ones have jobs to poll for."""
        return {
            "category": self.category,
            "owner": "Custom",
            "provider": self.provider,
            "version": self.version,
        }

    def poll(self) -> Mapping[str, Any] | None:
        """One job that waits, if any. Raises AwsError."""
        query = {"queryParam": dict(self.query)} if self.query else {}
        told = self._call("poll_for_jobs", actionTypeId=self.action, maxBatchSize=1, **query)
        jobs = told.get("jobs") or []
        return jobs[0] if jobs else None

    def acknowledge(self, job_id: str, nonce: str) -> str:
        """The job's status now: InProgress means that it is ours. Raises AwsError."""
        return str(self._call("acknowledge_job", jobId=job_id, nonce=nonce).get("status", ""))

    def credentials(self, job_id: str) -> Credentials:
        """New credentials for the job's artifacts. Raises AwsError (JobNotFoundException where
        there is no such job any more), JobError where there are none."""
        told = self._call("get_job_details", jobId=job_id)
        return read_credentials((told.get("jobDetails") or {}).get("data") or {})

    def answer(self, job_id: str, outcome: Outcome) -> Delivery:
        """Put the result, patiently. A success that CodePipeline refuses to take becomes a failure;
        one that may have arrived is never followed by anything else."""
        for attempt, pause in enumerate((*PAUSES, 0.0)):
            try:
                self._put(job_id, outcome)
                return "delivered"
            except AwsError as error:
                if error.code in OVER:
                    self.tell(f"job {job_id}: CodePipeline waits for no result any more ({error.code})")
                    return "over"
                if error.code in REFUSED and isinstance(outcome, Success):
                    refusal = Failure("SystemUnavailable", f"the result was refused: {error.what}")
                    return self.answer(job_id, refusal)
                self.tell(f"job {job_id}: its result could not be delivered: {error.code} {error.what}")
                if error.code in (*REFUSED, *DENIED) or self._gives_up(attempt):
                    return "undelivered"
            self.sleep(pause)
        return "undelivered"

    def _gives_up(self, attempt: int) -> bool:
        return attempt == len(PAUSES) or (INTERRUPTED.is_set() and attempt >= PAUSES_STOPPING)

    def _put(self, job_id: str, outcome: Outcome) -> None:
        operation = "put_job_success_result" if isinstance(outcome, Success) else "put_job_failure_result"
        self._call(operation, jobId=job_id, **outcome.arguments())

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        self._aws = self._aws or self.connect()
        try:
            return self._aws.call("codepipeline", operation, **arguments)
        except AwsError as error:
            if error.code not in EXPIRED:
                raise
        self._aws = self.connect()
        return self._aws.call("codepipeline", operation, **arguments)
