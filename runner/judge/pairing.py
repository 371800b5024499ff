"""Whether a file's rows are the evaluation's: one to one by their ids, with the same labels.

A score beside the wrong row is worth less than none, so whatever does not fit is no evidence, however few
rows it is. Another order is fine: rows are aligned by their ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.judge.predictions import CannotCompute
from runner.text import one_line

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 3
EXACT = 2**53  # whole numbers up to here are what they say as floats, too


@dataclass(frozen=True, slots=True)
class Odd:
    """Rows that do not fit: what is wrong with them, how many they are, the ids of some."""

    what: str
    count: int
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        named = f" (e.g. {', '.join(self.examples)})" if self.examples else ""
        return f"{self.count:,} {self.what}{named}"


@dataclass(frozen=True, slots=True)
class Pairing:
    """How a file's rows fit the evaluation's. `reordered`: they came in another order."""

    column: str
    rows: int
    odd: tuple[Odd, ...] = ()
    reordered: bool = False

    def __str__(self) -> str:
        if self.odd:
            return f"by {self.column}, of {self.rows:,} rows: {'; '.join(map(str, self.odd))}"
        order = "aligned, as they came in another order" if self.reordered else "in the same order"
        return f"{self.rows:,} rows by {self.column}, {order}"

    def facts(self) -> dict[str, Any]:
        """For the manifest."""
        odd = {each.what: each.count for each in self.odd}
        return {"by": self.column, "rows": self.rows, "reordered": self.reordered, "odd": odd}


@dataclass(frozen=True, slots=True)
class Ids:
    """A table's row ids, in a form in which equal ids are equal whatever wrote them."""

    values: pd.Index[Any]
    kind: str

    @classmethod
    def of(cls, column: pd.Series[Any]) -> Ids:
        """Whole numbers, times, or text. Raises CannotCompute for nulls, fractions and lists."""
        import pandas as pd

        if nulls := int(column.isna().sum()):
            raise CannotCompute(f"{nulls:,} of {len(column):,} ids are null")
        if pd.api.types.is_float_dtype(column.dtype):
            column = _whole(column)
        if pd.api.types.is_integer_dtype(column.dtype):
            return cls(pd.Index(column.to_numpy()), "whole numbers")
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            return cls(pd.DatetimeIndex(column), "times")
        if pd.api.types.infer_dtype(column) == "mixed":  # a long list's text is cut short: two could be alike
            raise CannotCompute("the ids are lists, or of several types")
        return cls(pd.Index(column.astype(str).to_numpy(dtype=object), dtype=object), "text")

    def doubles(self) -> Odd | None:
        """The ids that stand there more than once."""
        double = self.values.duplicated()
        return (
            Odd("ids stand there twice", int(double.sum()), _some(self.values[double]))
            if double.any()
            else None
        )


def _whole(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of floats as the whole numbers that they are: what a CSV or a null beside them made of ids."""
    import numpy as np

    found = column.to_numpy(dtype=np.float64)
    if not ((np.abs(found) < EXACT) & (found == np.floor(found))).all():
        raise CannotCompute("some ids are fractions, or too large to be exact")
    return column.astype(np.int64)


def pair(column: str, ours: pd.Series[Any], theirs: pd.Series[Any]) -> tuple[Pairing, Any]:
    """The pairing of a file's ids with the evaluation's, and for each row of the evaluation its position in
    the file (n,), None where they do not fit one to one. Raises CannotCompute for ids that are none."""
    mine, other = Ids.of(ours), Ids.of(theirs)
    if mine.kind != other.kind:
        raise CannotCompute(f"the ids are {other.kind}, the evaluation's are {mine.kind}")
    if (order := _places(mine, other)) is None:
        return Pairing(column, len(mine.values), tuple(_misfits(mine, other))), None
    return Pairing(column, len(order), (), bool((order[1:] < order[:-1]).any())), order


def _places(mine: Ids, other: Ids) -> Any:
    """Where each of the ids (n,) stands in the other's, None unless both have the same ones, once each."""
    if len(mine.values) != len(other.values) or not (mine.values.is_unique and other.values.is_unique):
        return None
    order = other.values.get_indexer(mine.values)
    return None if (order < 0).any() else order


def _misfits(mine: Ids, other: Ids) -> Iterator[Odd]:
    if double := mine.doubles():
        yield Odd(f"{double.what} in the evaluation", double.count, double.examples)
    if double := other.doubles():
        yield double
    ours, theirs = mine.values.drop_duplicates(), other.values.drop_duplicates()
    for what, here, there in (("are missing", ours, theirs), ("are extra", theirs, ours)):
        lacking = there.get_indexer(here) < 0
        if lacking.any():
            yield Odd(what, int(lacking.sum()), _some(here[lacking]))


def relabelled(pairing: Pairing, ids: pd.Series[Any], differ: Any) -> Pairing:
    """The same with the rows (a mask over the evaluation's) whose label is another one in the file."""
    if not differ.any():
        return pairing
    odd = Odd("have another y_true", int(differ.sum()), _some(ids.to_numpy()[differ]))
    return Pairing(pairing.column, pairing.rows, (*pairing.odd, odd), pairing.reordered)


def _some(ids: Any) -> tuple[str, ...]:
    return tuple(one_line(str(each), 40) for each in ids[:SHOWN])
