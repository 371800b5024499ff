"""The rows that an expectation looks at, and its table's columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.expect.asks import ALL_ROWS, Scalar
from runner.expect.bounds import Bounds
from runner.expect.columns import Column, Kind
from runner.expect.facts import Fact, Of
from runner.expect.literals import PLACES, Uncompiled


@dataclass(frozen=True, slots=True)
class Scope:
    """`where` is the row condition as SQL; `examples`: how many unexpected values are shown at most."""

    columns: Mapping[str, Column]
    where: str = ALL_ROWS
    examples: int = 20

    def column(self, name: object, *kinds: Kind) -> Column:
        """A column by name; raises Uncompiled where there is none, or it is of none of these kinds."""
        if not isinstance(name, str) or name not in self.columns:
            raise Uncompiled(f"there is no column {name!r}")
        if any(place in name for place in PLACES):
            raise Uncompiled(f"a column is called {name!r}, as asks call something else")
        column = self.columns[name]
        if kinds and column.kind not in kinds:
            raise Uncompiled(f"column {name!r} is of kind {column.kind}")
        return column

    @property
    def count(self) -> Scalar:
        """How many rows there are."""
        return Scalar("count(*)", self.where, self.means(Of.ROWS))

    def rows(self, *conditions: str) -> str:
        """The scope's rows for which all of these hold."""
        return conjunction(self.where, *conditions)

    def number_of(self, *conditions: str, means: Fact | None = None) -> Scalar:
        """How many of the scope's rows fulfil all of these; `means`, as `means` gave it."""
        return Scalar("count(*)", self.rows(*conditions), means)

    def means(self, of: Of, column: Column | None = None, bounds: Bounds | None = None) -> Fact | None:
        """A fact, unless it is about some rows only."""
        return Fact(of, column, bounds) if self.where == ALL_ROWS else None


def conjunction(*conditions: str) -> str:
    kept = [each for each in conditions if each != ALL_ROWS]
    return " AND ".join(f"({each})" for each in kept) if kept else ALL_ROWS
