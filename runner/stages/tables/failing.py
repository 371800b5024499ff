"""The rows that failed, as Parquet: whole rows, each with the expectation that it failed and its position.

Of each expectation that failed or warned row by row, the first 1,000 of its rows in the table's order, so
that the same table gives the same file; of those that Great Expectations answered, the rows that it names, up
to 20.
Sensitive columns are masked, long texts are cut, lists and bytes are texts; nothing is written where no row
failed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runner.expect.asks import Asked, Rows, Uncomputable
from runner.expect.columns import Column, Kind
from runner.expect.literals import Uncompiled
from runner.model import Check, Status
from runner.sources.source import Source
from runner.stages.tables.answering import planned
from runner.stages.tables.engine import Answers
from runner.stages.tables.masking import MASKED
from runner.stages.tables.suite import Expectation, Suite

MOST, EXPECTATIONS = 1_000, 40
LONGEST = 1_000  # characters of a text, bytes of anything else
BYTES, CELL = 32_000_000, 8  # of all rows together, of a cell that is no text
WHICH, PLACE = "expectation", "position"


@dataclass(frozen=True, slots=True)
class Failing:
    """Rows of one expectation: each its position (None where rows have none) and its values."""

    id: str
    rows: Sequence[tuple[Any, ...]]


def write_failing(
    out: Path, name: str, source: Source, suite: Suite, answers: Answers, checks: Sequence[Check],
    sensitive: Collection[str],
) -> tuple[str, ...]:  # fmt: skip
    """Write the failing rows of a table under `out`; the path relative to it, () where there are none or the
    table cannot be asked again. Raises InfrastructureError where it cannot be read any more."""
    failed = tuple(failed_by_row(suite, answers, checks))
    columns = source.columns()
    names, found = _asked(source, replace(suite, expectations=failed), columns)
    named = {e.id: _positions(answers, e) for e in failed if e.id not in {each.id for each in found}}
    if any(named.values()):
        names, framed = _framed(source, named)
        found += framed
    if not any(each.rows for each in found):
        return ()
    path = f"data/{name}.failing.parquet"
    _write(out / path, names, found, sensitive)
    return (path,)


def failed_by_row(suite: Suite, answers: Answers, checks: Sequence[Check]) -> Iterator[Expectation]:
    """The first expectations that failed, or warned, in some rows."""
    left = EXPECTATIONS
    for e, check in zip(suite.expectations, checks, strict=True):
        told = (answers.results.get(e.id) or {}).get("result") or {}
        is_bad = check.status is Status.FAILED or (check.status is Status.PASSED and check.cause)
        if left and is_bad and told.get("unexpected_count"):
            left -= 1
            yield e


def _asked(
    source: Source, failed: Suite, columns: Mapping[str, Column] | Uncompiled
) -> tuple[list[str], list[Failing]]:
    """The rows of what is compiled, by its own condition."""
    if isinstance(columns, Uncompiled) or not failed.expectations:
        return [], []
    table, compiled = source.asked(), planned(failed, columns).compiled
    told = table.answer(ask for each in compiled.values() for ask in each.asks)
    whole, cut = (tuple(map(say, columns.values())) for say in (_plain, _cut))
    found = []
    for id, each in compiled.items():
        wanted = each.rows(told) if told.keys() >= set(each.asks) else None
        if wanted is not None:
            found.append(Failing(id, _first(table, wanted.where, cut, whole)))
    return list(columns), found


def _plain(column: Column) -> str:
    return column.read(column.sql)


def _cut(column: Column) -> str:
    """As it is fetched, texts and whatever is nested only as far as is kept: a cell may be of any size."""
    if column.kind in (Kind.TEXT, Kind.OBJECT, Kind.OTHER):
        return f"left(CAST({column.sql} AS VARCHAR), {LONGEST})"
    return _plain(column)


def _first(table: Asked, where: str, *ways: tuple[str, ...]) -> Sequence[tuple[Any, ...]]:
    """The rows of a condition, said in the first way that the table's engine knows."""
    for columns in ways:
        with suppress(Uncompiled, Uncomputable):
            return table.rows(Rows(columns, where, MOST))
    return ()


def _positions(answers: Answers, e: Expectation) -> list[int]:
    told = (answers.results.get(e.id) or {}).get("result") or {}
    return [at for at in told.get("partial_unexpected_index_list") or () if isinstance(at, int)]


def _framed(source: Source, named: Mapping[str, Sequence[int]]) -> tuple[list[str], list[Failing]]:
    """The rows that Great Expectations named, of the frame that it was given."""
    frame = source.frame()
    names = [str(name) for name in frame.columns]
    found = []
    for id, positions in named.items():
        rows = frame.iloc[[at for at in positions if 0 <= at < len(frame)]].astype(object)
        values = rows.where(rows.notna(), None).itertuples(index=True, name=None)
        found.append(Failing(id, list(values)))
    return names, found


def _write(path: Path, names: Sequence[str], found: Sequence[Failing], sensitive: Collection[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = list(_bounded((each.id, *row) for each in found for row in each.rows))
    which, place = (_free(name, names) for name in (WHICH, PLACE))
    columns = {
        which: pa.array([row[0] for row in rows]),
        place: pa.array([row[1] for row in rows], pa.int64()),
    }
    for at, name in enumerate(names, 2):
        columns[name] = _array([_shown(row[at], name in sensitive) for row in rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}")
    pq.write_table(pa.table(columns), partial, compression="zstd")
    partial.replace(path)


def _bounded(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """As many rows as have so many bytes together."""
    left = BYTES
    for row in rows:
        left -= sum(min(len(cell), LONGEST) if hasattr(cell, "__len__") else CELL for cell in row)
        if left < 0:
            return
        yield row


def _free(name: str, taken: Collection[str]) -> str:
    return name if name not in taken else _free(f"_{name}", taken)


def _shown(value: Any, is_sensitive: bool) -> Any:
    """A null stays one: that it is none is what a row may fail by."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    if is_sensitive:
        return MASKED
    if isinstance(value, bytes):
        value = value[:LONGEST].decode("ascii", "backslashreplace")
    return str(value)[:LONGEST] if hasattr(value, "__len__") else value


def _array(values: Sequence[Any]) -> Any:
    """Of Arrow's own type for the values; as texts where they have none together."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return pa.array([None if value is None else str(value)[:LONGEST] for value in values])
