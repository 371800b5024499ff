"""Results of expectations that look at every row: counts, shares, examples, in Great Expectations' form."""

# ruff: noqa: S608  names are quoted and values escaped where they become SQL (columns.py, literals.py)
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from runner.expect.asks import Found, Query, Rows, Scalar
from runner.expect.compiled import Compiled, Examples, Result
from runner.expect.facts import Fact
from runner.expect.literals import Uncompiled, is_number
from runner.expect.scope import Scope


@dataclass(frozen=True, slots=True)
class Mapped:
    """`missing` rows are ignored (None: none are); `unexpected` ones are counted against `mostly`.

    `present` turns a row's values, as the engine gives them, into the one that is shown."""

    scope: Scope
    columns: tuple[str, ...]
    missing: str | None
    unexpected: str
    mostly: float
    present: Callable[[Found, Sequence[Any]], Any]
    nulls: tuple[Scalar, ...] = ()
    means: tuple[Fact | None, Fact | None] = (None, None)  # the numbers of kept rows and of bad ones

    @property
    def bad(self) -> Scalar | Query:
        if "{table}" in self.unexpected:
            return Query(f"SELECT count(*) FROM {{table}} WHERE {self._unexpected}")
        return self.scope.number_of(*self._kept, self.unexpected, means=self.means[1])

    @property
    def kept(self) -> Scalar:
        return self.scope.number_of(*self._kept, means=self.means[0])

    @property
    def _unexpected(self) -> str:
        return self.scope.rows(*self._kept, self.unexpected)

    @property
    def _kept(self) -> tuple[str, ...]:
        return () if self.missing is None else (f"NOT {self.missing}",)

    def compiled(self) -> Compiled:
        """The expectation: its counts in the scan, its examples only where something is unexpected."""
        return Compiled((self.scope.count, self.kept, self.bad, *self.nulls), self._conclude, self._rows)

    def _rows(self, found: Found) -> Rows | None:
        if not found[self.bad]:
            return None
        return Rows(self.columns, self._unexpected, self.scope.examples)

    def _conclude(self, found: Found, examples: Examples) -> Result:
        shown = [(row[0], self.present(found, row[1:])) for row in examples]
        rows, kept, bad = found[self.scope.count], found[self.kept], found[self.bad]
        return enough(kept, bad, self.mostly), counted(
            rows, None if self.missing is None else kept, bad, shown
        )


def enough(rows: int, bad: int, mostly: float) -> bool:
    """Whether as many rows as `mostly` says are not bad, in Great Expectations' own arithmetic of floats."""
    return not rows or (float(rows) - float(bad)) / float(rows) >= mostly


def counted(rows: int, kept: int | None, bad: int, shown: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
    """The `result` of a row-by-row expectation as SUMMARY has it; `kept` is None where no row is ignored."""
    values, share = [value for _, value in shown], bad / rows * 100 if rows else None
    told: dict[str, Any] = {"element_count": rows, "unexpected_count": bad, "unexpected_percent": share}
    if kept is not None:
        told["unexpected_percent"] = bad / kept * 100 if kept else None
    told["partial_unexpected_list"] = values
    if kept is not None:
        told["missing_count"] = rows - kept
        told["missing_percent"] = (rows - kept) / rows * 100 if rows else None
        told["unexpected_percent_total"] = share
        told["unexpected_percent_nonmissing"] = told["unexpected_percent"]
    tally = _tally(values)
    told |= {} if tally is None else {"partial_unexpected_counts": tally}
    if all(at is not None for at, _ in shown):  # rows of databases have no positions
        told["partial_unexpected_index_list"] = [at for at, _ in shown]
    return dict(plain(told))


def plain(value: Any) -> Any:
    """As JSON has it: decimals are floats, NaT is a text."""
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, str) else value


def _tally(values: Sequence[Any]) -> list[dict[str, Any]] | None:
    """How often each value stands among the examples; None where they have no order, as there."""
    alike = [tuple(v.values()) if isinstance(v, Mapping) else v for v in values]
    try:
        common = Counter(alike).most_common()  # as there: the order of NaN depends on the one before
        ordered = sorted(common, key=lambda pair: (-pair[1], pair[0]))
    except TypeError:
        return None
    return [{"value": value, "count": count} for value, count in ordered]


def mostly_of(kwargs: Mapping[str, Any]) -> float:
    """The share of rows that has to meet an expectation; raises Uncompiled where it is no number."""
    mostly = kwargs.get("mostly", 1.0)
    if not is_number(mostly) or not 0 <= mostly <= 1:
        raise Uncompiled("mostly is no share")
    return float(mostly)
