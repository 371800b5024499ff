"""What expectations ask of a table, as data. Equal asks are computed once, however many expectations ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from runner.errors import InfrastructureError
from runner.expect.facts import Fact

ALL_ROWS = "true"
MEDIAN = "median"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value of the fused scan: an SQL aggregate, over the rows of a condition. `means`, where it is one
    of the facts over the whole table, says the same without SQL."""

    sql: str
    where: str = ALL_ROWS
    means: Fact | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different values (of several columns: combinations) rows have, and how many rows share one.

    Exact. `keys` are SQL expressions; the answer is a `Uniqueness`."""

    keys: tuple[str, ...]
    where: str = ALL_ROWS


@dataclass(frozen=True, slots=True)
class Uniqueness:
    """`distinct` values over `rows` rows, of which `shared` have a value that another row has too."""

    rows: int
    distinct: int
    shared: int


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Quantiles of a column's values; `method` as numpy calls it, or the median."""

    column: str
    probabilities: tuple[float, ...]
    method: str = "nearest"
    where: str = ALL_ROWS


@dataclass(frozen=True, slots=True)
class Values:
    """A column's different values with their counts, at most `limit` of them (None: there are more)."""

    key: str
    where: str = ALL_ROWS
    limit: int = 100_000


@dataclass(frozen=True, slots=True)
class Query:
    """One value of a query of its own, for what no aggregate over a scan can say, as `placed` takes it."""

    sql: str


@dataclass(frozen=True, slots=True)
class Rows:
    """The first rows of a condition: (position in the table, the columns' values), `limit` of them.

    `where` is as `placed` takes it."""

    columns: tuple[str, ...]
    where: str
    limit: int


Ask = Scalar | Distinct | Quantiles | Values | Query | Rows
Found = Mapping[Ask, Any]


def placed(sql: str, table: str, at: str) -> str:
    """SQL that writes its table as {table}, and a row's position in it as {at} (literals.PLACES)."""
    return sql.replace("{at}", at).replace("{table}", table)


class Uncomputable(InfrastructureError):
    """One ask is beyond what its table's engine can compute; others need not be."""


class Asked(Protocol):
    """What computes asks over a table. Every method raises InfrastructureError where it cannot be read."""

    def answer(self, asks: Iterable[Ask]) -> dict[Ask, Any]:
        """Every ask's value, but of those that cannot be computed."""

    def rows(self, ask: Rows) -> list[tuple[Any, ...]]:
        """The first rows that fulfil a condition, each with its position (None where rows have none)."""

    def count(self) -> int:
        """How many rows there are."""
