"""Before versions that never ran together go into an environment: the integration suites, on a test stack.

No component is built and nothing is trained: the suites of this checkout judge the very bytes that the ledger
names. Golden rows are left out: they are one model's answers, and it may be another one that comes back.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.adapters.aws import Aws
from runner.config.schema import IntegrationStage, Solution
from runner.errors import InfrastructureError, SolutionError, UsageError
from runner.model import Artifact, StageResult, Status
from runner.plan import make_plan
from runner.release.publish import fetch
from runner.release.records import Content, Part
from runner.run import new_run_id
from runner.stages.golden import groups, read_rows
from runner.steps import Steps


def check_together(
    root: Path, solution: Solution, aws: Aws, bucket: str, content: Content, *, is_sandbox: bool
) -> list[str]:
    """Run every integration stage of the stack on a content; the stages that passed.

    Raises SolutionError where one fails, InfrastructureError where that could not be told, UsageError
    where the solution has none."""
    stages = stages_of(root, solution, content)
    if not stages:
        raise UsageError(
            "these versions never ran together, and no integration stage could judge them",
            where="lockgate.yml",
            hint="--now, if you know that they fit",
        )
    plan = make_plan(solution, tuple(stages))
    run_id = new_run_id()
    folder = root / ".lockgate" / "runs" / run_id
    folder.mkdir(parents=True)
    changed = solution.model_copy(update={"stages": {**solution.stages, **stages}})
    steps = Steps(
        root, folder, run_id, changed, aws.target.env(), is_sandbox, target=aws.target, golden=False
    )
    with TemporaryDirectory(prefix="lockgate-parts-") as place:
        artifacts = {n: _artifact(aws, bucket, n, p, content, Path(place)) for n, p in content.parts.items()}
        for step in plan.steps:
            if step.kind == "environment" or (step.kind == "stage" and step.name in stages):
                _require(steps.run(step, artifacts).result, folder)
    return list(stages)


def stages_of(root: Path, solution: Solution, content: Content) -> dict[str, IntegrationStage]:
    """The integration stages of a content's stack, as they judge it."""
    return {
        name: _without_golden(root, stage)
        for name, stage in solution.stages.items()
        if isinstance(stage, IntegrationStage) and stage.stack == content.stack
    }


def _without_golden(root: Path, stage: IntegrationStage) -> IntegrationStage:
    """Nor are the checks that golden rows make among those that have to be executed."""
    least = max(1, stage.min_checks - _golden_checks(root, stage))
    return stage.without_golden().model_copy(update={"needs": (), "min_checks": least})


def _golden_checks(root: Path, stage: IntegrationStage) -> int:
    """How many there are; rows that cannot be read take nothing off what has to be executed."""
    try:
        return len(groups(read_rows(str(root), stage.golden.rows))) if stage.golden else 0
    except UsageError:
        return 0


def _artifact(aws: Aws, bucket: str, name: str, part: Part, content: Content, folder: Path) -> Artifact:
    """A component as a stage is handed it: its bytes, fetched and checked."""
    facts: dict[str, object] = {"packaged": dict(content.recipe)} if name == content.stack else {}
    if not part.key:
        facts = {"built": True, "image": part.image}
        return Artifact(name, part.kind, "", part.sha256, 0, "", part.version, facts=facts)
    path = fetch(aws, bucket, part.key, part.deployed, folder)
    made = Artifact(name, part.kind, str(path), part.deployed, path.stat().st_size, "", part.version)
    return replace(made, facts=facts)


def _require(result: StageResult, folder: Path) -> None:
    if result.status is Status.PASSED:
        return
    kind = SolutionError if result.status is Status.FAILED else InfrastructureError
    first = next((f"{c.id}: {c.cause}" for c in result.checks if c.status is result.status), result.cause)
    raise kind(
        f"these versions do not pass together: {result.name} is {result.status}: {first}",
        where=str(folder),
        hint="nothing was changed; --now goes back without asking",
    )
