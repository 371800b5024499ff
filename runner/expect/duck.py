"""Asks answered by DuckDB and numpy over Parquet: columns whose values are wanted as such, then one fused
scan of all that those do not tell.

Uniqueness is exact and costs no hash table: values' 64-bit hashes are sorted, and where no two are equal, no
two values are. Only where two are, or values repeat in the first rows, are the values themselves grouped.
"""

# ruff: noqa: S608  names are quoted and values escaped where they become SQL (columns.py, literals.py)
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from runner.errors import InfrastructureError
from runner.expect.asks import (
    ALL_ROWS,
    MEDIAN,
    Ask,
    Distinct,
    Quantiles,
    Query,
    Rows,
    Scalar,
    Uncomputable,
    Uniqueness,
    Values,
    placed,
)
from runner.expect.columns import OLD_TIME, Column, column_of
from runner.expect.connection import connected, guarded
from runner.expect.fused import bold, by_value, careful, hashed, known, of_values, settled, weighed
from runner.expect.literals import Uncompiled
from runner.expect.parts import AT, Parts
from runner.expect.scope import conjunction
from runner.text import reason

# Where no more than this share of the first rows' texts differ, each different text is looked at once.
REPEATING = 0.9
# Tables of fewer rows are grouped at once. Of larger ones so many rows are looked at first, and where more
# than this share of them differs, sorting hashes costs less than grouping values.
FEW = 50_000
MANY = 0.5
HASHES = 64_000_000  # sorted at a time: 512 MB
Taken = Distinct | Quantiles | Values | Query
BATCH = 122_880  # rows fetched at a time, DuckDB's own size of a row group


def columns_of(path: Path) -> dict[str, Column]:
    """The columns of a Parquet file in their order. Raises InfrastructureError where it is none, Uncompiled
    where pandas would make something else of it than its types say (an index, types of pandas' own)."""
    import pyarrow.parquet as pq

    try:
        footer = pq.read_metadata(path).schema
        schema = footer.to_arrow_schema()
        told = schema.pandas_metadata or {}
    except Exception as error:  # readers of hostile files raise whatever they like
        raise InfrastructureError(f"cannot be read: {reason(error)}", where=path.name) from None
    try:
        types = _pandas_types(told)
    except (AttributeError, TypeError, KeyError):
        raise Uncompiled("pandas could not have written what stands beside its schema") from None
    names = [field.name for field in schema]
    if len({name.lower() for name in names}) < len(names):
        raise Uncompiled("two columns have one name, but for upper and lower case")
    if AT in {name.lower() for name in names}:
        raise Uncompiled(f"a column is called {AT}, as DuckDB calls the rows' positions")
    hidden = {index for index in told.get("index_columns", ()) if isinstance(index, str)}
    old = {column.path: OLD_TIME for column in footer if column.physical_type == OLD_TIME.upper()}
    return {
        name: column_of(name, old.get(name, str(schema.field(name).type)), types.get(name, ""))
        for name in names
        if name not in hidden
    }


def _pandas_types(told: Mapping[str, Any]) -> dict[Any, str]:
    """By column, what pandas wrote of its types beside the schema, without an index that has no name: reading
    drops it. Raises Uncompiled where an index has a name, or columns' names are no texts."""
    for names in told.get("column_indexes", ()):
        if names.get("pandas_type") not in ("unicode", "string", "empty"):
            raise Uncompiled("its columns' names are no texts to pandas")
    columns = {column.get("field_name"): column for column in told.get("columns", ())}
    for index in told.get("index_columns", ()):
        said = index if isinstance(index, Mapping) else columns.pop(index)
        if said.get("name") is not None:
            raise Uncompiled("the table has an index of its own")
    return {name: str(column.get("numpy_type")) for name, column in columns.items()}


