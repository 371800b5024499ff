"""What holds between tables: one line in `RELATIONS` a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runner.config.data import DataStage, Relation
from runner.errors import LockgateError
from runner.model import Check, Status
from runner.sources.source import Source
from runner.text import one_line

# The kind of a relation -> (id, relation, the stage's tables that could be opened) -> its check.
RELATIONS: Mapping[str, Callable[[str, Any, Mapping[str, Source]], Check]] = {}


def id_of(name: str, relation: Relation) -> str:
    return f"{relation.table}/{relation.kind}({name})"


def due(stage: DataStage) -> tuple[str, ...]:
    """The ids of all relations' checks."""
    return tuple(id_of(name, relation) for name, relation in stage.relations.items())


def related(stage: DataStage, sources: Mapping[str, Source]) -> Iterator[Check]:
    """A check for each relation; ERROR where a table could not be read."""
    for name, relation in stage.relations.items():
        id = id_of(name, relation)
        try:
            yield RELATIONS[relation.kind](id, relation, sources)
        except (LockgateError, OSError) as error:
            yield Check(id, Status.ERROR, cause=one_line(str(error).splitlines()[0]))
