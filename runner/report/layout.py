"""Where things lie in a run's folder, `.lockgate/runs/ID/`, as paths relative to it."""

from __future__ import annotations

from runner.model import StageResult
from runner.report.tally import step_id

REPORT = "report.html"
MANIFEST = "manifest.json"
VARIABLES = "variables.env"


def log_file(result: StageResult) -> str:
    """The log of one step: what its child process printed."""
    if result.is_stage:
        return f"{stage_folder(result.name)}/stage.log"
    return f"logs/{step_id(result).replace(':', '-')}.log"


def junit_file(name: str) -> str:
    """The JUnit XML of one stage."""
    return f"junit/{name}.xml"


def stage_folder(name: str) -> str:
    """The output folder of one stage: its result and its evidence files."""
    return f"stages/{name}"
