"""p values of several slices, adjusted for how many of them there are."""

from __future__ import annotations

from typing import Any


def adjusted(p: Any, how: str) -> Any:
    """Adjusted p values (m,): a slice is evidence where its own is at most alpha.

    holm: the chance of any false one is at most alpha, whatever the slices have in common (Holm 1979,
    Scandinavian Journal of Statistics 6:65). bh: at most alpha of those that are found are expected to be
    false (Benjamini & Hochberg 1995, JRSS B 57:289; for slices that do not move against each other:
    Benjamini & Yekutieli 2001). none: each for itself. A p value of 1 counts in the family, and no more."""
    import numpy as np

    p = np.asarray(p, dtype=float)
    if how == "none" or not len(p):
        return p
    order, m = np.argsort(p, kind="stable"), len(p)
    if how == "holm":
        found = np.maximum.accumulate(p[order] * np.arange(m, 0, -1))
    else:
        found = np.minimum.accumulate((p[order] * m / np.arange(1, m + 1))[::-1])[::-1]
    back = np.empty(m)
    back[order] = np.minimum(found, 1.0)
    return back
