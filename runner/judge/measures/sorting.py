"""Rows by segment and score, with ties: what every metric of ranks is computed from, sorted once.

A slice's order is the table's, divided stably: the slices of a column cost one pass, not one sort each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runner.judge.measures.segments import Segments


@dataclass(frozen=True, slots=True)
class Sorted:
    """`rows` (n,) by segment, in it by rising score; `firsts` (groups,) where each group of equal scores of a
    segment begins, None where there are no ties; `starts` and `sizes` (parts,) of the segments."""

    rows: Any
    firsts: Any
    starts: Any
    sizes: Any

    def before(self, running: Any) -> Any:
        """The sum before each segment (parts,) of a running sum (n,)."""
        import numpy as np

        return np.where(self.starts > 0, running[self.starts.clip(1) - 1], 0)

    def last(self, running: Any) -> Any:
        """The sum up to the end of each segment (parts,) of a running sum (n,)."""
        import numpy as np

        ends = self.starts + self.sizes
        return np.where(ends > 0, running[ends.clip(1) - 1], 0)

    def each(self, values: Any) -> Any:
        """A value of each segment (parts,) at its rows as they are sorted: one for all where there is one."""
        import numpy as np

        return values[0] if len(values) == 1 else np.repeat(values, self.sizes)

    def ends(self, running: Any, values: Any) -> tuple[Any, Any]:
        """A running sum (n,) of values (n,), before and after each row's whole group of ties (n,)."""
        import numpy as np

        if self.firsts is None:
            return running - values, running
        counts = np.diff(self.firsts, append=len(running))
        after = running[self.firsts + counts - 1]
        return np.repeat(np.concatenate([[0], after[:-1]]), counts), np.repeat(after, counts)

    def back(self, values: Any) -> Any:
        """Values (n,) as sorted -> in the order of the table."""
        import numpy as np

        found = np.empty(len(values))
        found[self.rows] = values
        return found


def sort(order: Any, values: Any, s: Segments) -> Sorted:
    """Divide `order` (n,), in which `values` (n,) rise, by segment."""
    import numpy as np

    rows = order if s.codes is None else order[s.small[order].argsort(kind="stable")]
    ranked = values[rows]
    new = np.ones(len(rows), bool)
    np.not_equal(ranked[1:], ranked[:-1], out=new[1:])
    new[s.starts[s.sizes > 0]] = True
    return Sorted(rows, None if new.all() else new.nonzero()[0], s.starts, s.sizes)
