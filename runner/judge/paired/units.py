"""The independent units of every segment: its rows, or the sums of the clusters that they form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runner.judge.measures.segments import Segments
from runner.judge.predictions import CannotCompute, Predictions


@dataclass(frozen=True, slots=True)
class Units:
    """`counts` (parts,) of units in each segment; `cell` (n,) the unit of each row and `of` (units,) the
    segment of each unit, None where each row is its own."""

    segments: Segments
    counts: Any
    cell: Any = None
    of: Any = None

    def sums(self, values: Any) -> tuple[Any, Any]:
        """Values (n,) -> those of the units, and the segments that these are in."""
        import numpy as np

        if self.cell is None:
            return values, None if self.segments.codes is None else self.segments.at
        return np.bincount(self.cell, weights=values, minlength=len(self.of)), self.of

    def powers(self, each: Any) -> list[tuple[float, float, float]]:
        """Of each segment the sums of its units' influences to the powers of 2, 3 and 4."""
        import numpy as np

        found, of = self.sums(each)
        square = found * found
        if of is None:  # no BLAS: its threads would wait for each other
            third, fourth = (float(np.einsum("i,i", square, each)) for each in (found, square))
            return [(float(square.sum()), third, fourth)]
        totals = [self._total(values, of).tolist() for values in (square, square * found, square * square)]
        return list(zip(*totals, strict=True))

    def carrying(self, apart: Any) -> Any:
        """How many units carry a distance (n,), of each segment: (sum |d|)**2 / sum(d**2), which is how many
        differ where all that do differ alike (as Kish 1965 of weights)."""
        import numpy as np

        found, of = self.sums(apart)
        largest = float(np.max(found, initial=0.0, where=np.isfinite(found)))
        if largest and not 1e-100 < largest < 1e100:  # a square is a number in any unit
            found = found / largest
        first, second = self._total(found, of), self._total(found * found, of)
        share = np.divide(first**2, second, out=np.zeros_like(first), where=second > 0)
        return np.floor(share + 1e-6).astype(int)

    def _total(self, values: Any, of: Any) -> Any:
        import numpy as np

        if of is None:
            return np.array([values.sum()])
        return np.bincount(of, weights=values, minlength=self.segments.parts)


def units_of(segments: Segments, groups: Any = None) -> Units:
    """Each row on its own, or clusters `groups` (n,); worked out once for all metrics of the segments."""
    if groups is None:
        return Units(segments, segments.sizes.tolist())
    kept = segments.kept.get("units")
    if kept is None or kept[0] is not groups:
        kept = segments.kept["units"] = (groups, _clustered(segments, groups))
    found: Units = kept[1]
    return found


def groups_by(column: str | None, frame: Any) -> Any:
    """The cluster (n,) of each row of a table, as text; None without a column. Null is one cluster.

    Raises CannotCompute for a column that is not there."""
    if column is None:
        return None
    if column not in frame.columns:
        raise CannotCompute(f"there is no column {column!r} to group rows by")
    return frame[column].astype(str).to_numpy()


def clusters_of(p: Predictions, groups: Any = None) -> Any:
    """What the units are sums over: `groups` (n,) of rows; of a ranking its queries, or groups of whole ones.

    Raises CannotCompute where a query is in several groups."""
    import pandas as pd

    if groups is None or p.query is None:
        return p.query if groups is None else groups
    codes = pd.Series(pd.factorize(groups, use_na_sentinel=False)[0])
    if codes.groupby(p.query).nunique().max() > 1:
        raise CannotCompute("a query is in several groups")
    return groups


def _clustered(segments: Segments, groups: Any) -> Units:
    """A cluster's rows in several segments are a unit of each."""
    import numpy as np
    import pandas as pd

    codes = pd.factorize(groups, use_na_sentinel=False)[0]
    cells = codes.astype(np.int64)
    if segments.codes is not None:
        cells = cells * segments.parts + segments.at
    cell, unique = pd.factorize(cells)
    of = (
        (unique % segments.parts).astype(np.intp)
        if segments.codes is not None
        else np.zeros(len(unique), int)
    )
    return Units(segments, np.bincount(of, minlength=segments.parts).tolist(), cell, of)
