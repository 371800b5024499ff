"""What a stage kind is handed and what it answers; the kinds themselves are one file each.

A stage kind is a function `run(job: StageJob) -> StageReport`, executed in a child process. It
catches nothing that it does not understand: an exception becomes an ERROR with its cause in
`runner.stages.child`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from runner.model import NOT_HANDED, Artifact, Check, DataChoices, Earlier, StageReport
from runner.stages.sharding import Shard

if TYPE_CHECKING:  # the schema takes longer to import than a small stage takes to run
    from runner.config.schema import Solution, Stage

# kind -> module; imported when it is needed, because some of them are heavy.
STAGES = {
    "unit": "runner.stages.unit",
    "data": "runner.stages.data",
    "model": "runner.stages.model",
    "integration": "runner.stages.integration",
}


@dataclass(frozen=True, slots=True)
class StageJob:
    """All that a stage may know. `aws` is the environment (endpoint, credentials) that reaches the
    AWS in use, empty for a stage that has no business there; `python` is the interpreter of the
    solution's own environment; `progress` is told of each finished check, for display only; `earlier`: what
    the last runs that passed knew of a data stage's tables; `variables`: what its connections name."""

    run_id: str
    name: str
    root: Path
    out: Path
    solution: Solution
    stage: Stage
    artifacts: Mapping[str, Artifact]
    python: Path
    aws: Mapping[str, str] = field(default_factory=dict)
    is_sandbox: bool = True
    commit: str = ""
    shard: Shard | None = None
    progress: Callable[[Check], None] = lambda check: None
    data: DataChoices = field(default_factory=DataChoices)
    earlier: Earlier = NOT_HANDED
    variables: Mapping[str, str] = field(default_factory=dict)


def stage_kind(kind: str) -> Callable[[StageJob], StageReport]:
    """The `run` function of a stage kind."""
    run: Callable[[StageJob], StageReport] = import_module(STAGES[kind]).run
    return run


def needs_aws(stage: Stage) -> bool:
    """Whether a stage reaches for AWS: integration does, and data with a table in S3 or behind a connection
    that is AWS's, or whose credentials are."""
    from runner.config.schema import DataStage, IntegrationStage

    if not isinstance(stage, DataStage):
        return isinstance(stage, IntegrationStage)
    in_s3 = any(table.source.startswith("s3://") for table in stage.tables.values())
    return in_s3 or any(connection.needs_aws for connection in stage.connections.values())
