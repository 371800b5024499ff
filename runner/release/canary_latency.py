"""Latencies as a sketch, and whether the new version's are longer than the limits let them be."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from runner.release.canary_stats import fisher_greater, order_levels


@dataclass(frozen=True, slots=True)
class Sketch:
    """Latencies in ms as bins (low, high, count): somewhere in low..high lie `count` of them. A sample is a
    bin of one whose ends are equal, so samples, histograms and percentiles are all of this form."""

    bins: tuple[tuple[float, float, float], ...] = ()

    @classmethod
    def of(cls, samples: Iterable[float]) -> Sketch:
        """Of single latencies in ms."""
        return cls(tuple((value, value, 1.0) for value in sorted(samples)))

    @classmethod
    def of_levels(cls, count: float, points: Iterable[tuple[float, float]]) -> Sketch:
        """Of `count` latencies of which (level in [0, 1], ms) are known, the least (0) and the largest (1)
        among them: so many as lie between two levels lie between their latencies."""
        between = pairwise(sorted(points))
        return cls(tuple((low, high, count * (b - a)) for (a, low), (b, high) in between if b > a))

    @property
    def count(self) -> int:
        return round(sum(weight for _, _, weight in self.bins))

    def is_sound(self) -> bool:
        """Whether these can be latencies: finite, not negative, ends in order."""
        return all(0 <= low <= high < math.inf and 0 <= n < math.inf for low, high, n in self.bins)

    def scaled(self, stretch: Callable[[float], float]) -> Sketch:
        """What the sketch would be if each latency were stretch(latency), which must not fall."""
        return Sketch(tuple((stretch(low), stretch(high), n) for low, high, n in self.bins))

    def quantile(self, share: float) -> tuple[float, float]:
        """The ends of the bin that has the quantile. Raises ValueError where there are no latencies."""
        ordered, seen, wanted = sorted(self.bins, key=lambda b: b[1]), 0.0, share * self.count
        for low, high, weight in ordered:
            seen += weight
            if seen >= wanted - 1e-9:
                return low, high
        if not ordered:
            raise ValueError("no latencies have no quantile")
        return ordered[-1][:2]

    def estimate(self, share: float) -> float:
        """The quantile in ms, the middle of its bin."""
        return sum(self.quantile(share)) / 2

    def interval(self, share: float) -> tuple[float, float]:
        """Order-statistic interval (95 %) of the quantile, in ms: no model of the latencies, no bootstrap."""
        below, above = order_levels(share, self.count)
        return self.quantile(below)[0], self.quantile(above)[1]


@dataclass(frozen=True, slots=True)
class Slower:
    """One quantile compared. `p` speaks against 'at most the limit'; `found` is in words."""

    name: str
    p: float
    found: str


def compare(old: Sketch, new: Sketch, limits: Mapping[float, float], floor_ms: float) -> Iterator[Slower]:
    """Each quantile's ratio new / old against its limit; less than floor_ms slower is never too slow."""
    for share, ratio in limits.items():
        p = exceedance(old.scaled(partial(_tolerated, ratio, floor_ms)), new, share)
        yield Slower(f"p{100 * share:g}", p, _words(old, new, share, ratio))


def _tolerated(ratio: float, floor_ms: float, ms: float) -> float:
    return max(ms * ratio, ms + floor_ms)


def exceedance(old: Sketch, new: Sketch, share: float) -> float:
    """Mood's test for a quantile, exact and one-sided: of the values above the quantile of both together,
    has the new version more than its share? Bins that lie across the quantile are counted for the old."""
    both = Sketch((*old.bins, *new.bins))
    cut = both.quantile(share)[1]
    surely = math.floor(sum(n for low, high, n in new.bins if low >= cut and high > cut) + 1e-9)
    maybe = math.ceil(sum(n for _, high, n in old.bins if high > cut) - 1e-9)
    return fisher_greater(surely, new.count, min(maybe, old.count), old.count)


def decidable(old: int, new: int, share: float) -> float:
    """The smallest p that so many latencies could give: all those above the quantile are the new ones."""
    above = min(math.floor((1 - share) * (old + new) + 1e-9), new)
    return fisher_greater(above, new, 0, old) if above else 1.0


def _words(old: Sketch, new: Sketch, share: float, ratio: float) -> str:
    before, now = old.estimate(share), new.estimate(share)
    (before_low, before_high), (low, high) = old.interval(share), new.interval(share)
    times = f"{_ratio(now, before)} times (95 %: {_ratio(low, before_high)} to {_ratio(high, before_low)})"
    return f"new {now:.4g} ms, old {before:.4g} ms, {times}, limit {ratio:g} times"


def _ratio(a: float, b: float) -> str:
    return f"{a / b:.3g}" if b else "many"
