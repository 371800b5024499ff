"""Which of N shards runs which test: a partition of what was collected, by how long each test took.

Pure, and the same in every shard, so that no one has to hand the partition out: each shard collects
the whole suite, computes its share, and reports the whole list beside it. Whoever merges the shards
compares the lists (`runner.shards`).
"""

from __future__ import annotations

import heapq
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runner.errors import UsageError

UNKNOWN = 0.05  # seconds of a test while none has been timed


@dataclass(frozen=True, slots=True)
class Shard:
    """Shard `index` (from 1) of `count`; `seconds` are the recorded durations by check id."""

    index: int
    count: int
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.index}-of-{self.count}"


def share(ids: Sequence[str], shard: Shard, broken: int = 0) -> tuple[str, ...]:
    """The ids that this shard runs, in the order in which they were collected.

    Raises UsageError where there are fewer tests than shards: one would have nothing to show. Where
    something is `broken` (could not be collected), that is what every shard has to show."""
    unique = list(dict.fromkeys(ids))
    if len(unique) < shard.count and not broken:
        raise UsageError(
            f"{shard.count} shards for {len(unique)} tests",
            where="stages.*.shards",
            hint="give it fewer shards than tests",
        )
    mine = partition(unique, shard.seconds, shard.count)[shard.index - 1]
    return tuple(i for i in unique if i in mine)


def partition(ids: Sequence[str], seconds: Mapping[str, float], count: int) -> list[set[str]]:
    """Longest first, each to the shard with the least to do (Graham 1969, LPT: at most 4/3 of the best).

    A test that was never timed counts as the median of those that were. No shard is left empty."""
    known = [s for i in ids if (s := seconds.get(i)) is not None]
    typical = statistics.median(known) if known else UNKNOWN
    cost = {i: max(seconds.get(i, typical), 0.001) for i in ids}
    shards: list[set[str]] = [set() for _ in range(count)]
    loads = [(0.0, 0, n) for n in range(count)]
    for ident in sorted(ids, key=lambda i: (-cost[i], i)):
        load, size, n = heapq.heappop(loads)
        shards[n].add(ident)
        heapq.heappush(loads, (load + cost[ident], size + 1, n))
    return shards
