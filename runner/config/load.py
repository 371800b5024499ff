"""lockgate.yml -> Solution: reports every problem at once, with its line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from runner.config.problems import problems
from runner.config.references import reference_problems
from runner.config.schema import KINDS, Solution
from runner.config.yaml_lines import Document, read_yaml
from runner.errors import ConfigError, Problem, UsageError

FILE = "lockgate.yml"


def load(root: Path) -> Solution:
    """Read a solution's lockgate.yml. Raises ConfigError with all problems, UsageError if none is there."""
    document, solution = _read(root)
    found = reference_problems(document, solution, root)
    if found:
        raise ConfigError(found)
    return solution


def load_alone(root: Path) -> Solution:
    """The same, of a solution whose files need not all be there: some are about to be written."""
    return _read(root)[1]


def _read(root: Path) -> tuple[Document, Solution]:
    path = root / FILE
    if not path.is_file():
        raise UsageError(
            f"there is no {FILE} here",
            where=str(root),
            hint="name the solution's folder with --solution, or copy examples/flights",
        )
    shown = os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
    document = read_yaml(path, shown)
    if not isinstance(document.data, dict):
        raise ConfigError([Problem(shown, 1, "must be a mapping of fields", "see docs/configuration.md")])
    _name_the_kinds(document.data)
    return document, _validated(document)


def _name_the_kinds(data: dict[str, Any]) -> None:
    """A stage called like a kind is of that kind: `unit: {...}` needs no `kind: unit`."""
    stages = data.get("stages")
    if not isinstance(stages, dict):
        return
    for name, stage in stages.items():
        stages[name] = stage = {} if stage is None else stage
        if isinstance(stage, dict) and name in KINDS:
            stage.setdefault("kind", name)


def _validated(document: Document) -> Solution:
    try:
        return Solution.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(problems(document, error, Solution)) from None
