"""The composition root of what is asked before traffic: whose rows, whose tests, with whose rights."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.adapters.cache import cache_dir
from runner.adapters.privileges import hide
from runner.config.schema import IntegrationStage, LambdaZip, Solution
from runner.environment import solution_python
from runner.errors import InfrastructureError, SolutionError
from runner.model import Check, Status
from runner.release.before_traffic import MARKER, Asking, Unasked, is_marked, rows_of
from runner.release.flow import BeforeTraffic
from runner.release.proof import Proven
from runner.run import new_run_id
from runner.stages import StageJob
from runner.stages.context import integration_context
from runner.stages.stack_deploy import Resource, Stacks
from runner.stages.suites import run_suites
from runner.stages.test_role import env_for_tests, role_for_tests

Say = Callable[[str], None]


def asked_before(
    solution: Solution, root: Path, found: Proven | None, stack: str, stacks: Stacks, bucket: str, name: str
) -> BeforeTraffic:
    """What a release of the stack `name` (component `stack`) is asked; nothing where there is no manifest.

    Raises UsageError where a real AWS's tests have no role of their own: before anything is deployed."""
    stage = _stage(solution, stack)
    if found is None or stage is None:
        return Unasked()
    key, integration = stage
    facts = found.manifest.fields.stages[key].facts if key in found.manifest.fields.stages else {}
    rows = rows_of(found.folder, key, str(facts.get("golden_sha256", "")))
    own = None
    if is_marked(root, integration.suites):
        role = "" if stacks.aws.target.kind == "sandbox" else role_for_tests()
        own = OwnTests(solution, root, key, integration, stacks, bucket, name, role).run
    return Asking(stacks.aws, integration, rows, own, stacks.say)


def _stage(solution: Solution, stack: str) -> tuple[str, IntegrationStage] | None:
    stages = ((n, s) for n, s in solution.stages.items() if isinstance(s, IntegrationStage))
    return next(((n, s) for n, s in stages if s.stack == stack), None)


class OwnTests:
    """The marked tests of a solution's integration suites, run against new versions.

    `role` is theirs in a real AWS, '' in the sandbox."""

    def __init__(
        self, solution: Solution, root: Path, key: str, stage: IntegrationStage, stacks: Stacks, bucket: str,
        name: str, role: str = "",
    ) -> None:  # fmt: skip
        self.solution, self.root, self.key, self.stage = solution, root, key, stage
        self.stacks, self.bucket, self.name, self.role = stacks, bucket, name, role

    def run(self, outputs: Mapping[str, str]) -> None:
        """Raises SolutionError where one fails, InfrastructureError where that could not be told."""
        with TemporaryDirectory(prefix="lockgate-before-") as folder:
            Path(folder).chmod(0o755)  # where this is root, the tests are another user's
            job = self._job(Path(folder))
            suites = [s for s in self.stage.suites if not s.startswith("stock:")]
            env = {**self._env(job), "LOCKGATE_STACK_OUTPUTS": json.dumps(dict(outputs))}
            context = integration_context(job, outputs)
            _require(run_suites(job, suites, context=context, extra_env=env, only=MARKER).checks)

    def _job(self, folder: Path) -> StageJob:
        log = folder / "environment.log"
        python = solution_python(self.root, self.solution, cache_dir(), log, self.stacks.say)
        target = self.stacks.aws.target
        asked = _without_test_env(self.solution)
        return StageJob(
            new_run_id(), self.key, self.root, folder, asked, self.stage, {}, python, target.env(),
            target.kind == "sandbox",
        )  # fmt: skip

    def _env(self, job: StageJob) -> Mapping[str, str]:
        """In a real AWS the tests get a session of their own role, narrowed to this stack, and this process,
        which holds more, is hidden from them."""
        if not self.role:
            return job.aws
        hide()
        stack = self.stacks.describe(self.name)
        if stack is None:
            raise InfrastructureError(f"stack {self.name} is gone", where=self.name)
        aws, there = self.stacks.aws, self._resources()
        return env_for_tests(aws, self.role, job.run_id, stack, there, self.bucket, self.stage.timeout)

    def _resources(self) -> list[Resource]:
        """What the stack has now. Its events, which say it of a test stack, are forgotten after 90 days."""
        listed = self.stacks.aws.pages(
            "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=self.name
        )
        return [
            Resource(r["LogicalResourceId"], r["ResourceType"], r["PhysicalResourceId"], r["ResourceStatus"])
            for r in listed
            if r.get("PhysicalResourceId")
        ]


def _without_test_env(solution: Solution) -> Solution:
    """What stock:lambda needs names artifacts that are not at hand; nothing is asked of those here."""
    components = {
        name: c.model_copy(update={"test_env": {}}) if isinstance(c, LambdaZip) else c
        for name, c in solution.components.items()
    }
    return solution.model_copy(update={"components": components})


def _require(checks: tuple[Check, ...]) -> None:
    for status, kind in ((Status.ERROR, InfrastructureError), (Status.FAILED, SolutionError)):
        for check in checks:
            if check.status is status:
                raise kind(f"before traffic: {check.id}: {check.cause}", where=check.suite)
