"""Rows whose key no row of another table has, found by one anti join in DuckDB.

As SQL's foreign keys in their default form (MATCH SIMPLE, ISO/IEC 9075-2): a row with a null in any column of
its key is not looked at.
"""

# ruff: noqa: S608  names are quoted where they become SQL (columns.py)
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runner.errors import InfrastructureError
from runner.expect.columns import quoted
from runner.expect.duck import DuckTable
from runner.expect.footer import Trusting
from runner.expect.literals import Uncompiled
from runner.expect.parts import AT
from runner.sources.in_memory import arrow_of
from runner.sources.source import Source
from runner.stages.tables.key_types import alike, missing
from runner.text import reason

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Orphan:
    """A key that is nowhere: its values as texts, how many rows have it, and the first of them (None: rows
    have no position)."""

    values: tuple[str, ...]
    rows: int
    first: int | None


@dataclass(frozen=True, slots=True)
class Orphans:
    """`examined` rows have a key, of which `rows` refer to nothing; those have `keys` different ones, and
    `examples` are the most frequent. `ignored` rows have a null in their key."""

    examined: int
    ignored: int
    rows: int = 0
    keys: int = 0
    examples: tuple[Orphan, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two tables: where it is, the columns of its key, and what its source in lockgate.yml begins
    with, which of tables of databases is the connection."""

    source: Source
    columns: tuple[str, ...]
    connection: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """One column of a key: what says that there is one, and the SQL of either table that is compared."""

    column: str
    held: str
    own: str
    other: str


def orphans(connection: Any, child: Side, parent: Side) -> Orphans:
    """Compare two tables in a DuckDB. Raises InfrastructureError where one cannot be read, or types of their
    keys cannot be compared without loss."""
    import duckdb

    try:
        return _compared(connection, child, parent)
    except InfrastructureError:
        raise
    except (duckdb.ConversionException, duckdb.OutOfRangeException):  # their messages hold values
        raise InfrastructureError("a key is beyond the type in which both can be compared") from None
    except Exception as error:  # readers of hostile files raise whatever they like
        raise InfrastructureError(f"cannot be compared: {reason(error)}") from None


def _compared(connection: Any, child: Side, parent: Side) -> Orphans:
    from_, to = _relation(connection, "child", child), _relation(connection, "parent", parent)
    types = _types(connection, from_, child), _types(connection, to, parent)
    keys = [_key(*each) for each in zip(child.columns, parent.columns, *types, strict=True)]
    held = " AND ".join(key.held for key in keys)
    counted = f"SELECT count(*), coalesce(count_if({held}), 0) FROM {from_}"
    rows, examined = connection.execute(counted).fetchone()
    found = connection.execute(_query(from_, to, keys, held)).fetchall()
    examples = tuple(Orphan(tuple(map(str, row[:-4])), *row[-4:-2]) for row in found)
    lost, different = found[0][-2:] if found else (0, 0)
    return Orphans(examined, rows - examined, int(lost), different, examples)


def _relation(connection: Any, name: str, side: Side) -> str:
    """The table in DuckDB's words: where it lies, or its key's columns in memory."""
    asked = None if isinstance(side.source.columns(), Uncompiled) else side.source.asked()
    asked = asked.table if isinstance(asked, Trusting) else asked
    if isinstance(asked, DuckTable):
        return asked.source
    connection.register(name, arrow_of(side.source.frame(), dict.fromkeys(side.columns)))
    return name


def _types(connection: Any, relation: str, side: Side) -> list[str]:
    chosen = ", ".join(map(quoted, side.columns))
    described = connection.execute(f"DESCRIBE SELECT {chosen} FROM {relation}").fetchall()
    return [str(row[1]) for row in described]


def _key(child: str, parent: str, type: str, other: str) -> Key:
    pair = alike(type, other)
    if pair is None:
        told = f"{child!r} of type {type} cannot be compared with {parent!r} of type {other}"
        raise InfrastructureError(told)
    column = quoted(child)
    return Key(column, f"NOT {missing(column, type)}", pair[0].format(column), pair[1].format(quoted(parent)))


def _query(child: str, parent: str, keys: Sequence[Key], held: str) -> str:
    """The most frequent orphans as texts, each with its rows and the first of them; and, in every row, how
    many rows and keys are lost in all."""
    values = ", ".join(f"CAST({k.column} AS VARCHAR) AS v{n}, {k.own} AS k{n}" for n, k in enumerate(keys))
    others = ", ".join(f"{key.other} AS k{n}" for n, key in enumerate(keys))
    names, told = (", ".join(f"{letter}{n}" for n in range(len(keys))) for letter in "kv")
    lost = (
        f"SELECT {told}, count(*) AS n, min(place) AS first_place"
        f" FROM (SELECT {values}, {AT} AS place FROM {child} WHERE {held}) AS c"
        f" ANTI JOIN (SELECT {others} FROM {parent}) AS p USING ({names}) GROUP BY {told}"
    )
    return (
        f"SELECT *, sum(n) OVER (), count(*) OVER () FROM ({lost}) AS lost"
        f" ORDER BY n DESC, first_place LIMIT {EXAMPLES}"
    )
