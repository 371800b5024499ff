"""Columns of two frames, as drift compares them: numbers, or categories."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.drift.bins import category_bins, number_bins
from runner.drift.effects import Compared
from runner.drift.encode import Columns
from runner.errors import InfrastructureError, SolutionError
from runner.text import one_line

if TYPE_CHECKING:
    import pandas as pd

NUMBER, CATEGORY, EMPTY = "numbers", "texts", "nulls"
# What pandas infers of a column of objects -> what it holds.
HOLDS = {
    **dict.fromkeys(("decimal", "integer", "floating", "mixed-integer-float"), NUMBER),
    "string": CATEGORY,
    "boolean": CATEGORY,
    "bytes": CATEGORY,
    "empty": EMPTY,
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A column in both frames: what it holds, and the two."""

    name: str
    kind: str
    reference: pd.Series
    current: pd.Series

    def compared(self) -> Compared:
        """Counts of both in the reference's bins. Infinite values count in the last bins.

        Raises InfrastructureError for a column of ids."""
        return self._numbers() if self.kind == NUMBER else self._categories()

    def _numbers(self) -> Compared:
        reference, current = numbers(self.reference), numbers(self.current)
        bins = number_bins(reference)
        before, now = bins.cells(reference), bins.cells(current)
        at = (bins.at_points(before), bins.at_points(now)) if len(bins.points) else (None, None)
        line = bins.line(before) if at[1] is not None and at[1].sum() else None
        return Compared(self.name, bins.labels, bins.bins(before), bins.bins(now), line, *at)

    def _categories(self) -> Compared:
        bins, before = category_bins(counted(self.reference))
        if not bins.tell and self.reference.notna().any():
            what = f"nearly all of its values differ, as ids do: leave {self.name!r} out of `columns`"
            raise InfrastructureError(what)
        labels = tuple(one_line(label, 40) for label in bins.labels)
        return Compared(self.name, labels, before, bins.bins(counted(self.current)))


def paired(name: str, reference: pd.DataFrame, current: pd.DataFrame) -> Pair:
    """A column of both. Raises SolutionError where the current one is missing or holds something else,
    InfrastructureError where it cannot be compared."""
    if name not in reference:
        raise InfrastructureError(f"the training data has no column {name!r}")
    if name not in current:
        raise SolutionError(f"there is no column {name!r}, which the training data has")
    then, now = held(reference[name]), held(current[name])
    kind = now if then == EMPTY else then
    if now not in (kind, EMPTY):
        raise SolutionError(f"it holds {now} where the training data has {then}")
    return Pair(name, CATEGORY if kind == EMPTY else kind, reference[name], current[name])


def held(column: pd.Series) -> str:
    """NUMBER, CATEGORY or EMPTY. Raises InfrastructureError for what has no distribution to compare."""
    import pandas as pd
    from pandas.api import types

    if types.is_bool_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype):
        return CATEGORY
    if types.is_numeric_dtype(column.dtype) and not types.is_complex_dtype(column.dtype):
        return NUMBER
    kind = types.infer_dtype(column, skipna=True)
    if kind not in HOLDS:
        raise InfrastructureError(f"it holds {kind}, which cannot be compared: numbers and texts can")
    return HOLDS[kind]


def numbers(column: pd.Series) -> Any:
    """(n,) of float, NaN where missing. Raises InfrastructureError where one is beyond floats."""
    import numpy as np

    if column.dtype == object:
        try:
            column = column.map(float, na_action="ignore")
        except OverflowError:
            raise InfrastructureError("it holds whole numbers that no float can") from None
    return column.to_numpy(dtype=float, na_value=np.nan)


def counted(column: pd.Series) -> dict[Hashable, int]:
    """How often each category is there, None for missing ones."""
    found = column.value_counts(dropna=True)
    counts: dict[Hashable, int] = {name: int(n) for name, n in zip(found.index, found, strict=True) if n}
    missing = int(column.isna().sum())
    return {**counts, None: missing} if missing else counts


def jointly(pairs: Sequence[Pair]) -> tuple[Columns, Columns]:
    """The reference's and the current columns, as a classifier is shown them."""
    import pandas as pd

    then, now = [], []
    for pair in (p for p in pairs if p.kind == CATEGORY):
        both = pd.concat([pair.reference.astype(object), pair.current.astype(object)], ignore_index=True)
        codes = pd.factorize(both)[0]
        then.append(codes[: len(pair.reference)])
        now.append(codes[len(pair.reference) :])
    plain = [p for p in pairs if p.kind == NUMBER]
    return (
        Columns(tuple(numbers(p.reference) for p in plain), tuple(then)),
        Columns(tuple(numbers(p.current) for p in plain), tuple(now)),
    )
