"""Asks answered by a database, where the table lies: one SELECT for all aggregates, one each for the rest.

Rows of a database have no position, and none is told. Which rows are shown of more that are unexpected is the
first in the order of their values, so that the same table gives the same result.
"""

# ruff: noqa: S608  names are quoted and values escaped where they become SQL (columns.py, dialects.py)
from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from runner.errors import InfrastructureError
from runner.expect.asks import (
    ALL_ROWS,
    Ask,
    Distinct,
    Quantiles,
    Query,
    Rows,
    Scalar,
    Uncomputable,
    Uniqueness,
    Values,
)
from runner.expect.literals import Uncompiled
from runner.sources.dialects import Dialect, parsed
from runner.sources.order_statistics import between, neighbours, place

if TYPE_CHECKING:
    from sqlglot import exp

TABLE = "{table}"


class Session(Protocol):
    """A way to ask a database, in one state of its tables where it has such."""

    @property
    def dialect(self) -> Dialect:
        """Its language."""

    def select(self, query: str) -> list[tuple[Any, ...]]:
        """A query's rows. Raises Uncomputable for what is beyond the database's types, InfrastructureError
        for anything else; after that, for every further query too."""


@dataclass(frozen=True)
class SqlTable:
    """A table of a database, as `relation`: a name or a subquery that can stand in FROM."""

    session: Session
    relation: str

    def answer(self, asks: Iterable[Ask]) -> dict[Ask, Any]:
        """Every ask's value, but of those that the database cannot say or compute."""
        wanted = list(dict.fromkeys(asks))
        written = {ask: sql for ask in wanted if isinstance(ask, Scalar) and (sql := self._scalar(ask))}
        found = self._fused(written)
        for ask in wanted:
            if isinstance(ask, Distinct | Quantiles | Values):
                with suppress(Uncompiled, Uncomputable):
                    found[ask] = self._one(ask)
        return found

    def count(self) -> int:
        """How many rows there are; asked once."""
        return self._count

    def unsaid(self, asks: Iterable[Ask]) -> str:
        """Why the database cannot be asked one of these, or ''."""
        try:
            for ask in asks:
                for sql in _parts(ask):
                    self._said(sql)
        except Uncompiled as why:
            return str(why)
        return ""

    @cached_property
    def _count(self) -> int:
        return int(self.session.select(f"SELECT count(*) FROM {self.relation}")[0][0])

    def rows(self, ask: Rows) -> list[tuple[Any, ...]]:
        """The first rows that fulfil a condition, in the order of their values; None is their position.

        Raises Uncompiled where the database cannot say it."""
        columns = list(map(self._said, ask.columns))
        named = ", ".join(f"{sql} AS c{n}" for n, sql in enumerate(columns))
        chosen = ", ".join(f"c{n}" for n in range(len(columns)))
        order = ", ".join(f"c{n} NULLS FIRST" for n in range(len(columns)))
        found = self.session.select(
            f"SELECT {chosen} FROM ({self._where(ask, named)}) AS s ORDER BY {order} LIMIT {ask.limit}"
        )
        return [(None, *row) for row in found]

    def _where(self, ask: Rows, named: str) -> str:
        """The rows of a condition; where it says that other rows share keys, by a window over them."""
        if TABLE not in ask.where:
            return f"SELECT {named} FROM {self.relation} WHERE {self._said(ask.where)}"
        keys, where = _shared(ask.where.replace(TABLE, "t"))
        window = ", ".join(map(self.session.dialect.keyed, keys))
        inner = f"SELECT {named}, count(*) OVER (PARTITION BY {window}) AS n FROM {self.relation}"
        return f"SELECT * FROM ({inner} WHERE {self.session.dialect.written(where)}) AS w WHERE n > 1"

    def _scalar(self, ask: Scalar) -> str:
        """An aggregate over the rows of a condition; '' for one that the database cannot say."""
        try:
            return self._said(_conditional(ask))
        except Uncompiled:
            return ""

    def _fused(self, written: dict[Scalar, str]) -> dict[Ask, Any]:
        """All in one pass; of those that cannot be computed together each half, down to one: that is left."""
        if not written:
            return {}
        try:
            row = self.session.select(f"SELECT {', '.join(written.values())} FROM {self.relation}")[0]
            return {ask: _plain(value) for ask, value in zip(written, row, strict=True)}
        except Uncomputable:
            both = list(written.items())
            half = len(both) // 2
            return self._fused(dict(both[:half])) | self._fused(dict(both[half:])) if half else {}

    def _one(self, ask: Distinct | Quantiles | Values) -> Any:
        if isinstance(ask, Distinct):
            return self._distinct(ask)
        return self._quantiles(ask) if isinstance(ask, Quantiles) else self._values(ask)

    def _distinct(self, ask: Distinct) -> Uniqueness:
        keys = ", ".join(f"{self._keyed(key)} AS k{n}" for n, key in enumerate(ask.keys))
        names = ", ".join(f"k{n}" for n in range(len(ask.keys)))
        chosen = f"SELECT {keys} FROM {self.relation} WHERE {self._said(ask.where)}"
        grouped = f"SELECT count(*) AS n FROM ({chosen}) AS s GROUP BY {names}"
        several = "coalesce(sum(CASE WHEN n > 1 THEN n ELSE 0 END), 0)"
        told = self.session.select(f"SELECT coalesce(sum(n), 0), count(*), {several} FROM ({grouped}) AS g")[
            0
        ]
        return Uniqueness(*map(int, told))

    def _quantiles(self, ask: Quantiles) -> list[Any]:
        """By the order statistics that they lie between."""
        value, where = self._said(ask.column), self._said(ask.where)
        rows = int(self.session.select(f"SELECT count(*) FROM {self.relation} WHERE {where}")[0][0])
        if not rows:
            return [None] * len(ask.probabilities)
        places = [place(probability, rows) for probability in ask.probabilities]
        wanted = sorted({one + 1 for at in places for one in neighbours(at, rows)})
        ordered = f"SELECT {value} AS v, row_number() OVER (ORDER BY {value}) AS r FROM {self.relation}"
        found = self.session.select(
            f"SELECT r, v FROM ({ordered} WHERE {where}) AS s WHERE r IN ({', '.join(map(str, wanted))})"
        )
        values = {int(at) - 1: _plain(each) for at, each in found}
        if len(values) < len(wanted):
            raise InfrastructureError("it lost rows while it was judged")
        return [between(values, at, rows, ask.method) for at in places]

    def _values(self, ask: Values) -> list[tuple[Any, int]] | None:
        key, where = self._said(ask.key), self._said(ask.where)
        group = self._keyed(ask.key)
        shown = key if group == key else f"max({key})"  # all of a group are equal
        grouped = f"SELECT {shown} AS v, count(*) AS n FROM {self.relation} WHERE {where} GROUP BY {group}"
        found = self.session.select(f"{grouped} LIMIT {ask.limit + 1}")
        return None if len(found) > ask.limit else [(_plain(value), int(n)) for value, n in found]

    def _said(self, sql: str) -> str:
        return self.session.dialect.said(sql)

    def _keyed(self, sql: str) -> str:
        return self.session.dialect.keyed(parsed(sql))


