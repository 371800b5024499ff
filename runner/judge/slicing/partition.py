"""Rows cut into named slices: by the values of columns, by bins of a number, by expressions.

A partition gives each row one code, so that a metric of all slices is one pass over the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from runner.config.problems import did_you_mean
from runner.judge.predictions import CannotCompute
from runner.judge.slicing.expression import parse
from runner.judge.slicing.operands import select
from runner.text import one_line, unique_line

if TYPE_CHECKING:
    import pandas as pd

MAX_SLICES = 200
NULL = "null"
Bins = int | Sequence[float]


@dataclass(frozen=True, slots=True)
class Partition:
    """`codes` (n,) say which of the `names` each row is in, -1 in none."""

    names: tuple[str, ...]
    codes: Any

    def counts(self) -> list[int]:
        """Rows of each slice."""
        import numpy as np

        found = np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))
        return [int(count) for count in found]

    def mask(self, position: int) -> Any:
        """The rows (n,) of one slice."""
        return self.codes == position


def by_columns(frame: pd.DataFrame, columns: Sequence[str], bins: Mapping[str, Bins]) -> Partition:
    """Slices by the values of a column, or by those of several that occur together, null among them; of the
    columns in `bins`, by intervals. One column's slices are named by its values, of several 'a=1 & b=2'.

    Raises CannotCompute for a column that is not there, one that cannot be cut, and over MAX_SLICES."""
    if not len(frame):
        raise CannotCompute("there are no rows")
    parts = [_cut(frame, column, bins.get(column)) for column in columns]
    if len(parts) == 1:
        return _bounded(parts[0], columns[0])
    named = [_prefixed(part, column) for part, column in zip(parts, columns, strict=True)]
    found = named[0]
    for other in named[1:]:
        found = _bounded(crossed(found, other), " & ".join(columns))
    return found


def by_expressions(frame: pd.DataFrame, where: Mapping[str, str]) -> list[Partition]:
    """One partition of one slice for each named expression: they may overlap.

    Raises CannotCompute where one does not fit the table or selects no row."""
    import numpy as np

    found = []
    for name, text in where.items():
        mask = select(parse(text), frame)
        if not mask.any():
            raise CannotCompute(f"where {text!r} selects no row")
        found.append(Partition((name,), np.where(mask, 0, -1)))
    return found


def crossed(a: Partition, b: Partition) -> Partition:
    """The slices of both at once, of the combinations that occur."""
    import numpy as np

    width = len(b.names)
    codes = np.where((a.codes < 0) | (b.codes < 0), -1, a.codes * width + b.codes)
    seen = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(a.names) * width))
    place = np.full(len(a.names) * width + 1, -1)
    place[seen] = np.arange(len(seen))
    names = tuple(f"{a.names[code // width]} & {b.names[code % width]}" for code in seen.tolist())
    return Partition(names, place[codes])


def _prefixed(part: Partition, column: str) -> Partition:
    shown = unique_line(column, 60)
    return Partition(tuple(f"{shown}={name}" for name in part.names), part.codes)


def _bounded(part: Partition, what: str) -> Partition:
    if len(part.names) > MAX_SLICES:
        raise CannotCompute(f"{what!r} gives {len(part.names):,} slices, more than {MAX_SLICES}")
    return part


def _cut(frame: pd.DataFrame, column: str, bins: Bins | None) -> Partition:
    if column not in frame.columns:
        hint = did_you_mean(column, map(str, frame.columns))
        raise CannotCompute(f"the evaluation table has no column {column!r} ({hint})")
    if frame[column].ndim > 1:
        raise CannotCompute(f"the evaluation table has several columns {column!r}")
    return by_values(frame[column]) if bins is None else by_bins(frame[column], bins)


def by_values(column: pd.Series[Any]) -> Partition:
    """A slice a value, in the order of numbers, then of texts; values that are shown alike are one.

    Raises CannotCompute for values that are none (lists), and for far too many of them."""
    import numpy as np
    import pandas as pd

    try:
        codes, values = pd.factorize(column, use_na_sentinel=True)
    except TypeError:
        raise CannotCompute(f"{column.name!r} holds values that are not plain") from None
    if len(values) > 10 * MAX_SLICES:
        raise CannotCompute(f"{column.name!r} has {len(values):,} values, more than {MAX_SLICES}")
    shown = [*map(_name, values), NULL]  # the last is what a code of -1 finds
    order = {name: i for i, name in enumerate(sorted(set(shown), key=_order))}
    if not (codes < 0).any() and NULL not in shown[:-1]:
        del order[NULL]
        order = {name: i for i, name in enumerate(order)}
    return Partition(tuple(order), np.array([order.get(name, -1) for name in shown])[codes])


def _name(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return unique_line(one_line(value, 1000), 60) or "''"


def _order(name: str) -> tuple[bool, float, str]:
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name


def by_bins(column: pd.Series[Any], bins: Bins) -> Partition:
    """Intervals [a, b) of a number, the last one closed (as numpy.histogram has them), between the given
    edges, or so many of equally many rows. What lies outside of given edges is a slice of its own.

    Raises CannotCompute for a column that has no numbers."""
    import numpy as np

    values = numbers(column)
    null = np.isnan(values)
    if isinstance(bins, int):
        if not np.isfinite(values).any():
            raise CannotCompute(f"{column.name!r} has no numbers to cut into bins")
        edges = np.unique(np.quantile(values[np.isfinite(values)], np.linspace(0, 1, bins + 1)))
    else:
        edges = np.asarray(bins, dtype=float)
    names = _intervals(edges)
    codes = np.searchsorted(edges, values, side="right")
    codes = np.where(values == edges[-1], len(edges) - 1, codes) if len(edges) > 1 else codes
    return _seen(names, np.where(null, len(names) - 1, codes))


def _intervals(edges: Any) -> list[str]:
    """Below, between, above the edges, and null: in the order of searchsorted's positions."""
    for digits in range(4, 18):
        told = [f"{edge:.{digits}g}" for edge in edges]
        if len(set(told)) == len(told):
            break
    between = [f"[{a}, {b})" for a, b in pairwise(told)]
    if between:
        between[-1] = f"{between[-1][:-1]}]"
    return [f"< {told[0]}", *between, f"{'>' if between else '>='} {told[-1]}", NULL]


def _seen(names: Sequence[str], codes: Any) -> Partition:
    """Without the slices that no row is in."""
    import numpy as np

    seen = np.flatnonzero(np.bincount(codes, minlength=len(names)))
    place = np.full(len(names), -1)
    place[seen] = np.arange(len(seen))
    return Partition(tuple(names[i] for i in seen.tolist()), place[codes])


def numbers(column: pd.Series[Any]) -> Any:
    """A column as float64 (n,), null as NaN; raises CannotCompute where it holds something else."""
    import numpy as np
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_complex_dtype(column):
        raise CannotCompute(f"{column.name!r} holds no numbers")
    return column.to_numpy(dtype=np.float64, na_value=np.nan)
