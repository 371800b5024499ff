"""The unit stage: stock and own pytest suites over the components as they were built."""

from __future__ import annotations

import time

from runner.config.schema import UnitStage
from runner.model import StageReport
from runner.stages import StageJob
from runner.stages.context import unit_context
from runner.stages.outcome import worst
from runner.stages.suites import run_suites


def run(job: StageJob) -> StageReport:
    """Run the stage's suites; no AWS and no credentials reach them."""
    assert isinstance(job.stage, UnitStage)  # noqa: S101  the schema's discriminator says so
    begun = time.monotonic()
    outcome = run_suites(job, job.stage.suites, context=unit_context(job), extra_env={})
    return StageReport(
        job.run_id,
        job.name,
        "unit",
        worst(c.status for c in outcome.checks),
        outcome.collected,
        outcome.checks,
        time.monotonic() - begun,
        judged=outcome.judged,
        whole=outcome.whole,
    )
