"""Rows divided into segments (the slices of a column, or the whole table as one), and what a metric finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Segments:
    """`codes` (n,) say in which of `count` segments each row is, -1 in none; None: all rows are in one.

    Make it once and use it for all metrics: what is sorted by it is kept."""

    rows: int
    codes: Any = None
    count: int = 1
    kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def small(self) -> Any:
        """The codes in as few bytes as they need, those of rows in no segment as `count`: numpy sorts them
        by radix, which is six times as fast."""
        import numpy as np

        kind = np.uint8 if self.count < 2**8 else np.uint16 if self.count < 2**16 else np.int64
        return np.where(self.codes < 0, self.count, self.codes).astype(kind)

    @cached_property
    def at(self) -> Any:
        """The codes as positions in an array of `parts`."""
        return self.small.astype("intp")

    @property
    def parts(self) -> int:
        """How many there are, with the one of rows in none."""
        return self.count if self.codes is None else self.count + 1

    @cached_property
    def sizes(self) -> Any:
        """Rows of each (parts,)."""
        import numpy as np

        return np.array([self.rows]) if self.codes is None else np.bincount(self.at, minlength=self.parts)

    @cached_property
    def starts(self) -> Any:
        """Where each begins (parts,) once the rows are sorted by segment."""
        return self.sizes.cumsum() - self.sizes

    def total(self, values: Any) -> Any:
        """The sum of values (n,) in each segment (parts,)."""
        import numpy as np

        if self.codes is None:
            return np.array([values.sum()], dtype=float)
        return np.bincount(self.at, weights=values, minlength=self.parts)

    def tell(self, mask: Any) -> list[int]:
        """How many rows of each segment a mask (n,) has."""
        import numpy as np

        if self.codes is None:
            return [int(np.count_nonzero(mask))]
        found: list[int] = np.bincount(self.at[mask], minlength=self.parts).tolist()
        return found

    def weigh(self, weights: Any) -> Any:
        """The weight of each segment (parts,): that of its rows, or how many they are."""
        return self.sizes.astype(float) if weights is None else self.total(weights)

    def spread(self, values: Any) -> Any:
        """Each segment's value (parts,) at each of its rows (n,), or one for all where there is one."""
        return values[0] if self.codes is None else values[self.at]

    def pick(self, table: Any, column: Any) -> Any:
        """table (parts, k) at each row's segment and column (n,)."""
        if self.codes is None:
            return table[0].take(column)
        return table.ravel().take(self.at * table.shape[1] + column)

    def tally(self, column: Any, width: int, weights: Any = None) -> Any:
        """The weight (parts, width) of the rows that have each column (n,)."""
        import numpy as np

        cell = column if self.codes is None else self.at * width + column
        found = np.bincount(cell, weights=weights, minlength=self.parts * width)
        return found.reshape(self.parts, width).astype(float)


@dataclass(slots=True)
class Influences:
    """What a metric is in every segment: `values` (parts,), each row's `influence` (n,) on its segment's,
    what each row `carries` (n,), by which two models can be told to differ on it (numbers, or predicted
    classes), and the `faults` of segments (code -> cause) in which there is no value. `excess` (parts,): by
    how much values may be too high on average; None where they are not."""

    values: Any
    influence: Any
    carries: Any
    faults: dict[int, str] = field(default_factory=dict)
    excess: Any = None

    def refuse(self, where: Any, cause: str) -> Influences:
        """The same, without a value where a mask (parts,) says so; an earlier cause stands."""
        for code in where.nonzero()[0].tolist():
            self.faults.setdefault(code, cause)
        return self


def mean(values: Any, weights: Any, s: Segments) -> Influences:
    """A mean of values (n,): each row moves it by its distance."""
    total = s.weigh(weights)
    found = s.total(values if weights is None else values * weights) / total
    return Influences(found, scaled(values - s.spread(found), weights, s, total), values)


def scaled(gradient: Any, weights: Any, s: Segments, total: Any) -> Any:
    """The influence n * w * gradient / total; `total` (parts,) is what the gradient (n,) lacks yet."""
    if weights is None:
        factor = s.sizes / total
        return gradient * s.spread(factor) if (factor != 1).any() else gradient
    return gradient * weights * s.spread(s.sizes / total)
