"""The one input of every report: a finished run, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.model import Artifact, StageResult, Verdict


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A finished run. `started` is ISO 8601 in UTC; `seconds` is wall-clock time.

    `results` holds prepare and build steps and stages in the plan's order. `tree_clean` is None
    where there is no version control to ask. `aws` is one line saying which AWS was used.
    `complete` is False where only a part of the solution's stages was selected. `release` is the name
    that the history gave to a complete run that passed."""

    run_id: str
    solution: str
    commit: str
    tree_clean: bool | None
    branch: str
    started: str
    seconds: float
    aws: str
    verdict: Verdict
    results: tuple[StageResult, ...]
    artifacts: tuple[Artifact, ...]
    complete: bool
    manifest_sha256: str
    tools: Mapping[str, str] = field(default_factory=dict)
    release: str = ""
    manifest_uri: str = ""
