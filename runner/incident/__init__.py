"""A failure, told with its cause: the message, the chat forms of it, and the bundle of evidence.

    Incident -> evidence (incident.zip) -> message -> SNS, webhook -> Told

An `Incident` is data: whoever failed (a run, a deployment, a rollback, a merge) fills it in. Nothing here
changes how it failed: sending and collecting never raise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from runner.model import Check, Status

What = Literal["run", "deploy", "rollback", "merge"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that did not pass, or a step of a deployment: what was measured against what limit."""

    stage: str
    id: str
    status: Status
    cause: str = ""
    measured: str = ""
    limit: str = ""


def findings(stage: str, checks: Iterable[Check]) -> tuple[Finding, ...]:
    """The checks of a stage that neither passed nor were skipped."""
    bad = (c for c in checks if c.status in (Status.FAILED, Status.ERROR))
    return tuple(Finding(stage, c.id, c.status, c.cause, c.measured, c.limit) for c in bad)


@dataclass(frozen=True, slots=True)
class Incident:
    """What failed, why, and where to look.

    `id`: the run's or the release's. `failed`: what decided first. `links`: label -> URL, s3:// URI or
    path, in the order in which they are shown. `start`, `end`: the window of the failure, with time zone.
    `stack`: CloudFormation's name or id. `role`: ARN of the role (or of its session) that acted.
    `tasks`: ARNs of ECS tasks. `log_groups`: CloudWatch's. `files`: name in the bundle -> file."""

    what: What
    id: str
    solution: str
    status: Status
    cause: str
    start: datetime
    end: datetime
    commit: str = ""
    stage: str = ""
    environment: str = ""
    release: str = ""
    failed: tuple[Finding, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    stack: str = ""
    role: str = ""
    tasks: tuple[str, ...] = ()
    log_groups: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def dedup(self) -> str:
        """The same for every message about this very failure, so that a receiver can drop repeats."""
        parts = (self.what, self.solution, self.environment, self.id, self.release, self.stage, self.status)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
