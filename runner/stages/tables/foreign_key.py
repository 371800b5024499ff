"""Whether every key of a table stands in another one: a foreign key, as databases call it.

That the other table's keys are unique is not asked here: an expectation of its suite says so.
"""

from __future__ import annotations

from runner.config.data import ForeignKey
from runner.expect.mapped import enough
from runner.model import Check, Status
from runner.stages.tables.between import Between
from runner.stages.tables.further import Seen
from runner.stages.tables.orphans import Orphan, Orphans, Side, orphans
from runner.stages.tables.orphans_sql import in_one_database, orphans_there
from runner.text import one_line

SHOWN = 60


def judge(id: str, rule: ForeignKey, between: Between) -> Check:
    """FAILED where fewer rows than `mostly` says have their key in the other table, or a column is missing;
    ERROR where no row has a key at all. Raises InfrastructureError where they cannot be read or compared."""
    child, parent = between.seen(rule.table), between.seen(rule.references)
    referenced = rule.referenced or rule.columns
    limit = f"{_share(rule)}{_named(rule.columns)} in {rule.references} ({', '.join(referenced)})"
    for table, columns in ((child, rule.columns), (parent, referenced)):
        if lost := [name for name in columns if name not in table.answered.columns]:
            cause = f"table {table.name} has no column {lost[0]!r}"
            return Check(id, Status.FAILED, child.config.source, cause=cause, limit=limit)
    found = _compared(between, _side(child, rule.columns), _side(parent, referenced))
    status, cause = _judged(rule, found, hidden=_hidden(child, rule.columns) or _hidden(parent, referenced))
    return Check(id, status, child.config.source, cause=cause, measured=_measured(found), limit=limit)


def _side(table: Seen, columns: tuple[str, ...]) -> Side:
    return Side(table.source, columns, table.config.source.partition(":")[0])


def _compared(between: Between, child: Side, parent: Side) -> Orphans:
    """Where both lie, if that is one database; else here."""
    if in_one_database(child, parent):
        return orphans_there(child, parent)
    return orphans(between.connection, child, parent)


def _judged(rule: ForeignKey, found: Orphans, *, hidden: bool) -> tuple[Status, str]:
    if not found.examined:
        return Status.ERROR, f"no row has a key ({found.ignored:,} with nulls), so it shows nothing"
    if enough(found.examined, found.rows, rule.mostly):
        return Status.PASSED, ""
    keys = f"{found.keys:,} different key{'s' * (found.keys != 1)}"
    examples = "; ".join(_example(orphan, hidden=hidden) for orphan in found.examples)
    more = "; …" if found.keys > len(found.examples) else ""
    return Status.FAILED, f"{_measured(found)}: {keys}, {examples}{more}"


def _measured(found: Orphans) -> str:
    """How many rows refer to nothing, of those that have a key."""
    share = f" ({found.rows / found.examined:.2%})" if found.rows else ""
    ignored = f", {found.ignored:,} more have nulls" if found.ignored else ""
    return f"{found.rows:,} of {found.examined:,} rows have no match{share}{ignored}"


def _example(orphan: Orphan, *, hidden: bool) -> str:
    values = "a sensitive one" if hidden else ", ".join(repr(one_line(each, SHOWN)) for each in orphan.values)
    rows = f"{orphan.rows:,} row{'s' * (orphan.rows != 1)}"
    return f"{values} in {rows}" + (f" from row {orphan.first:,}" if orphan.first is not None else "")


def _hidden(table: Seen, columns: tuple[str, ...]) -> bool:
    return not set(columns).isdisjoint(table.config.sensitive)


def _share(rule: ForeignKey) -> str:
    return "every " if rule.mostly == 1 else f"at least {rule.mostly:.6g} of all "


def _named(columns: tuple[str, ...]) -> str:
    return columns[0] if len(columns) == 1 else f"({', '.join(columns)})"
