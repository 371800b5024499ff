"""Asks answered by DuckDB and numpy over Parquet: one fused scan, then what no aggregate can say.

Uniqueness is exact and costs no hash table: values' 64-bit hashes are sorted, and where no two are equal, no
two values are. Only where two are, are the values themselves grouped.
"""

# ruff: noqa: S608  names are quoted and values escaped where they become SQL (columns.py, literals.py)
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import InfrastructureError
from runner.expect.asks import ALL_ROWS, MEDIAN, Ask, Distinct, Quantiles, Rows, Scalar, Uniqueness, Values
from runner.expect.columns import Column, column_of
from runner.expect.literals import Uncompiled, text
from runner.text import reason

AT = "file_row_number"
PLAIN = re.compile(r"u?int(8|16|32|64)|float(32|64)|bool|object|str|datetime64\[(ms|us|ns)\]")
# What these leave out because a footer says so is not seen: a footer ignores NaN, and trusts its writer.
TRUSTING = "filter_pushdown,statistics_propagation"
# Beyond this share of different values, grouping costs more than sorting hashes.
MANY = 0.5


def columns_of(path: Path) -> dict[str, Column]:
    """The columns of a Parquet file in their order. Raises InfrastructureError where it is none, Uncompiled
    where pandas would make something else of it than its types say (an index, types of pandas' own)."""
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
        told = schema.pandas_metadata or {}
    except Exception as error:  # readers of hostile files raise whatever they like
        raise InfrastructureError(f"cannot be read: {reason(error)}", where=path.name) from None
    _require_plain(told)
    names = [field.name for field in schema]
    if len({name.lower() for name in names}) < len(names):
        raise Uncompiled("two columns have one name, but for upper and lower case")
    if AT in {name.lower() for name in names}:
        raise Uncompiled(f"a column is called {AT}, as DuckDB calls the rows' positions")
    return {field.name: column_of(field.name, str(field.type)) for field in schema}


def _require_plain(told: Mapping[str, Any]) -> None:
    """What pandas wrote beside the schema changes nothing: no index, no nullable types, no categories, names
    that are texts."""
    if not all(map(_is_count, told.get("index_columns", ()))):
        raise Uncompiled("the table has an index of its own")
    for names in told.get("column_indexes", ()):
        if names.get("pandas_type") not in ("unicode", "string", "empty"):
            raise Uncompiled("its columns' names are no texts to pandas")
    for column in told.get("columns", ()):
        if not PLAIN.fullmatch(str(column.get("numpy_type"))):
            raise Uncompiled(f"column {column.get('name')!r} is of pandas' type {column.get('numpy_type')}")


def _is_count(index: Any) -> bool:
    """Whether an index only counts rows: one with a name becomes a column, others are left alone, too."""
    return isinstance(index, Mapping) and index.get("start") == 0 and index.get("name") is None