def _parts(ask: Ask) -> tuple[str, ...]:
    """What of an ask a compiler wrote. Raises Uncompiled for a query, which may be any."""
    if isinstance(ask, Query):
        raise Uncompiled("it takes a query of its own")
    if isinstance(ask, Scalar):
        return (ask.sql, ask.where)
    if isinstance(ask, Distinct):
        return (*ask.keys, ask.where)
    if isinstance(ask, Rows):
        return (*ask.columns, ask.where)
    return (ask.column if isinstance(ask, Quantiles) else ask.key, ask.where)


def _conditional(ask: Scalar) -> str:
    """An aggregate of some rows, by CASE: FILTER is no word of Redshift's."""
    if ask.where == ALL_ROWS:
        return ask.sql
    function, argument = ask.sql.rstrip(")").split("(", 1) if ask.sql.count("(") == 1 else ("", "")
    if not function:
        raise Uncompiled("an aggregate of another form")
    return f"{function}(CASE WHEN {ask.where} THEN {'1' if argument == '*' else argument} END)"


def _shared(where: str) -> tuple[Sequence[exp.Expr], exp.Expr]:
    """Of a condition that some rows share keys, the keys and the condition of those rows: the compilers write
    it as CONDITION AND KEYS IN (SELECT KEYS FROM t WHERE CONDITION GROUP BY 1 HAVING count(*) > 1)."""
    from sqlglot import exp

    found = [node for node in parsed(where).find_all(exp.In) if node.args.get("query")]
    if len(found) != 1:
        raise Uncompiled("a subquery of another form")
    key, query = found[0].this, found[0].args["query"].unnest()
    is_row = isinstance(key, exp.Anonymous) and key.name.lower() == "row"
    return (key.expressions if is_row else [key]), query.args["where"].this


def _plain(value: Any) -> Any:
    """A number as Python has it: databases answer sums of integers as decimals."""
    from decimal import Decimal

    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)
