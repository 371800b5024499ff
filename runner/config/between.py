"""What is wrong in a data stage beyond its fields: relations of tables that are not there, rules that no
table could break."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner.config.data import DataStage, ForeignKey, Glue, RowCounts, TableSource
from runner.config.problems import did_you_mean
from runner.config.yaml_lines import Loc

Found = Iterator[tuple[Loc, str, str]]
# A file may have such a name too; then its ending says so.
CONNECTED = re.compile(r"([a-z][a-z0-9-]*):(?!//)(?!.*\.(?:parquet|csv|jsonl|ndjson)(?:\.gz)?$)")


def data_problems(at: Loc, stage: DataStage) -> Found:
    """Each problem's place, what is wrong, and what is allowed."""
    for name, table in stage.tables.items():
        yield from _source((*at, "tables", name), table, stage)
        yield from _volume((*at, "tables", name, "volume"), table)
    for name, relation in stage.relations.items():
        place: Loc = (*at, "relations", name)
        other = "references" if isinstance(relation, ForeignKey) else "other"
        for field in ("table", other):
            yield from _table((*place, field), getattr(relation, field), stage)
        for field in (other,) if isinstance(relation, ForeignKey) else ("table", other):
            yield from _whole((*place, field), getattr(relation, field), stage)
        if isinstance(relation, ForeignKey):
            yield from _key(place, relation)
        else:
            yield from _counts(place, relation)


def _source(at: Loc, table: TableSource, stage: DataStage) -> Found:
    """What reads as CONNECTION:TABLE names a connection; the table of a database has no files."""
    named = CONNECTED.match(table.source)
    if named is None:
        return
    connection = stage.connections.get(named[1])
    if connection is None:
        told = f"{_dotted(at)}.source: {named[1]!r} is no connection of this stage"
        yield (*at, "source"), told, did_you_mean(named[1], stage.connections)
    elif table.partitions == "changed" and not isinstance(connection, Glue):
        told = f"{_dotted(at)}.partitions: a database's table has no files that change"
        yield (*at, "partitions"), told, "all"


def _volume(at: Loc, table: TableSource) -> Found:
    volume = table.volume
    if volume is None:
        return
    if volume.shrink is None and volume.grow is None:
        yield at, f"{_dotted(at)}: neither shrink nor grow is given, so it can never fail", "give one"
    if volume.least > volume.runs:
        told = f"{_dotted(at)}: least is {volume.least}, and only {volume.runs} runs are looked at"
        yield (*at, "least"), told, f"at most {volume.runs}"


def _table(at: Loc, name: str, stage: DataStage) -> Found:
    if name not in stage.tables:
        told = f"{_dotted(at)}: {name!r} is no table of this stage"
        yield at, told, did_you_mean(name, stage.tables)


def _whole(at: Loc, name: str, stage: DataStage) -> Found:
    """Of a table whose changed files alone are read, nobody knows what stands in the others."""
    if name in stage.tables and stage.tables[name].partitions == "changed":
        told = f"{_dotted(at)}: only its changed files are read, and the relation is about all of {name!r}"
        yield at, told, "partitions: all"


def _key(at: Loc, relation: ForeignKey) -> Found:
    own, other = relation.columns, relation.referenced or relation.columns
    if len(own) != len(other):
        told = f"{_dotted(at)}: {len(own)} columns cannot be those of {len(other)}"
        yield (*at, "referenced"), told, "as many as `columns`, in their order"
    for field, columns in (("columns", own), ("referenced", other)):
        if len(set(columns)) < len(columns):
            yield (*at, field), f"{_dotted(at)}: {field} names one twice", "each once"
    if relation.table == relation.references and own == other:
        yield at, f"{_dotted(at)}: it compares a table with itself, so it can never fail", "other columns"


def _counts(at: Loc, relation: RowCounts) -> Found:
    least, most = relation.least, relation.most
    if not least and most is None:
        yield at, f"{_dotted(at)}: no bound is given, so it can never fail", "least or most"
    if least is not None and most is not None and least > most:
        yield (*at, "least"), f"{_dotted(at)}: least is more than most", f"at most {most:g}"
    if relation.table == relation.other:
        told = f"{_dotted(at)}: a table has always as many rows as itself"
        yield (*at, "other"), told, "another table"


def _dotted(at: Loc) -> str:
    return ".".join(map(str, at))
