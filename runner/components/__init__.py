"""What a component kind is handed and what it answers; the kinds themselves are one file each.

A component kind is a function `build(job: BuildJob) -> Artifact`. It raises SolutionError where
the solution's own code or files are at fault (the verdict is FAILED), InfrastructureError where
the world is (ERROR).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from runner.adapters.aws import AwsTarget
from runner.config.schema import Component, Solution
from runner.model import Artifact

# kind -> module; imported when it is needed.
COMPONENTS = {
    "lambda-zip": "runner.components.lambda_zip",
    "image": "runner.components.image",
    "lambda-image": "runner.components.image",
    "model": "runner.components.trained_model",
    "definition": "runner.components.definition",
    "model-image": "runner.components.model_image",
    "stack": "runner.components.stack",
}


@dataclass(frozen=True, slots=True)
class BuildJob:
    """`cache` outlives runs; `out` is this run's folder for the step; `say` shows one line of progress;
    `target` is the AWS in use, None where none is."""

    name: str
    root: Path
    out: Path
    cache: Path
    solution: Solution
    component: Component
    artifacts: Mapping[str, Artifact]
    python: Path
    say: Callable[[str], None] = lambda line: None
    commit: str = ""
    target: AwsTarget | None = None


def component_kind(kind: str) -> Callable[[BuildJob], Artifact]:
    """The `build` function of a component kind."""
    build: Callable[[BuildJob], Artifact] = import_module(COMPONENTS[kind]).build
    return build
