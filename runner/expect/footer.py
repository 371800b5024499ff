"""What a Parquet footer proves, for tables whose writer is trusted (`trust_footer: true`).

A footer tells of each row group how many values of a column are null, the least and the greatest. Where it
says nothing of a row group, nothing is proved and the column is scanned. Of floats it proves the extremes
only: NaN is none of its nulls, and none of its values. Of what is no signed integer and no float it proves
the nulls only: writers have ordered unsigned integers as signed ones, they cut texts, and Great Expectations
reads decimals and times as other values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.errors import InfrastructureError
from runner.expect.asks import Ask, Asked, Rows, Scalar
from runner.expect.columns import MOMENTS, Kind
from runner.expect.compiled import Compiled
from runner.expect.facts import Fact, Of, all_hold, is_ordered
from runner.text import reason

WHOLE = (Kind.INTEGER, Kind.BOOLEAN, Kind.TEXT, Kind.DECIMAL, *MOMENTS)  # every null of which is SQL's null


@dataclass(frozen=True, slots=True)
class Told:
    """What one row group, or all, say of a column: how many nulls (None: nothing), and its extremes: () where
    it has no values, None where nothing is said of them."""

    nulls: int | None = None
    extremes: tuple[Any, ...] | None = None

    def beside(self, other: Told) -> Told:
        """Both row groups together."""
        nulls = None if self.nulls is None or other.nulls is None else self.nulls + other.nulls
        if self.extremes is None or other.extremes is None:
            return Told(nulls)
        both = self.extremes + other.extremes
        return Told(nulls, (min(both), max(both)) if both else ())


@dataclass(frozen=True, slots=True)
class Footer:
    """The number of rows, and what is told of each column."""

    rows: int
    columns: Mapping[str, Told] = field(default_factory=dict)

    def proved(self, asks: Iterable[Ask]) -> dict[Ask, Any]:
        """The asks that this footer answers, as a scan of an honest file would."""
        facts = ((ask, ask.means) for ask in asks if isinstance(ask, Scalar) and ask.means is not None)
        return {ask: value for ask, fact in facts for value in self._values(fact)}

    def _values(self, fact: Fact) -> Iterator[Any]:
        """A fact's value, or none."""
        if fact.of is Of.ROWS:
            yield self.rows
        if fact.column is None:
            return
        told = self.columns.get(fact.column.name, Told())
        if fact.of in (Of.MISSING, Of.PRESENT) and fact.column.kind in WHOLE and told.nulls is not None:
            yield told.nulls if fact.of is Of.MISSING else self.rows - told.nulls
        if told.extremes is not None and is_ordered(fact.column):
            yield from _of_extremes(fact, told.extremes)


def _of_extremes(fact: Fact, extremes: tuple[Any, ...]) -> Iterator[Any]:
    if fact.of is Of.LEAST:
        yield extremes[0] if extremes else None
    if fact.of is Of.GREATEST:
        yield extremes[-1] if extremes else None
    if fact.of is Of.OUTSIDE and fact.bounds is not None and all_hold(fact.bounds, extremes):
        yield 0


def footer_of(paths: Iterable[Path]) -> Footer:
    """The footers of a table's files, as one; raises InfrastructureError where one is none."""
    footers = list(map(_footer, paths))
    names = {name for each in footers for name in each.columns}
    told = {name: _together(each.columns.get(name, Told()) for each in footers) for name in names}
    return Footer(sum(each.rows for each in footers), told)


def _footer(path: Path) -> Footer:
    import pyarrow.parquet as pq

    try:
        metadata, names = pq.read_metadata(path), pq.read_schema(path).names
        groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
        # A nested column has parts of its own there, and names do not tell them apart from others'.
        flat = list(enumerate(names)) if metadata.num_columns == len(names) else []
        told = {
            name: _together(_told(group.column(at), group.num_rows) for group in groups) for at, name in flat
        }
    except Exception as error:  # readers of hostile files raise whatever they like
        raise InfrastructureError(f"cannot be read: {reason(error)}", where=path.name) from None
    return Footer(sum(group.num_rows for group in groups), told)


def _together(groups: Iterable[Told]) -> Told:
    whole = Told(0, ())
    for each in groups:
        whole = whole.beside(each)
    return whole


def _told(chunk: Any, rows: int) -> Told:
    """What a row group says of a column; a number of values that is not the rows' says nothing."""
    if not chunk.is_stats_set or chunk.num_values != rows:
        return Told()
    said = chunk.statistics
    nulls = said.null_count if said.has_null_count and 0 <= said.null_count <= rows else None
    if said.has_min_max:
        return Told(nulls, _ordered(said.min, said.max))
    return Told(nulls, () if nulls == rows else None)


def _ordered(least: Any, greatest: Any) -> tuple[Any, Any] | None:
    """Both, unless they are no numbers in their order: old writers took NaN for one. A least 0.0 is written
    as -0.0, lest it hide one."""
    numbers = isinstance(least, int | float) and isinstance(greatest, int | float)
    return (least + 0, greatest) if numbers and least <= greatest else None


@dataclass(frozen=True, slots=True)
class Trusting:
    """A table whose footer answers what it can, and the table itself the rest."""

    footer: Footer
    table: Asked

    def answer(self, asks: Iterable[Ask]) -> dict[Ask, Any]:
        wanted = list(dict.fromkeys(asks))
        proved = self.footer.proved(wanted)
        rest = [ask for ask in wanted if ask not in proved]
        return proved | (self.table.answer(rest) if rest else {})

    def rows(self, ask: Rows) -> list[tuple[Any, ...]]:
        return self.table.rows(ask)

    def count(self) -> int:
        return self.footer.rows

    def alone(self, compiled: Mapping[str, Compiled]) -> tuple[str, ...]:
        """The expectations that the footer answered without a look at any value."""
        return tuple(id for id, each in compiled.items() if each.asks and self._answers(each))

    def _answers(self, each: Compiled) -> bool:
        proved = self.footer.proved(each.asks)
        return proved.keys() >= set(each.asks) and each.rows(proved) is None
