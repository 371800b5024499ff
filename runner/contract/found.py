"""The columns that a table has, in a contract's types.

Of Parquet the files' own types, of databases theirs. CSV and JSON lines have no types but what their values
are read as: a column's type there is the narrowest that holds its values.
"""

# ruff: noqa: S608  names are quoted where they become SQL (columns.py)
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from runner.contract.columns import Agreed
from runner.contract.differences import Fits, Found
from runner.contract.types import of_arrow, of_sql
from runner.errors import InfrastructureError
from runner.expect.asks import Scalar
from runner.expect.columns import Column, Kind
from runner.expect.duck import DuckTable
from runner.expect.footer import Trusting
from runner.expect.literals import Uncompiled
from runner.expect.parts import AT
from runner.sources.files import Files
from runner.sources.formats import CSV, PARQUET, format_of_all
from runner.sources.in_memory import arrow_of
from runner.sources.source import Source
from runner.text import reason

WHOLE = "int64"


@runtime_checkable
class Declared(Protocol):
    """A source whose columns have types of their own: a database's."""

    def declared(self) -> Mapping[str, str]:
        """Each column's type, in the database's own words."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was found: the columns, and how an agreed type is compared with a found one."""

    columns: tuple[Found, ...]
    fits: Fits


def contract_of(source: Source) -> tuple[Agreed, ...]:
    """What a table could be agreed to be: its columns with their types, all of which may hold nulls: that a
    column has none today is no promise. Raises InfrastructureError where they cannot be told."""
    return tuple(Agreed(name, type) for name, type in _types(source).items())


def found_in(source: Source, agreed: Sequence[Agreed]) -> Told:
    """A table's columns, with the number of nulls in those that were agreed to have none. Raises
    InfrastructureError where that cannot be told."""
    types = _types(source)
    full = {column.name for column in agreed if not column.nullable}
    known = {column.name for column in agreed}
    # What an agreed column is called now is known later: any that was not agreed may be it.
    asked = [name for name in types if name in full or (full - types.keys() and name not in known)]
    nulls = _nulls(source, asked)
    columns = tuple(Found(name, type, nulls.get(name)) for name, type in types.items())
    return Told(columns, _fits(_format(source)))


def _format(source: Source) -> str:
    names = [item.name for item in source.items] if isinstance(source, Files) else []
    return format_of_all(names).kind if names else PARQUET


def _fits(form: str) -> Fits:
    """Of a format without types, a value fits whatever it can be read as."""
    if form == PARQUET:
        return str.__eq__

    def fits(agreed: str, found: str) -> bool:
        as_float = agreed == "float64" and found in (WHOLE, "uint64")
        return agreed == found or found == "null" or as_float or (form == CSV and agreed == "text")

    return fits


def _types(source: Source) -> dict[str, str]:
    if isinstance(source, Declared):
        return {name: of_sql(type) for name, type in source.declared().items()}
    columns = source.columns()
    if isinstance(columns, Uncompiled):
        frame = source.frame()
        return _of_schema(arrow_of(frame, _names(frame)).schema)
    asked = source.asked()
    table = asked.table if isinstance(asked, Trusting) else asked
    if not isinstance(table, DuckTable):
        raise InfrastructureError("its types cannot be told there")
    types = _of_schema(_schema(table))
    return types if _format(source) == PARQUET else types | _narrowed(table, columns)


def _names(frame: Any) -> list[str]:
    return [str(name) for name in frame.columns]


def _of_schema(schema: Any) -> dict[str, str]:
    return {field.name: of_arrow(str(field.type)) for field in schema if field.name != AT}


def _schema(table: DuckTable) -> Any:
    try:
        return table.connection.sql(f"SELECT * FROM {table.source} LIMIT 0").to_arrow_table().schema
    except Exception as error:  # readers of hostile files raise whatever they like
        raise InfrastructureError(f"its types cannot be read: {reason(error)}") from None


def _narrowed(table: DuckTable, columns: Mapping[str, Column]) -> dict[str, str]:
    """What values say beyond the type that they were read as: a column without any is of no type, and one of
    whole numbers is read as floats where there are nulls among them. InfrastructureError of no rows."""
    if not table.count():
        raise InfrastructureError("it has no rows, and no types but those of its values")
    held = {name: Scalar("count(*)", f"NOT {column.missing}") for name, column in columns.items()}
    broken = {
        name: Scalar("count(*)", f"NOT {c.missing} AND ({c.sql} <> trunc({c.sql}) OR isinf({c.sql}))")
        for name, c in columns.items()
        if c.kind is Kind.FLOAT
    }
    told = table.answer((*held.values(), *broken.values()))
    whole = {name: WHOLE for name, ask in broken.items() if told.get(ask) == 0}
    return whole | {name: "null" for name, ask in held.items() if told.get(ask) == 0}


def _nulls(source: Source, names: Collection[str]) -> dict[str, int]:
    """How many nulls columns hold: of floats NaN too, which pandas calls null."""
    columns = source.columns()
    if not names:
        return {}
    if isinstance(columns, Uncompiled):
        table = arrow_of(source.frame(), names)
        return {name: table.column(name).null_count for name in names}
    asks = {name: Scalar("count(*)", columns[name].missing) for name in names}
    told = source.asked().answer(asks.values())
    if lost := [name for name, ask in asks.items() if ask not in told]:
        raise InfrastructureError(f"the nulls of {lost[0]!r} cannot be counted there")
    return {name: int(told[ask]) for name, ask in asks.items()}
