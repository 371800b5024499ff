"""What holds between tables: one line in `RELATIONS` a kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Protocol

from runner.config.data import DataStage, Relation
from runner.errors import LockgateError
from runner.model import Check, Status
from runner.stages.tables.between import Between
from runner.stages.tables.further import Seen
from runner.text import one_line

# The kind of a relation -> the module that judges it, imported when it is asked for.
RELATIONS: Mapping[str, str] = {
    "foreign-key": "runner.stages.tables.foreign_key",
    "row-counts": "runner.stages.tables.row_counts",
}


class Judge(Protocol):
    """`judge` of a module of RELATIONS: (id, relation, tables) -> its check."""

    def __call__(self, id: str, rule: Relation, between: Between) -> Check: ...


def id_of(name: str, relation: Relation) -> str:
    """A relation's check is the first table's: it is the one that refers to the other."""
    return f"{relation.table}/{relation.kind}({name})"


def due(stage: DataStage) -> tuple[str, ...]:
    """The ids of all relations' checks."""
    return tuple(id_of(name, relation) for name, relation in stage.relations.items())


def related(stage: DataStage, tables: Mapping[str, Seen]) -> Iterator[Check]:
    """A check for each relation; ERROR where a table could not be read. `tables`: those that could."""
    between = Between(tables)
    for name, relation in stage.relations.items():
        id = id_of(name, relation)
        judge: Judge = import_module(RELATIONS[relation.kind]).judge
        try:
            yield judge(id, relation, between)
        except (LockgateError, OSError) as error:
            yield Check(id, Status.ERROR, cause=one_line(str(error).splitlines()[0]))
