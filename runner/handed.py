"""One stage as a host starts it: from what it was handed, with nothing imported that a whole run needs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from runner.adapters.shell import aws_env
from runner.config.load import load
from runner.config.schema import DataStage, IntegrationStage, Solution
from runner.plan import make_plan
from runner.stages import StageJob
from runner.stages.child import read_handover, run_stage, tell
from runner.stages.variables import taken


def run_handed(root: Path, name: str, out: Path, handover: Path) -> int:
    """Run a stage of the solution at `root` to its sealed report; the exit status that agrees with it.

    Raises UsageError for a stage that there is not."""
    solution = load(root)
    make_plan(solution, (name,))
    out.mkdir(parents=True, exist_ok=True)
    return run_stage(job_of(root, solution, name, out, handover, aws_env())).code


def job_of(
    root: Path, solution: Solution, name: str, out: Path, handover: Path, aws: Mapping[str, str]
) -> StageJob:
    """A stage with what it was handed."""
    given = read_handover(handover)
    stage, python = solution.stages[name], Path(given.python)
    if isinstance(stage, IntegrationStage) and not given.golden:
        stage = stage.without_golden()
    if isinstance(stage, DataStage) and given.data.engine:
        stage = stage.model_copy(update={"engine": given.data.engine})
    return StageJob(
        given.run_id, name, root, out, solution, stage, given.artifacts, python, aws,
        given.is_sandbox, given.commit, given.shard, tell, given.data, given.earlier,
        taken(stage, os.environ),
    )  # fmt: skip
