"""Small histograms of the columns that expectations look at, from what is compiled: plots as data.

Drawn for columns with an expectation that failed or warned, then for those with bounds or sets, whose limits
are drawn too; of a large table, for the first alone. Two scans at most of the columns drawn: their ends, then
their bins. None of a sensitive column, none where the table's engine cannot count bins.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from runner.errors import LockgateError
from runner.expect.asks import Ask, Asked, Scalar, Values
from runner.expect.columns import NUMBERS, Column, Kind
from runner.expect.literals import Uncompiled, is_number
from runner.model import Check, Limit, Plot, Series, Status
from runner.stages.tables.further import Seen
from runner.stages.tables.suite import Expectation, Suite
from runner.text import one_line

BINS, TOP = 20, 12
EACH = 32  # whole numbers of so many values have a bin each
# Columns a table of what failed, and beside them of what passed; rows from which only the first are drawn.
FAILED, PASSED, LARGE = 12, 4, 2_000_000
LISTED = 2_000  # different texts beyond which there are no top ones
BETWEEN = "expect_column_values_to_be_between"
BOUNDED = (BETWEEN, "expect_column_min_to_be_between", "expect_column_max_to_be_between")
SETS = ("expect_column_values_to_be_in_set", "expect_column_distinct_values_to_be_in_set")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column to be drawn, and its expectations."""

    column: Column
    expectations: tuple[Expectation, ...]


def histograms(seen: Seen, suite: Suite, checks: Sequence[Check]) -> tuple[Plot, ...]:
    """A table's histograms; () where it cannot be asked: nothing is judged by them."""
    with suppress(LockgateError, OSError):
        columns, rows = seen.source.columns(), seen.answered.rows
        if not isinstance(columns, Uncompiled) and rows:
            names = _names(suite, checks, columns, seen.config.sensitive, rows < LARGE)
            wanted = [Wanted(columns[name], tuple(_of(name, suite))) for name in names]
            return tuple(_drawn(seen.name, seen.source.asked(), wanted)) if wanted else ()
    return ()


def _names(
    suite: Suite,
    checks: Sequence[Check],
    columns: Mapping[str, Column],
    sensitive: Collection[str],
    is_small: bool,
) -> list[str]:
    """Columns with an expectation that failed or warned, then of small tables some with a bound or a set."""
    told = list(zip(suite.expectations, checks, strict=True))
    bad = [name for e, c in told if c.status is Status.FAILED or c.cause for name in e.columns]
    bounded = [name for e in suite.expectations if e.type in (*BOUNDED, *SETS) for name in e.columns]

    def drawable(names: Iterable[str]) -> list[str]:
        known = [name for name in dict.fromkeys(names) if name in columns and name not in sensitive]
        return [name for name in known if columns[name].kind in (*NUMBERS, Kind.TEXT)]

    failed = drawable(bad)[:FAILED]
    return failed + [n for n in drawable(bounded) if n not in failed][: PASSED if is_small else 0]


def _of(name: str, suite: Suite) -> Iterator[Expectation]:
    return (e for e in suite.expectations if e.columns == (name,))


def _drawn(name: str, table: Asked, wanted: Sequence[Wanted]) -> Iterator[Plot]:
    """Texts by their most frequent values, numbers by bins between their ends."""
    ends = table.answer(ask for each in wanted for ask in _first(each.column))
    bins = {each.column.name: _bins(each.column, ends) for each in wanted}
    found = table.answer(ask for ask in bins.values() if ask)
    for each in wanted:
        ask = bins[each.column.name]
        if ask is not None and found.get(ask):
            yield _numbers(name, each, found[ask], ends)
        elif each.column.kind is Kind.TEXT and ends.get(_values(each.column)):
            yield _texts(name, each, ends[_values(each.column)])


def _first(column: Column) -> list[Ask]:
    return [_values(column)] if column.kind is Kind.TEXT else list(_ends(column))


def _values(column: Column) -> Values:
    return Values(column.sql, f"NOT {column.missing}", LISTED)


def _ends(column: Column) -> tuple[Scalar, Scalar]:
    finite = column.sql if column.kind is Kind.INTEGER else _finite(column)
    return Scalar(f"min({finite})"), Scalar(f"max({finite})")


