"""Whether the new version's answers are distributed as the old one's: counts by label or by bin.

The measure is the two-sample Pearson statistic over its effective number of answers: near equality it is the
Population Stability Index, but needs no logarithm of an empty bin, and its distribution is known: noncentral
chi-squared (Potgieter et al. 2023, "The Population Resemblance Statistic", arXiv:2307.11878). So a limit of
the PSI can be tested, instead of comparing an estimate that small samples inflate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from runner.release.canary_stats import noncentral_chi2_sf

# Below so many expected answers a bin is put together with the others like it (Cochran's rule).
EXPECTED = 5.0
# More answers than these decide nothing that these do not, and the distribution's sum grows with them.
ENOUGH = 100_000.0
CONFIDENT = 0.05


@dataclass(frozen=True, slots=True)
class Shift:
    """How far two distributions are apart. `low` is the measure's lower bound (95 %)."""

    index: float
    low: float
    p: float
    bins: int


def compare(old: Mapping[str, int], new: Mapping[str, int], limit: float) -> Shift:
    """The shift between two counts by label, and the p-value against 'at most the limit'."""
    cells = merged(old, new)
    before, now = sum(a for a, _ in cells), sum(b for _, b in cells)
    if len(cells) < 2 or not before or not now:
        return Shift(0.0, 0.0, 1.0, len(cells))
    index = sum((b / now - a / before) ** 2 / ((a + b) / (before + now)) for a, b in cells)
    size, freedom = min(before * now / (before + now), ENOUGH), len(cells) - 1
    p = noncentral_chi2_sf(index * size, freedom, limit * size)
    return Shift(index, _lower(index, size, freedom), p, len(cells))


def merged(old: Mapping[str, int], new: Mapping[str, int]) -> list[tuple[int, int]]:
    """(old, new) counts a bin; bins that neither version's share of all answers would fill are one."""
    before, now = sum(old.values()), sum(new.values())
    smaller = min(before, now) / max(before + now, 1)
    cells, rare = [], (0, 0)
    for label in sorted({*old, *new}):
        a, b = old.get(label, 0), new.get(label, 0)
        if (a + b) * smaller < EXPECTED:
            rare = (rare[0] + a, rare[1] + b)
        else:
            cells.append((a, b))
    return [*cells, rare] if sum(rare) else cells


def _lower(index: float, size: float, freedom: int) -> float:
    """The largest limit that the data would speak against, by bisection."""
    low, high = 0.0, index
    for _ in range(40):
        middle = (low + high) / 2
        if noncentral_chi2_sf(index * size, freedom, middle * size) <= CONFIDENT:
            low = middle
        else:
            high = middle
    return low if math.isfinite(low) else 0.0
