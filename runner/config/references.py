"""What one part of lockgate.yml says of another: names that must exist, needs without a cycle, files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from runner.config.between import data_problems
from runner.config.data import TableSource
from runner.config.problems import did_you_mean
from runner.config.schema import (
    Component,
    DataStage,
    Definition,
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
from runner.config.yaml_lines import Document, Loc
from runner.errors import Problem, UsageError
from runner.resources import stock_suite

Found = Iterator[tuple[Loc, str, str]]
PATHS: Mapping[type, tuple[str, ...]] = {
    LambdaZip: ("source", "lock", "events"),
    Image: ("dockerfile", "context"),
    ModelImage: ("lock",),
    Model: (),
    Definition: ("path",),
    Stack: ("template",),
}

PREDICTIONS = (".parquet", ".csv")  # a model that is judged by what it predicted

# ${bucket}, ${NAME.sha256}: what they become is runner/components/references.py's.
REFERENCE = re.compile(r"\$\{([^}]*)\}")
REFERRED = ("sha256", "key", "uri", "file", "url", "image")


def reference_problems(document: Document, solution: Solution, root: Path) -> list[Problem]:
    """Every dangling name, cycle and missing file, in the order of the file's lines."""
    found = [
        *_environment(solution, root),
        *_needs(solution),
        *_components(solution, root),
        *_stages(solution, root),
        *_cycle(solution),
        *_canaries(solution),
    ]
    return sorted(
        (Problem(document.file, document.line(loc), what, allowed) for loc, what, allowed in found),
        key=lambda p: p.line,
    )


def _known(loc: Loc, name: str, known: Iterable[str], what: str) -> Found:
    if name not in known:
        yield loc, f"{'.'.join(map(str, loc))}: {name!r} is no {what}", did_you_mean(name, known)


def _exists(loc: Loc, root: Path, path: str, folder: bool = False) -> Found:
    target = root / path
    if not (target.is_dir() if folder else target.exists()):
        yield loc, f"{'.'.join(map(str, loc))}: {path!r} does not exist", "a path relative to lockgate.yml"


def _needs(solution: Solution) -> Found:
    for name, stage in solution.stages.items():
        for i, need in enumerate(stage.needs):
            if need == name:
                yield ("stages", name, "needs", i), f"stage {name!r} needs itself", "remove it"
            yield from _known(("stages", name, "needs", i), need, solution.stages, "stage")


def _environment(solution: Solution, root: Path) -> Found:
    """The lock file is asked for only where something runs in the solution's own environment."""
    own = any(own_suites(s) for s in solution.stages.values())
    trained = any(isinstance(c, Model) and c.train for c in solution.components.values())
    if own or trained or solution.prepare:
        yield from _exists(("python", "lock"), root, solution.python.lock)
        named = "path" in solution.python.model_fields_set
        for i, folder in enumerate(solution.python.path if named else ()):
            yield from _exists(("python", "path", i), root, folder, folder=True)


