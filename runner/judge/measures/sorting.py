"""Rows by segment and score, with ties: what every metric of ranks is computed from, sorted once.

A slice's order is the table's, divided stably: the slices of a column cost one pass, not one sort each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runner.judge.measures.segments import Segments


def divided(order: Any, s: Segments) -> Any:
    """An order of the rows (n,) -> the same by segment, in it as before."""
    return order if s.codes is None else order[s.small[order].argsort(kind="stable")]


def split(rows: Any, s: Segments) -> list[Any]:
    """Rows (n,) by segment -> those of each (views, no copies)."""
    ends = (s.starts + s.sizes).tolist()
    return [rows[begin:end] for begin, end in zip(s.starts.tolist(), ends, strict=True)]


@dataclass(frozen=True, slots=True)
class Ties:
    """Groups of equal values in a rising row of them: `firsts` (groups,) where each begins, `counts`; both
    None where no two are equal."""

    firsts: Any = None
    counts: Any = None

    def after(self, running: Any) -> Any:
        """A running sum (m,) up to the end of each row's group."""
        if self.firsts is None:
            return running
        return running[self.firsts + self.counts - 1].repeat(self.counts)

    def before(self, running: Any, values: Any) -> Any:
        """A running sum (m,) of values (m,), or of so much each, up to each row's group."""
        if self.firsts is None:
            return running - values
        first = values if isinstance(values, float) else values[self.firsts]
        return (running[self.firsts] - first).repeat(self.counts)


def ties_of(ranked: Any, starts: Any = ()) -> Ties:
    """Of values (m,) that rise; no group reaches over one of `starts`."""
    import numpy as np

    new = np.ones(len(ranked), bool)
    np.not_equal(ranked[1:], ranked[:-1], out=new[1:])
    if len(starts):
        new[starts] = True
    if new.all():
        return Ties()
    firsts = new.nonzero()[0]
    return Ties(firsts, np.diff(firsts, append=len(ranked)))
