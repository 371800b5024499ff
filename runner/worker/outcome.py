"""What a job is answered with, within the limits of the CodePipeline API. Pure.

Limits: botocore's service model of codepipeline 2015-07-09; the total of the variables is
CodePipeline's quota.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from runner.errors import LockgateError
from runner.text import one_line

FailureType = Literal[
    "JobFailed", "ConfigurationError", "PermissionError", "RevisionUnavailable", "SystemUnavailable"
]
SUMMARY, EXTERNAL_ID, MESSAGE, VALUE, VARIABLES = 2048, 1500, 5000, 1500, 122_880
KEY = re.compile(r"[A-Za-z0-9@_-]+")


class JobError(LockgateError):
    """A job cannot succeed: `kind` is the type of failure that CodePipeline is told."""

    def __init__(self, kind: FailureType, what: str, *, run_id: str = "") -> None:
        self.kind, self.run_id = kind, run_id
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class Success:
    """Everything agreed that the verdict is PASSED. `variables` go to the actions that follow."""

    summary: str
    run_id: str
    variables: Mapping[str, str]

    def arguments(self) -> dict[str, Any]:
        """Of PutJobSuccessResult, without the job. Never a continuationToken: with one the job would
        count as still running, and the variables would be refused."""
        details = {"summary": one_line(self.summary, SUMMARY), "percentComplete": 100}
        return {
            "executionDetails": details | _external(self.run_id),
            "outputVariables": bounded(self.variables),
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """The job did not succeed; `message` names the cause."""

    kind: FailureType
    message: str
    run_id: str = ""

    def arguments(self) -> dict[str, Any]:
        """Of PutJobFailureResult, without the job."""
        message = one_line(self.message, MESSAGE) or "no cause was given"
        return {"failureDetails": {"type": self.kind, "message": message} | _external(self.run_id)}


Outcome = Success | Failure


def _external(run_id: str) -> dict[str, str]:
    return {"externalExecutionId": run_id[:EXTERNAL_ID]} if run_id else {}


def bounded(variables: Mapping[str, str]) -> dict[str, str]:
    """One-line values with names that CodePipeline takes. Empty ones are left out.

    Raises JobError where the total is too much: a variable that is missing would be evidence lost."""
    kept = {
        name: one_line(value, VALUE) for name, value in variables.items() if KEY.fullmatch(name) and value
    }
    size = sum(len(name.encode()) + len(value.encode()) for name, value in kept.items())
    if size > VARIABLES:
        raise JobError("SystemUnavailable", f"the output variables are {size:,} bytes, over {VARIABLES:,}")
    return kept


@contextmanager
def failing_as(kind: FailureType) -> Iterator[None]:
    """Any other error of ours inside fails the job with this type."""
    try:
        yield
    except JobError:
        raise
    except LockgateError as error:
        raise JobError(kind, str(error)) from error