def _cycle(solution: Solution) -> Found:
    graph = {n: set(s.needs) - {n} for n, s in solution.stages.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield ("stages",), f"stages need each other in a circle: {' -> '.join(error.args[1])}", "break it"


def _canaries(solution: Solution) -> Found:
    """Outputs are compared by label: a limit alone compares nothing, labels alone are held to no limit."""
    for name, environment in solution.environments.items():
        at: Loc = ("environments", name, "canary")
        limit, labels = environment.canary.output_shift, environment.canary.labels
        if limit is not None and not labels:
            told = f"{'.'.join(map(str, at))}.output_shift: no labels to compare"
            yield (*at, "output_shift"), told, "name them in `labels`"
        elif labels and limit is None:
            yield (*at, "labels"), f"{'.'.join(map(str, at))}.labels: no limit", "add `output_shift`"


def _components(solution: Solution, root: Path) -> Found:
    for name, component in solution.components.items():
        at: Loc = ("components", name)
        if isinstance(component, ModelImage):
            yield from _known((*at, "model"), component.model, _of(solution, Model), "model component")
        elif isinstance(component, Model):
            for i, need in enumerate(component.needs):
                yield from _known((*at, "needs", i), need, solution.prepare, "prepare step")
        elif isinstance(component, Stack):
            for i, other in enumerate(component.package):
                known = [n for n in solution.components if n != name]
                yield from _known((*at, "package", i), other, known, "other component")
        yield from _interpolated(at, component, solution)
        for field, value in _paths(component):
            yield from _exists((*at, *field), root, value, folder=field[0] in ("source", "context"))


def _interpolated(at: Loc, component: Component, solution: Solution) -> Found:
    """Where a component refers to others with ${NAME.key} and the like, which have to be there."""
    names = [f"{name}.{what}" for name in solution.components for what in REFERRED]
    for field in ("parameters", "test_env"):
        for key, text in getattr(component, field, {}).items():
            for match in REFERENCE.finditer(text):
                if (named := match[1].strip()) not in (*names, "bucket"):
                    told = f"{'.'.join(map(str, (*at, field, key)))}: {match[0]!r} refers to nothing"
                    yield (*at, field, key), told, did_you_mean(named, names)


def _paths(component: Component) -> Iterator[tuple[Loc, str]]:
    """Where a component names files and folders that have to be there before anything is built."""
    for field in PATHS[type(component)]:
        value = getattr(component, field)
        if isinstance(value, tuple):
            yield from (((field, i), path) for i, path in enumerate(value))
        elif value is not None:
            yield (field,), value


def _stages(solution: Solution, root: Path) -> Found:
    for name, stage in solution.stages.items():
        at: Loc = ("stages", name)
        if isinstance(stage, UnitStage | IntegrationStage):
            yield from _suites((*at, "suites"), stage.suites, root)
        if isinstance(stage, DataStage):
            for table, source in stage.tables.items():
                yield from _table((*at, "tables", table), source, solution, root)
            yield from data_problems(at, stage)
        elif isinstance(stage, ModelStage):
            yield from _known((*at, "candidate"), stage.candidate, _of(solution, Model), "model component")
            yield from _exists((*at, "criteria"), root, stage.criteria)
            yield from _evaluation((*at, "evaluation"), stage, solution)
            if stage.through:
                known = [n for n, c in solution.components.items() if _serves(c, stage.candidate)]
                what = f"model-image component that serves {stage.candidate!r}"
                yield from _known((*at, "through"), stage.through, known, what)
            yield from _endpoint(at, stage, solution)
        elif isinstance(stage, IntegrationStage):
            yield from _integration(at, stage, solution)


def _table(at: Loc, source: TableSource, solution: Solution, root: Path) -> Found:
    yield from _exists((*at, "suite"), root, source.suite)
    if source.contract:
        yield from _exists((*at, "contract", "columns"), root, source.contract.columns)
    if source.skew:
        functions = _of(solution, LambdaZip)
        yield from _known((*at, "skew", "component"), source.skew.component, functions, "Lambda component")


def _endpoint(at: Loc, stage: ModelStage, solution: Solution) -> Found:
    if stage.endpoint is None:
        return
    environment = (*at, "endpoint", "environment")
    yield from _known(environment, stage.endpoint.environment, solution.environments, "environment")
    if stage.through:
        what = f"{'.'.join(map(str, at))}: judged through a container or an endpoint, not both"
        yield (*at, "endpoint"), what, "remove one"


def _evaluation(at: Loc, stage: ModelStage, solution: Solution) -> Found:
    """A predictions file is paired by row ids; whatever else is judged is asked with features."""
    candidate = solution.components.get(stage.candidate)
    recorded = isinstance(candidate, Model) and candidate.path.endswith(PREDICTIONS)
    recorded = recorded and not (stage.through or stage.endpoint)
    if recorded and stage.evaluation.id is None:
        yield at, f"{'.'.join(map(str, at))}: no id, by which the predictions are paired", "id: COLUMN"
    elif not recorded and not stage.evaluation.features:
        yield at, f"{'.'.join(map(str, at))}: no features to ask the model with", "features: [COLUMN, ...]"


def _serves(component: Component, model: str) -> bool:
    return isinstance(component, ModelImage) and component.model == model


def _suites(at: Loc, suites: Iterable[str], root: Path) -> Found:
    for i, suite in enumerate(suites):
        if suite.startswith("stock:"):
            try:
                stock_suite(suite.removeprefix("stock:"))
            except UsageError as error:
                yield (*at, i), error.what, error.hint
        elif suite.startswith(("/", "~", "-")) or ".." in suite.split("/"):
            yield (*at, i), f"suite {suite!r} leaves the solution", "a path relative to lockgate.yml"
        else:
            yield from _exists((*at, i), root, suite)


def _integration(at: Loc, stage: IntegrationStage, solution: Solution) -> Found:
    functions = _of(solution, LambdaZip)
    yield from _known((*at, "stack"), stage.stack, _of(solution, Stack), "stack component")
    for name in stage.invoke:
        yield from _known((*at, "invoke", name), name, functions, "Lambda component")
    if stage.golden:
        for i, name in enumerate(stage.golden.through):
            known = [f for f in functions if f in stage.invoke]
            yield from _known((*at, "golden", "through", i), name, known, "component under `invoke`")
    if stage.environment != "test":
        yield from _known((*at, "environment"), stage.environment, solution.environments, "environment")


def own_suites(stage: Stage) -> list[str]:
    """A stage's suites that are the solution's own, not stock."""
    suites = stage.suites if isinstance(stage, UnitStage | IntegrationStage) else ()
    return [s for s in suites if not s.startswith("stock:")]


def _of(solution: Solution, kind: type) -> Mapping[str, object]:
    return {n: c for n, c in solution.components.items() if isinstance(c, kind)}
