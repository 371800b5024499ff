"""Pairs of columns of which one is never above the other, such as a start and an end. Pure.

Cautious: only of columns whose names belong together, and only where the two, were they independent, would
break the order in some rows: a column of hundreds is above one of shares, which says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import permutations
from statistics import NormalDist
from typing import Any

from runner.expect.asks import Ask, Scalar
from runner.expect.columns import NUMBERS
from runner.profile.seen import TIMES, SeenColumn, SeenTable

ENDS = frozenset(
    {("start", "end"), ("begin", "end"), ("start", "finish"), ("start", "stop"), ("min", "max"),
     ("low", "high"),
     ("lower", "upper"), ("least", "most"), ("first", "last"), ("from", "to"), ("open", "close"),
     ("opened", "closed"), ("created", "updated"), ("created", "modified"), ("created", "closed"),
     ("created", "finished"), ("started", "ended"), ("started", "finished"), ("ordered", "shipped"),
     ("ordered", "delivered"), ("shipped", "delivered"), ("birth", "death"),
     ("net", "gross"), ("dep", "arr"), ("departure", "arrival"), ("pickup", "dropoff"), ("used", "total"),
     ("paid", "total"), ("discount", "price")}
)  # fmt: skip
EVIDENCE = 7.0  # rows that would break the order by chance
LEAST, MOST = 100, 30


def orders(seen: SeenTable) -> Iterator[tuple[tuple[str, str], tuple[Scalar, Scalar]]]:
    """Pairs (a, b) that may be ordered, with their asks: rows that have both, and those with a above b."""
    found = 0
    for a, b in permutations(seen.columns, 2):
        if found < MOST and _belong(a, b) and by_chance(a, b) * min(a.present, b.present) >= EVIDENCE:
            found += 1
            both = f"NOT {a.column.missing} AND NOT {b.column.missing}"
            above = f"{both} AND {a.column.sql} > {b.column.sql}"
            yield (a.name, b.name), (Scalar("count(*)", both), Scalar("count(*)", above))


def held(
    pairs: Mapping[tuple[str, str], tuple[Scalar, Scalar]], found: Mapping[Ask, Any]
) -> Iterator[tuple[str, str]]:
    """The pairs that no row breaks, of enough rows."""
    for pair, (both, above) in pairs.items():
        if found.get(above) == 0 and found.get(both, 0) >= LEAST:
            yield pair


def by_chance(a: SeenColumn, b: SeenColumn) -> float:
    """The share of rows that would have a above b, were the columns independent and normal."""
    if a.moments is None or b.moments is None:
        return 0.0
    spread = (a.moments.deviation**2 + b.moments.deviation**2) ** 0.5
    return NormalDist().cdf((a.moments.mean - b.moments.mean) / spread) if spread > 0 else 0.0


def _belong(a: SeenColumn, b: SeenColumn) -> bool:
    """Whether both are of one type, and their names differ by a pair of words that say an order."""
    if a.column.kind is not b.column.kind or a.column.dtype != b.column.dtype:
        return False
    if a.column.kind not in NUMBERS and a.column.kind.value not in TIMES:
        return False
    return any(_swapped(a.name, b.name, low, high) for low, high in ENDS)


def _swapped(a: str, b: str, low: str, high: str) -> bool:
    words = [
        re.findall(r"[a-z]+|[0-9]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()) for name in (a, b)
    ]
    return low in words[0] and [high if word == low else word for word in words[0]] == words[1]
