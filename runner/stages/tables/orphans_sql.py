"""Rows whose key no row of another table has, found in the database that both lie in.

The SQL is what PostgreSQL, Redshift and Athena have in common; a row's position is in none of them.
"""

# ruff: noqa: S608  names are quoted where they become SQL (columns.py, dialects.py)
from __future__ import annotations

from collections.abc import Sequence

from runner.errors import InfrastructureError
from runner.expect.columns import ALIKE, Column
from runner.expect.literals import Uncompiled
from runner.sources.dialects import parsed
from runner.sources.source import Source
from runner.sources.sql import SqlTable
from runner.stages.tables.orphans import EXAMPLES, Orphan, Orphans, Side


def orphans_there(child: Side, parent: Side) -> Orphans:
    """Compare two tables of one database. Raises InfrastructureError where it cannot be asked, or the kinds
    of their keys differ: a database would cast one to the other."""
    own, others = _columns(child), _columns(parent)
    for one, other in zip(own, others, strict=True):
        if one.kind is not other.kind or one.kind not in ALIKE:
            told = (
                f"{one.name!r} of kind {one.kind} cannot be compared with {other.name!r} of kind {other.kind}"
            )
            raise InfrastructureError(told)
    from_, to = _table(child.source), _table(parent.source)
    try:
        held = " AND ".join(from_.session.dialect.said(f"NOT {column.missing}") for column in own)
        keys, wanted = _keys(from_, own), _keys(to, others)
    except Uncompiled as why:
        raise InfrastructureError(f"its keys cannot be asked there: {why}") from None
    counted = f"SELECT count(*), coalesce(sum(CASE WHEN {held} THEN 1 ELSE 0 END), 0) FROM {from_.relation}"
    rows, examined = map(int, from_.session.select(counted)[0])
    found = from_.session.select(_query(from_.relation, to.relation, own, keys, wanted, held))
    examples = tuple(Orphan(tuple(map(str, row[:-3])), int(row[-3]), None) for row in found)
    lost, different = map(int, found[0][-2:]) if found else (0, 0)
    return Orphans(examined, rows - examined, lost, different, examples)


def in_one_database(child: Side, parent: Side) -> bool:
    """Whether both are asked through one connection of lockgate.yml."""
    both = [side.source.columns() for side in (child, parent)]
    if child.connection != parent.connection or any(isinstance(each, Uncompiled) for each in both):
        return False
    return all(isinstance(side.source.asked(), SqlTable) for side in (child, parent))


def _columns(side: Side) -> list[Column]:
    columns = side.source.columns()
    assert not isinstance(columns, Uncompiled)  # noqa: S101  in_one_database says so
    return [columns[name] for name in side.columns]


def _table(source: Source) -> SqlTable:
    asked = source.asked()
    assert isinstance(asked, SqlTable)  # noqa: S101  in_one_database says so
    return asked


def _keys(table: SqlTable, columns: Sequence[Column]) -> list[str]:
    """What values are compared by: not by a database's own rule, which may ignore blanks at a text's end."""
    return [table.session.dialect.keyed(parsed(column.sql)) for column in columns]


def _query(
    child: str, parent: str, own: Sequence[Column], keys: Sequence[str], wanted: Sequence[str], held: str
) -> str:
    """As orphans._query, without positions. `own` columns are shown, `keys` compared with those `wanted`."""
    shown = ", ".join(
        f"{key} AS k{n}, {c.sql} AS t{n}" for n, (key, c) in enumerate(zip(keys, own, strict=True))
    )
    others = ", ".join(f"{key} AS p{n}" for n, key in enumerate(wanted))
    same = " AND ".join(f"p.p{n} = c.k{n}" for n in range(len(own)))
    names = ", ".join(f"k{n}" for n in range(len(own)))
    texts = ", ".join(f"max(CAST(t{n} AS VARCHAR)) AS v{n}" for n in range(len(own)))
    told = ", ".join(f"v{n}" for n in range(len(own)))
    lost = (
        f"SELECT {names}, {texts}, count(*) AS n FROM (SELECT {shown} FROM {child} WHERE {held}) AS c"
        f" WHERE NOT EXISTS (SELECT 1 FROM (SELECT {others} FROM {parent}) AS p WHERE {same})"
        f" GROUP BY {names}"
    )
    return (
        f"SELECT {told}, n, sum(n) OVER () AS lost, count(*) OVER () AS different"
        f" FROM ({lost}) AS g ORDER BY n DESC, {names} LIMIT {EXAMPLES}"
    )
