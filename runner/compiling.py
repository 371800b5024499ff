"""The composition root of `lockgate compile`: the plan, and the places that a stack knows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from runner.adapters.aws import Aws, real_target, sandbox_target
from runner.compile import codebuild_batch, step_functions
from runner.config.load import load
from runner.config.schema import FargateHost, Solution
from runner.errors import UsageError
from runner.hosts.ecs import resolve
from runner.plan import make_plan
from runner.sandbox.choose import URL, is_real


def compiled(target: str, root: Path, stages: Sequence[str], real: bool) -> str:
    """The document. Raises UsageError where the places are not named."""
    solution = load(root)
    plan = make_plan(solution, stages)
    if target == "codebuild-batch":
        return codebuild_batch.compiled(solution, plan)
    sandbox = os.environ.get(URL, "") if not is_real(real) else ""
    environment = {"LOCKGATE_AWS": "0", URL: sandbox} if sandbox else {"LOCKGATE_AWS": "1"}
    return step_functions.compiled(solution, plan, _place(solution, real, sandbox), environment)


def _place(solution: Solution, real: bool, sandbox: str) -> FargateHost:
    settings = solution.hosts.fargate or FargateHost()
    if settings.stack is None:
        return resolve(settings, None)
    if is_real(real):
        return resolve(settings, Aws(real_target()))
    if sandbox:
        return resolve(settings, Aws(sandbox_target(sandbox)))
    raise UsageError(f"stack {settings.stack} of which AWS?", hint=f"--aws, or {URL} for a sandbox")