@dataclass(frozen=True, slots=True)
class DuckTable:
    """A Parquet file behind DuckDB. Raises InfrastructureError where it cannot be read to its end.

    `few` and `hashes` are FEW and HASHES, but for tests of small tables."""

    connection: Any
    source: str
    few: int = FEW
    hashes: int = HASHES

    @classmethod
    def of(cls, table: Path | Parts, threads: int | None = None, few: int = FEW) -> DuckTable:
        """Open a file, or several as one table; nothing is read yet."""
        parts = Parts((table,)) if isinstance(table, Path) else table
        return cls(connected(threads), parts.relation(), few)

    def answer(self, asks: Iterable[Ask]) -> dict[Ask, Any]:
        """Every ask's value but of those that cannot be computed; equal ones are computed once. While values
        are fetched, and sorted on one core, the other has the scan of all that they do not tell."""
        wanted, rows = list(dict.fromkeys(asks)), self.count()
        taken = [ask for ask in wanted if isinstance(ask, Taken)]
        scalars = [ask for ask in wanted if isinstance(ask, Scalar)]
        looked_at = {ask.where for ask in taken if isinstance(ask, Distinct | Quantiles)}
        told = known(scalars, rows, dict.fromkeys(looked_at | {ALL_ROWS}, rows))
        with ThreadPoolExecutor(1) as pool:
            beside = replace(self, connection=self.connection.cursor())
            scanned = pool.submit(beside._seen, [ask for ask in scalars if ask not in told], rows)
            found = self._taken(taken, rows, scalars)
            found |= scanned.result()
        return found | self._scan([ask for ask in scalars if ask not in found and ask in told])

    def _taken(self, asks: Sequence[Taken], rows: int, scalars: Sequence[Scalar]) -> dict[Ask, Any]:
        """Answers that take values, and the numbers of rows that those tell."""
        found: dict[Ask, Any] = {}
        counted = {ALL_ROWS: rows}
        for ask in asks:
            with suppress(Uncomputable):
                found[ask] = self._fetched(ask, rows, counted)
        return found | known(scalars, rows, counted)

    def count(self) -> int:
        """How many rows there are: those of the row groups, by which every reader reads. Columns that have
        another number of values cannot be read."""
        return int(self._all(f"SELECT count(*) FROM {self.source}")[0][0])

    def rows(self, ask: Rows) -> list[tuple[Any, ...]]:
        """The first rows that fulfil a condition, each with its position."""
        where = placed(ask.where, self.source, AT)
        chosen = ", ".join((AT, *ask.columns))
        return self._all(f"SELECT {chosen} FROM {self.source} WHERE {where} ORDER BY {AT} LIMIT {ask.limit}")

    def _seen(self, asks: Sequence[Scalar], rows: int) -> dict[Ask, Any]:
        """Columns of texts that repeat by their different texts, all else by a scan."""
        found: dict[Ask, Any] = {}
        for column, judged in self._repeating(asks).items() if rows > self.few else ():
            with suppress(Uncomputable):
                told = self._fused(judged, partial(weighed, column=column), of_values(column, self.source))
                found = found | told
        return found | self._scan([ask for ask in asks if ask not in found])

    def _repeating(self, asks: Sequence[Scalar]) -> dict[Column, list[Scalar]]:
        """Columns whose texts repeat in the first rows, with what is asked of each text."""
        judged = by_value(asks)
        names = [column.sql for column in judged]
        if not names:
            return {}
        different = ", ".join(f"count(DISTINCT {name})" for name in names)
        some = f"SELECT {', '.join(names)} FROM {self.source} LIMIT {FEW}"
        rows, *distinct = self._all(f"SELECT count(*), {different} FROM ({some})")[0]
        pairs = zip(judged.items(), distinct, strict=True)
        return {column: each for (column, each), count in pairs if count <= REPEATING * rows}

    def _scan(self, asks: Sequence[Scalar]) -> dict[Ask, Any]:
        """All that aggregates can say, in one pass; what that leaves open, carefully in another."""
        try:
            bolder = self._fused(asks, bold)
        except Uncomputable:
            bolder = {}
        found: dict[Ask, Any] = {ask: told for ask in bolder for told in settled(ask, bolder[ask])}
        return found | self._carefully([ask for ask in asks if ask not in found])

    def _carefully(self, asks: Sequence[Scalar]) -> dict[Scalar, Any]:
        """Of asks that cannot be computed together, each half; what cannot be alone is left out."""
        try:
            return self._fused(asks, careful)
        except Uncomputable:
            half = len(asks) // 2
            return self._carefully(asks[:half]) | self._carefully(asks[half:]) if half else {}

    def _fused(
        self, asks: Sequence[Scalar], written: Callable[[Scalar], str], source: str = ""
    ) -> dict[Scalar, Any]:
        if not asks:
            return {}
        chosen = ", ".join(map(written, asks))
        return dict(zip(asks, self._all(f"SELECT {chosen} FROM {source or self.source}")[0], strict=True))

    def _fetched(self, ask: Taken, rows: int, counted: dict[str, int]) -> Any:
        """An answer that takes values; how many rows it looked at is put into `counted`, by its condition."""
        if isinstance(ask, Distinct):
            told = self._distinct(ask, rows)
            counted[ask.where] = told.rows
            return told
        if isinstance(ask, Quantiles):
            return self._quantiles(ask, rows, counted)
        if isinstance(ask, Query):
            return self._all(placed(ask.sql, self.source, AT))[0][0]
        return self._values(ask)

    def _distinct(self, ask: Distinct, rows: int) -> Uniqueness:
        differing = self._differing(ask, rows) if rows > self.few and self._seems_many(ask) else None
        if differing is not None:
            return Uniqueness(differing, differing, 0)
        grouped = f"SELECT count(*) AS n FROM {self.source} WHERE {ask.where} GROUP BY {', '.join(ask.keys)}"
        several = "coalesce(sum(n) FILTER (WHERE n > 1), 0)"
        told = self._all(f"SELECT coalesce(sum(n), 0), count(*), {several} FROM ({grouped})")[0]
        return Uniqueness(*map(int, told))

    def _seems_many(self, ask: Distinct) -> bool:
        """Whether most of some rows differ: a guess at what is faster, not at the answer."""
        some = f"SELECT {hashed(ask)} AS h FROM {self.source} WHERE {ask.where} LIMIT {FEW}"
        rows, distinct = self._all(f"SELECT count(*), count(DISTINCT h) FROM ({some})")[0]
        return bool(distinct > MANY * rows)

    def _differing(self, ask: Distinct, rows: int) -> int | None:
        """The number of a condition's rows if all differ, by their hashes; None if two may be equal."""
        hash, parts, seen = hashed(ask), -(-rows // self.hashes), 0
        for part in range(parts):
            where = conjunction(ask.where, f"{hash} % {parts} = {part}") if parts > 1 else ask.where
            hashes = self._column(hash, where, rows)
            hashes.sort()
            if (hashes[1:] == hashes[:-1]).any():
                return None
            seen += len(hashes)
        return seen

    def _quantiles(self, ask: Quantiles, rows: int, counted: dict[str, int]) -> list[Any]:
        """As pandas has them: numpy's percentiles."""
        import numpy as np

        values = self._column(ask.column, ask.where, rows)
        counted[ask.where] = len(values)
        if not len(values):
            return [None] * len(ask.probabilities)
        if ask.method == "linear":  # of whole numbers the difference of two can be too big for their type
            values = values.astype(float, copy=False)
        if ask.method == MEDIAN:  # of two infinities alike, the middle is no difference
            return [float(np.median(values.astype(float, copy=False), overwrite_input=True))] * len(
                ask.probabilities
            )
        shares: Any = np.asarray(ask.probabilities) * 100
        method: Any = ask.method
        found = np.percentile(values, shares, method=method, overwrite_input=True)
        return [value.item() for value in found]

    def _values(self, ask: Values) -> list[tuple[Any, int]] | None:
        grouped = f"SELECT {ask.key}, count(*) FROM {self.source} WHERE {ask.where} GROUP BY 1"
        found = self._all(f"{grouped} LIMIT {ask.limit + 1}")
        return None if len(found) > ask.limit else found

    def _column(self, expression: str, where: str, rows: int) -> Any:
        """An expression's values as a numpy array; `rows`: of the table."""
        query = f"SELECT {expression} AS v FROM {self.source} WHERE {where}"
        return guarded(lambda: _streamed(self.connection.sql(query).to_arrow_reader(BATCH), rows))

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = guarded(lambda: self.connection.execute(query).fetchall())
        return found


def _streamed(batches: Any, rows: int) -> Any:
    """Batches of one column as an array, which takes no more memory than they fill. Arrow's own `to_numpy`
    would import pandas."""
    import numpy as np

    values, at = np.empty(rows, dtype=batches.schema.field(0).type.to_pandas_dtype()), 0
    for batch in batches:
        values[at : at + len(batch)] = np.from_dlpack(batch.column(0))
        at += len(batch)
    return values[:at]
