"""Solution + selection -> Plan. Pure: what would run, and in which order, as data.

A stage waits for the builds of the components that it uses and for the prepare steps that feed
it; a build waits for the prepare steps it names, a stack for what its parameters refer to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from graphlib import TopologicalSorter

from runner.config.problems import did_you_mean
from runner.config.references import own_suites
from runner.config.schema import (
    Image,
    IntegrationStage,
    LambdaZip,
    Model,
    ModelImage,
    ModelStage,
    Solution,
    Stack,
    Stage,
    UnitStage,
)
from runner.errors import UsageError
from runner.model import Plan, Step

ENVIRONMENT = "environment:python"

REFERENCE = re.compile(r"\$\{([a-z][a-z0-9-]*)\.\w+\}")


def make_plan(solution: Solution, only: Sequence[str] = ()) -> Plan:
    """The whole plan, or that of the named stages alone (then it is not `complete`).

    A stage left out by selection is also left out of what the others wait for."""
    for name in only:
        if name not in solution.stages:
            raise UsageError(f"there is no stage {name!r}", hint=did_you_mean(name, solution.stages))
    stages = [n for n in solution.stages if not only or n in only]
    wanted = _closure(solution, [f"stage:{n}" for n in stages], set(stages))
    order = TopologicalSorter({i: s.needs for i, s in wanted.items()}).static_order()
    return Plan(solution.solution, tuple(wanted[i] for i in order), len(stages) == len(solution.stages))


def _closure(solution: Solution, ids: list[str], stages: set[str]) -> dict[str, Step]:
    found: dict[str, Step] = {}
    todo = [*ids, *(() if len(stages) < len(solution.stages) else _everything(solution))]
    while todo:
        ident = todo.pop(0)
        if ident not in found:
            found[ident] = _step(solution, ident, stages)
            todo += found[ident].needs
    return found


def _everything(solution: Solution) -> list[str]:
    """A complete run prepares and builds everything, used by a stage or not: the manifest names it all."""
    return [f"prepare:{name}" for name in solution.prepare] + [f"build:{n}" for n in solution.components]


def _step(solution: Solution, ident: str, stages: set[str]) -> Step:
    kind, _, name = ident.partition(":")
    if ident == ENVIRONMENT:
        return Step(kind, name, (), 1800.0)
    if kind == "prepare":
        return Step(kind, name, (ENVIRONMENT,), solution.prepare[name].timeout)
    if kind == "build":
        component = solution.components[name]
        timeout = component.timeout if isinstance(component, Model | Image | ModelImage) else 1800.0
        return Step(kind, name, tuple(_build_needs(solution, name)), timeout)
    stage = solution.stages[name]
    before = [f"stage:{n}" for n in stage.needs if n in stages]
    return Step(kind, name, tuple(dict.fromkeys([*before, *_uses(solution, stage)])), stage.timeout)


def _build_needs(solution: Solution, name: str) -> Iterable[str]:
    component = solution.components[name]
    if isinstance(component, Model):
        # Only skops, which is in the solution's environment, knows which of a file's types it trusts.
        yield from [ENVIRONMENT] if component.train or component.path.endswith(".skops") else []
        yield from (f"prepare:{n}" for n in component.needs)
    elif isinstance(component, ModelImage):
        yield f"build:{component.model}"
    elif isinstance(component, Stack):
        names = [*REFERENCE.findall(" ".join(component.parameters.values())), *component.package]
        yield from (f"build:{n}" for n in dict.fromkeys(names) if n in solution.components)


def _uses(solution: Solution, stage: Stage) -> Iterable[str]:
    yield from [ENVIRONMENT] if own_suites(stage) or _opens_skops(solution, stage) else []
    if own_suites(stage):  # tests may read whatever was prepared
        yield from (f"prepare:{n}" for n in solution.prepare)
    if isinstance(stage, UnitStage):
        yield from _of(solution, (LambdaZip, Model))
    elif isinstance(stage, ModelStage):
        yield from (f"build:{n}" for n in (stage.candidate, stage.through) if n)
    elif isinstance(stage, IntegrationStage):
        yield from (f"build:{n}" for n in [stage.stack, *stage.invoke])
    else:
        yield from (f"prepare:{n}" for n in solution.prepare)
        yield from (f"build:{table.skew.component}" for table in stage.tables.values() if table.skew)


def _opens_skops(solution: Solution, stage: Stage) -> bool:
    """Whether a model stage asks the solution's own environment: only there is what a skops file needs."""
    if not isinstance(stage, ModelStage):
        return False
    candidate = solution.components.get(stage.candidate)
    asked = candidate.path if isinstance(candidate, Model) and not stage.through else ""
    return bool(stage.reference) or any((path or "").endswith(".skops") for path in (asked, stage.champion))


def _of(solution: Solution, kinds: tuple[type, ...]) -> list[str]:
    return [f"build:{n}" for n, c in solution.components.items() if isinstance(c, kinds)]
