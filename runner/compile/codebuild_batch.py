"""A plan as a batch build of CodeBuild: a build graph whose builds are the tasks of a spread run.

A stage's build fails when its stage does not pass, and with it the batch; `conclude` depends on all of
them, asks CodeBuild how each ended, and leaves the manifest. Whether CodeBuild starts a build whose
dependency failed is not documented, and nothing here relies on it: without `conclude` there is no
manifest, and the batch has failed. A report group that finds no file fails its build, so there is none:
`conclude` leaves the JUnit files among the artifacts.

AWS documents no limit on the builds of a batch beside the one that a project sets for itself.

Sources: AWS CodeBuild User Guide, "Batch build buildspec reference", "Create a build project".
"""

from __future__ import annotations

from typing import Any

import yaml

from runner.compile import levels, parts
from runner.config.schema import Solution
from runner.model import Plan
from runner.remote.batch import identifier

OUT = ".lockgate/batch"


def compiled(solution: Solution, plan: Plan) -> str:
    """The buildspec as YAML. The project's environment has to set LOCKGATE_RUNS, s3://bucket/runs."""
    needs = {s.name: [n.partition(":")[2] for n in s.needs if n.startswith("stage:")] for s in plan.steps
             if s.kind == "stage"}  # fmt: skip
    builds = [_build("prepare", "prepare" + _selection(plan), [])]
    every = []
    for stage in (name for layer in levels(plan) for name in layer):
        before = [identifier(i) for need in needs[stage] for i, _ in parts(solution, need)] or ["prepare"]
        for ident, part in parts(solution, stage):
            task = f"stage --stage {stage}" + (f" --part {part}" if part else "")
            builds.append(_build(identifier(ident), task, before))
            every.append(identifier(ident))
    builds.append(_build("conclude", f"conclude --out {OUT}", every))
    about = f"""# {solution.solution}: compiled by lockgate from lockgate.yml; change that, not this
# {len(builds)} builds: a batch fails where its project's MaximumBuildsAllowed is less
"""
    return about + yaml.safe_dump(_spec(builds), sort_keys=False, width=110)


def _selection(plan: Plan) -> str:
    stages = [] if plan.complete else [s.name for s in plan.steps if s.kind == "stage"]
    return "".join(f" --stage {name}" for name in stages)


def _build(name: str, task: str, before: list[str]) -> dict[str, Any]:
    build: dict[str, Any] = {"identifier": name, "env": {"variables": {"LOCKGATE_TASK": task}}}
    return build | ({"depend-on": [*before]} if before else {})


def _spec(builds: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "version": 0.2,
        "batch": {"fast-fail": False, "build-graph": builds},
        "env": {"variables": {"LOCKGATE_AWS": "1", "LOCKGATE_SOLUTION": "."}},
        "phases": {
            "build": {
                "on-failure": "ABORT",
                # A folder of artifacts that is not there would fail the build for a reason of its own.
                "commands": [
                    f'mkdir -p {OUT} && echo "$LOCKGATE_TASK" > {OUT}/task.txt',
                    'lockgate task $LOCKGATE_TASK --batch --store "$LOCKGATE_RUNS"',
                ],
            }
        },
        "artifacts": {"base-directory": OUT, "files": ["**/*"]},
    }
