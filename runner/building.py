"""The composition root of `lockgate build`: every component an artifact with a version, and no verdict.

load -> plan without stages -> [environment, prepare, build ...] -> versions from the history
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from runner.adapters.aws import real_target
from runner.adapters.git import glance, source
from runner.adapters.locks import alone
from runner.adapters.output import say
from runner.adapters.shell import INTERRUPTED
from runner.components.ecr import ecr_registry
from runner.config.load import load
from runner.config.problems import did_you_mean
from runner.config.schema import Solution
from runner.errors import UsageError
from runner.history.history import Numbered
from runner.interrupts import EXIT_INTERRUPTED, interruptible
from runner.model import Artifact, Plan, StageResult, Status, Step
from runner.numbering import Numbering, open_numbering
from runner.plan import make_plan
from runner.report.console import view
from runner.run import Execution, new_run_id
from runner.steps import Steps
from runner.text import one_line
from runner.verdict import EXIT

FOLDER = ".lockgate/built"


def build(root: Path, names: Sequence[str], *, real: bool, sandbox: str, as_json: bool) -> int:
    """Build the components, all or those named; the exit status: 0, 1 FAILED, 3 could not tell."""
    solution, run_id = load(root), new_run_id()
    plan = build_plan(solution, names)
    if not plan.steps:
        raise UsageError(f"{plan.solution} has no components", where=str(root), hint="docs/configuration.md")
    at = source(root, look=glance)
    numbering = open_numbering(root, solution, run_id, at, real=real, sandbox=sandbox)
    steps = Steps(
        root, root / FOLDER, run_id, solution, {}, commit=at.commit, version_of=numbering.version_of,
        target=real_target() if real and ecr_registry(solution) else None,
    )  # fmt: skip
    with alone(root), interruptible():
        execution = _execute(plan, steps, sys.stderr if as_json else sys.stdout)
        code = max(EXIT[result.status] for result in execution.results.values())
        code = EXIT_INTERRUPTED if INTERRUPTED.is_set() else code
    built = [
        _told(step, execution.results[step.id], execution.artifacts.get(step.name), numbering)
        for step in plan.steps
        if step.kind == "build"
    ]
    say(sys.stdout, json.dumps({"exit_code": code, **_json(plan, built)}) if as_json else _lines(built))
    return code


def build_plan(solution: Solution, names: Sequence[str] = ()) -> Plan:
    """What builds the named components (none: all of them), and no step more."""
    for name in names:
        if name not in solution.components:
            hint = did_you_mean(name, solution.components)
            raise UsageError(f"there is no component {name!r}", hint=hint)
    whole = make_plan(solution)
    steps = {step.id: step for step in whole.steps}
    todo, wanted = [f"build:{name}" for name in names or solution.components], set[str]()
    while todo:
        ident = todo.pop()
        if ident not in wanted:
            wanted.add(ident)
            todo += steps[ident].needs
    return replace(whole, steps=tuple(step for step in whole.steps if step.id in wanted))


def _execute(plan: Plan, steps: Steps, stream: IO[str]) -> Execution:
    with view(plan, stream) as shown:
        steps.view = shown
        execution = Execution(plan, steps.run, shown)
        execution.run(max(2, os.cpu_count() or 2))
    return execution


@dataclass(frozen=True, slots=True)
class Built:
    """What became of one component. `outcome` is one line; `artifact` and `numbered` where it was built."""

    name: str
    status: Status
    outcome: str
    artifact: Artifact | None = None
    numbered: Numbered | None = None


def _told(step: Step, result: StageResult, artifact: Artifact | None, numbering: Numbering) -> Built:
    if result.status is not Status.PASSED or artifact is None:
        return Built(step.name, result.status, f"{result.status}  {one_line(result.cause)}")
    numbered = numbering.given[step.name]
    return Built(step.name, result.status, outcome(numbered, artifact.facts), artifact, numbered)


def outcome(numbered: Numbered, facts: Mapping[str, Any]) -> str:
    """'built 2026.11.22-1', 'unchanged since 2026.11.20-3', or 'back to 2026.11.20-3' where a newer
    version with other content stands between. Of an image that could not be had, why: then the version
    is its definition's."""
    version, is_made = numbered.record.version, facts.get("built", True)
    why = "" if is_made else f" (no image: {one_line(facts.get('why', ''))})"
    if numbered.is_new:
        return f"{'built' if is_made else 'defined'} {version}{why}"
    return f"{'unchanged since' if numbered.is_latest else 'back to'} {version}{why}"


def _lines(built: Sequence[Built]) -> str:
    name = max(len(each.name) for each in built)
    digests = [each.artifact.sha256[:12] if each.artifact else "" for each in built]
    rows = (f"{b.name:<{name}}  {d:<12}  {b.outcome}" for b, d in zip(built, digests, strict=True))
    return "\n".join(["", *rows])


def _json(plan: Plan, built: Sequence[Built]) -> dict[str, Any]:
    return {"solution": plan.solution, "components": {each.name: _entry(each) for each in built}}


def _entry(built: Built) -> dict[str, Any]:
    entry: dict[str, Any] = {"status": built.status, "outcome": built.outcome}
    if (artifact := built.artifact) is None or (numbered := built.numbered) is None:
        return entry
    return {
        **entry,
        "kind": artifact.kind,
        "version": artifact.version,
        "is_new": numbered.is_new,
        "sha256": artifact.sha256,
        "size": artifact.size,
        "inputs": artifact.inputs,
        "path": artifact.path,
        "built": artifact.facts.get("built", True),
    }