@dataclass(frozen=True, slots=True)
class DuckTable:
    """A Parquet file behind DuckDB. Raises InfrastructureError where it cannot be read to its end."""

    connection: Any
    source: str

    @classmethod
    def of(cls, path: Path, threads: int = 2) -> DuckTable:
        """Open a file; nothing is read yet, nothing is fetched from elsewhere, no extension is loaded."""
        import duckdb

        config = {
            "threads": threads,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        connection = duckdb.connect(config={**config, "preserve_insertion_order": False})
        connection.execute(f"SET disabled_optimizers = '{TRUSTING}'")
        return cls(connection, f"read_parquet({text(str(path))}, {AT} = true)")

    def answer(self, asks: Iterable[Ask]) -> dict[Ask, Any]:
        """Every ask's value; equal ones are computed once."""
        wanted = list(dict.fromkeys(asks))
        found = self._scan([ask for ask in wanted if isinstance(ask, Scalar | Distinct)])
        for ask in wanted:
            if isinstance(ask, Distinct):
                found[ask] = self._distinct(ask, found[_number_of(ask)], found[_rough(ask)])
            elif isinstance(ask, Quantiles):
                found[ask] = self._quantiles(ask)
            elif isinstance(ask, Values):
                found[ask] = self._values(ask)
        return found

    def count(self) -> int:
        """How many rows there are."""
        return int(self._all(f"SELECT count(*) FROM {self.source}")[0][0])

    def rows(self, ask: Rows) -> list[tuple[Any, ...]]:
        """The first rows that fulfil a condition, each with its position."""
        where = ask.where.replace("{table}", self.source)
        chosen = ", ".join((AT, *ask.columns))
        return self._all(f"SELECT {chosen} FROM {self.source} WHERE {where} ORDER BY {AT} LIMIT {ask.limit}")

    def _scan(self, asks: Sequence[Scalar | Distinct]) -> dict[Ask, Any]:
        """All that aggregates can say, in one pass."""
        several = [[ask] if isinstance(ask, Scalar) else [_number_of(ask), _rough(ask)] for ask in asks]
        scalars = list(dict.fromkeys(ask for each in several for ask in each))
        if not scalars:
            return {}
        chosen = ", ".join(_filtered(ask) for ask in scalars)
        return dict(zip(scalars, self._all(f"SELECT {chosen} FROM {self.source}")[0], strict=True))

    def _distinct(self, ask: Distinct, rows: int, about: int) -> Uniqueness:
        if about > MANY * rows and self._all_differ(ask):
            return Uniqueness(rows, rows, 0)
        keys = ", ".join(ask.keys)
        grouped = f"SELECT count(*) AS n FROM {self.source} WHERE {ask.where} GROUP BY {keys}"
        distinct, shared = self._all(
            f"SELECT count(*), coalesce(sum(n) FILTER (WHERE n > 1), 0) FROM ({grouped})"
        )[0]
        return Uniqueness(rows, distinct, int(shared))

    def _all_differ(self, ask: Distinct) -> bool:
        hashes = self._column(f"hash({', '.join(ask.keys)})", ask.where)
        hashes.sort()
        return not bool((hashes[1:] == hashes[:-1]).any())

    def _quantiles(self, ask: Quantiles) -> list[Any]:
        """As pandas has them: numpy's percentiles."""
        import numpy as np

        values = self._column(ask.column, ask.where)
        if not len(values):
            return [None] * len(ask.probabilities)
        if ask.method == "linear":  # of whole numbers the difference of two can be too big for their type
            values = values.astype(float)
        if ask.method == MEDIAN:  # of two infinities alike, the middle is no difference
            return [float(np.median(values.astype(float)))] * len(ask.probabilities)
        found: Any = np.percentile(values, np.asarray(ask.probabilities) * 100, method=ask.method)  # type: ignore[call-overload]
        return [value.item() for value in found]

    def _values(self, ask: Values) -> list[tuple[Any, int]] | None:
        grouped = f"SELECT {ask.key}, count(*) FROM {self.source} WHERE {ask.where} GROUP BY 1"
        found = self._all(f"{grouped} LIMIT {ask.limit + 1}")
        return None if len(found) > ask.limit else found

    def _column(self, expression: str, where: str) -> Any:
        query = f"SELECT {expression} AS v FROM {self.source} WHERE {where}"
        return self._run(query).fetchnumpy()["v"]

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._run(query).fetchall()
        return found

    def _run(self, query: str) -> Any:
        try:
            return self.connection.execute(query)
        except Exception as error:
            raise InfrastructureError(f"cannot be computed: {reason(error)}", where="the table") from None


def _rough(ask: Distinct) -> Scalar:
    """Rows and about how many different values: which way to count them exactly."""
    return Scalar(f"approx_count_distinct(hash({', '.join(ask.keys)}))", ask.where)


def _number_of(ask: Distinct) -> Scalar:
    return Scalar("count(*)", ask.where)


def _filtered(ask: Scalar) -> str:
    """A count of conditions is several times faster than a filtered count of rows; over none it is null."""
    if ask.where == ALL_ROWS:
        return ask.sql
    if ask.sql == "count(*)":
        return f"coalesce(count_if({ask.where}), 0)"
    return f"{ask.sql} FILTER (WHERE {ask.where})"
