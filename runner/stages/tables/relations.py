"""What holds between tables: one line in `RELATIONS` a kind."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Protocol

from runner.config.data import DataStage, ForeignKey, Relation
from runner.errors import LockgateError
from runner.model import Check, Status
from runner.stages.tables.between import Between
from runner.stages.tables.further import Seen
from runner.stages.tables.masking import unquoted
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


def related(stage: DataStage, tables: Mapping[str, Seen]) -> tuple[Check, ...]:
    """A check for each relation; ERROR where a table could not be read, or is another one afterwards.
    `tables`: those that could."""
    between, found = Between(tables), dict[str, Check]()
    for name, relation in stage.relations.items():
        found[name] = _judged(id_of(name, relation), relation, between)
    changed = {name for name in between.used if not _is_same(tables[name])}
    pairs = ((stage.relations[name], check) for name, check in found.items())
    return tuple(_doubted(check, changed & set(_tables(relation))) for relation, check in pairs)


def _judged(id: str, relation: Relation, between: Between) -> Check:
    judge: Judge = import_module(RELATIONS[relation.kind]).judge
    begun = time.monotonic()
    try:
        check = judge(id, relation, between)
    except (LockgateError, OSError) as error:
        cause = unquoted(one_line(str(error).splitlines()[0]), _sensitive(relation, between))
        check = Check(id, Status.ERROR, cause=cause)
    return replace(check, seconds=time.monotonic() - begun)


def _tables(relation: Relation) -> tuple[str, str]:
    other = relation.references if isinstance(relation, ForeignKey) else relation.other
    return relation.table, other


def _sensitive(relation: Relation, between: Between) -> list[str]:
    tables = (between.tables[name] for name in _tables(relation) if name in between.tables)
    return [column for table in tables for column in table.config.sensitive]


def _is_same(table: Seen) -> bool:
    try:
        return table.source.digest() == table.digest
    except (LockgateError, OSError):
        return False


def _doubted(check: Check, changed: Collection[str]) -> Check:
    """What was compared after a table had been judged may be another table."""
    if not changed:
        return check
    cause = f"table {min(changed)} changed or vanished while it was compared"
    return replace(check, status=Status.ERROR, cause=cause)