def _finite(column: Column) -> str:
    return f"CASE WHEN isfinite({column.sql}) THEN {column.sql}::DOUBLE END"


def _bins(column: Column, ends: Mapping[Ask, Any]) -> Scalar | None:
    """The counts by bin; None of a column that has one number, or none."""
    low, high = (None, None) if column.kind is Kind.TEXT else (ends.get(ask) for ask in _ends(column))
    if low is None or high is None or low == high:
        return None
    edges = ", ".join(f"{edge!r}::DOUBLE" for edge, _ in _places(column, low, high))
    sql = _finite(column) if column.kind is Kind.FLOAT else f"{column.sql}::DOUBLE"
    return Scalar(f"histogram({sql}, [{edges}])")


def _places(column: Column, low: float, high: float) -> list[tuple[float, float]]:
    """Each bin's upper end and its middle: twenty of one width, of whole numbers a whole one."""
    if column.kind is Kind.INTEGER:
        values = int(high) - int(low) + 1
        width = 1 if values <= EACH else -(-values // BINS)
        firsts = range(int(low), int(high) + 1, width)
        return [(float(first + width - 1), first + (width - 1) / 2) for first in firsts]
    step = high / BINS - low / BINS
    ends = [low + step * n for n in range(1, BINS)]
    return [(end, end - step / 2) for end in (*ends, high)]


def _numbers(name: str, wanted: Wanted, counts: Mapping[float, int], ends: Mapping[Ask, Any]) -> Plot:
    low, high = (ends[ask] for ask in _ends(wanted.column))
    bins = [(middle, float(counts.get(end, 0))) for end, middle in _places(wanted.column, low, high)]
    series = Series(wanted.column.name, tuple(at for at, _ in bins), tuple(count for _, count in bins))
    limits, note = _limits(wanted.expectations, float(low), float(high))
    return _plot(name, wanted, series, limits, note)


def _plot(name: str, wanted: Wanted, series: Series, limits: tuple[Limit, ...], note: str) -> Plot:
    column = one_line(wanted.column.name, 60)
    return Plot(f"{name}: {column}", "bar", column, "rows", (series,), limits, note)


def _limits(expectations: Iterable[Expectation], low: float, high: float) -> tuple[tuple[Limit, ...], str]:
    """Bounds of the values as lines; those far from all values are said, so that the bars keep their room."""
    near, far = [], []
    room = (high - low) * 0.5 or abs(high) or 1.0
    for bound, said in dict.fromkeys(_bounds(expectations)):
        if low - room <= bound <= high + room:
            near.append(Limit(bound, said, "x"))
        else:
            far.append(said)
    return tuple(near), f"Not drawn, far from all values: {', '.join(far)}." if far else ""


def _bounds(expectations: Iterable[Expectation]) -> Iterator[tuple[float, str]]:
    for e in expectations:
        for key, word in (("min_value", "least"), ("max_value", "most")):
            bound = e.kwargs.get(key)
            if e.type in BOUNDED and bound is not None and is_number(bound) and math.isfinite(bound):
                yield float(bound), f"{word} {bound:,.10g}"


def _texts(name: str, wanted: Wanted, counts: Sequence[tuple[str, int]]) -> Plot:
    """The most frequent values, and all others together; those that no set has are said."""
    ordered = sorted(counts, key=lambda pair: (-pair[1], pair[0]))
    shown = [(one_line(value, 40) or "''", count) for value, count in ordered[:TOP]]
    rest = sum(count for _, count in ordered[TOP:])
    shown += [(f"{len(ordered) - TOP:,} others", rest)] if rest else []
    series = Series(wanted.column.name, tuple(v for v, _ in shown), tuple(float(n) for _, n in shown))
    return _plot(name, wanted, series, (), _beside(wanted, ordered))


def _beside(wanted: Wanted, counts: Sequence[tuple[str, int]]) -> str:
    sets = [e.kwargs.get("value_set") for e in wanted.expectations if e.type in SETS]
    allowed = {str(value) for each in sets if isinstance(each, list) for value in each}
    beside = [value for value, _ in counts if value not in allowed] if allowed else []
    more = f" and {len(beside) - 3:,} more" if len(beside) > 3 else ""
    return f"Not in the set: {', '.join(one_line(v, 40) for v in beside[:3])}{more}." if beside else ""
