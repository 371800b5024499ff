"""What a profile knows of a table and its columns. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.expect.columns import Column

TIMES = ("time", "instant", "date")  # kinds of columns that hold moments
Counts = tuple[tuple[object, int], ...]


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean, standard deviation and excess kurtosis of finite values."""

    mean: float
    deviation: float
    kurtosis: float


@dataclass(frozen=True, slots=True)
class SeenColumn:
    """A column: `rows` in all, `present` of them not null, about `about` different values.

    `lowest` ascends and `highest` descends: the first of a column's numbers, of its moments in microseconds
    since 1970, of its texts' lengths. `values` and `shapes`, where they are few."""

    column: Column
    rows: int
    present: int
    about: int = 0
    lowest: tuple[float, ...] = ()
    highest: tuple[float, ...] = ()
    moments: Moments | None = None
    first: str = ""
    last: str = ""
    values: Counts | None = None
    shapes: Counts | None = None

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def nulls(self) -> int:
        return self.rows - self.present


@dataclass(frozen=True, slots=True)
class SeenTable:
    """A table: its rows, its columns in their order, which keys and which pairs `a <= b` hold in it."""

    rows: int
    columns: tuple[SeenColumn, ...]
    sensitive: frozenset[str] = frozenset()
    keys: tuple[tuple[str, ...], ...] = ()
    ordered: tuple[tuple[str, str], ...] = ()

    def named(self, name: str) -> SeenColumn:
        return next(each for each in self.columns if each.name == name)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An expectation, and why."""

    type: str
    kwargs: Mapping[str, object]
    why: str
