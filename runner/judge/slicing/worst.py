"""The slices that a model serves worst, found without being named: values and bins of columns, and pairs.

What SliceFinder (Chung et al. 2019, ICDE) and DivExplorer (Pastor, de Alfaro & Baralis 2021, SIGMOD) look
for. A slice is ranked by the loss that it has at least: the lower bound of its excess, adjusted for all that
were looked at. So neither few rows nor a long search fill the list. It explores; nothing rests on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from runner.judge.paired.verdict import Interval
from runner.judge.slicing.partition import Partition

LISTED, LEAST_ROWS, ALPHA = 10, 30, 0.05
BUDGET = 100_000_000  # rows of all pairs of columns: counted, not timed, so that each run finds the same
PAIR = 50_000  # rows' worth of work that a pair is beside its rows
PRIOR = 10  # rows' worth of the whole table's variance in each slice's own (as Smyth 2004 moderates t)


@dataclass(frozen=True, slots=True)
class Found:
    """A slice: its mean loss, that of the rest of the rows (or the champion's on the slice), and the excess
    with its interval, adjusted for the search."""

    name: str
    rows: int
    loss: float
    other: float
    excess: Interval


@dataclass(frozen=True, slots=True)
class Search:
    """The worst slices, worst first; how many were looked at, and how many pairs of columns of all."""

    found: tuple[Found, ...]
    slices: int
    pairs: int
    all_pairs: int


@dataclass(frozen=True)
class Losses:
    """Of each row (n,): the candidate's loss, the champion's (None: compared with the rest), weights."""

    own: Any
    champion: Any = None
    weights: Any = None

    @cached_property
    def summed(self) -> tuple[Any, ...]:
        """What is summed over rows beside their number: weighted excess (how much more is lost than by the
        champion, or lost at all) and its square, then weights and their squares where there are any."""
        excess = self.own if self.champion is None else self.own - self.champion
        if self.weights is None:
            return excess, excess * excess
        weighed = excess * self.weights
        return weighed, weighed * excess, self.weights, self.weights * self.weights

    def mean(self, values: Any, mask: Any) -> float:
        """Of the rows of a mask."""
        import numpy as np

        weights = None if self.weights is None else self.weights[mask]
        return float(np.average(values[mask], weights=weights))


def search(losses: Losses, columns: Mapping[str, Partition], budget: int = BUDGET) -> Search:
    """The worst slices by values of columns and of pairs of them, of at least LEAST_ROWS rows.

    `columns`: each row is in one slice of each. Pairs are looked at from the columns that differ most on,
    as far as the budget (rows of all pairs) goes. A pair is listed where it is worse than either part."""
    import numpy as np

    names = list(columns)
    sums = [_sums(losses, columns[name].codes, len(columns[name].names)) for name in names]
    total = sums[0].sum(axis=1) if sums else np.zeros(5)
    order = sorted(range(len(names)), key=lambda i: -_difference(sums[i], total, losses))
    pairs = list(combinations(order, 2))
    looked = pairs[: budget // (len(losses.own) + PAIR)]
    crossed = [_crossed(losses, columns[names[a]], columns[names[b]]) for a, b in looked]
    return _ranked(losses, columns, sums, list(zip(looked, crossed, strict=True)), len(pairs))


def _sums(losses: Losses, codes: Any, count: int) -> Any:
    """(5, count): rows, weights, squared weights, and weighted excess and its square, of each code."""
    import numpy as np

    rows = np.bincount(codes, minlength=count).astype(float)
    first, second, *weights = (np.bincount(codes, weights=v, minlength=count) for v in losses.summed)
    return np.array([rows, *(weights or (rows, rows)), first, second])


def _crossed(losses: Losses, a: Partition, b: Partition) -> Any:
    return _sums(losses, a.codes * len(b.names) + b.codes, len(a.names) * len(b.names))


def _moments(sums: Any) -> tuple[Any, Any, Any]:
    """Mean, variance and how many rows of equal weight tell as much (Kish 1965); NaN where there are none."""
    _, weight, squares, first, second = sums
    mean = first / weight
    return mean, second / weight - mean * mean, weight * weight / squares


def _effects(sums: Any, total: Any, losses: Losses) -> tuple[Any, Any, Any]:
    """Each slice's excess (over the rest's where there is no champion), its standard error and the degrees
    of freedom of that."""
    import numpy as np

    with np.errstate(all="ignore"):
        mean, own, rows = _moments(sums)
        variance = (rows * own + PRIOR * _moments(total)[1]) / (rows + PRIOR)
        square = variance / rows
        if losses.champion is None:
            rest, spread, others = _moments(total[:, None] - sums)
            mean, square = mean - rest, square + spread / others
        return mean, np.sqrt(np.maximum(square, 0)), rows + PRIOR - 1


def _difference(sums: Any, total: Any, losses: Losses) -> float:
    """How far a column's worst slice stands out, in standard errors."""
    import numpy as np

    effect, se, _ = _effects(sums, total, losses)
    with np.errstate(all="ignore"):
        z = np.where(_enough(sums, effect, se), effect / se, -np.inf)
    return float(z.max(initial=-np.inf))


def _enough(sums: Any, effect: Any, se: Any) -> Any:
    import numpy as np

    return (sums[0] >= LEAST_ROWS) & np.isfinite(effect) & np.isfinite(se) & (se > 0)


def _ranked(
    losses: Losses, columns: Mapping[str, Partition], singles: list[Any], pairs: list[Any], all_pairs: int
) -> Search:
    """All slices by the lower bounds of their excess, once it is known how many there are."""
    import numpy as np

    names = list(columns)
    every = [*singles, *(sums for _, sums in pairs)]
    total = singles[0].sum(axis=1) if singles else np.zeros(5)
    effects = [_effects(sums, total, losses) for sums in every]
    enough = [_enough(sums, e[0], e[1]) for sums, e in zip(every, effects, strict=True)]
    count = int(sum(each.sum() for each in enough))
    bounds = [_bounds(*e, ok, count) for e, ok in zip(effects, enough, strict=True)]
    _drop_what_all_rows_show(bounds, total, losses)
    keys: list[tuple[int, ...]] = [*((i,) for i in range(len(names))), *(pair for pair, _ in pairs)]
    for (a, b), low in zip(keys[len(names) :], bounds[len(names) :], strict=True):
        _drop_what_a_part_shows(low, bounds[a], bounds[b])
    best = sorted(
        ((float(low[i]), -k, -int(i)) for k, low in enumerate(bounds) for i in np.argsort(-low)[:LISTED]),
        reverse=True,
    )
    kept = [(keys[-k], -i, effects[-k][0][-i], low) for low, k, i in best[:LISTED] if low > -np.inf]
    found = tuple(
        _found(losses, columns, [names[c] for c in key], i, float(e), low) for key, i, e, low in kept
    )
    return Search(found, count, len(pairs), all_pairs)


def _bounds(effect: Any, se: Any, df: Any, enough: Any, count: int) -> Any:
    """Lower bounds that hold for all slices at once (Bonferroni); minus infinity where there are too few
    rows."""
    import numpy as np
    from scipy.special import stdtrit

    quantile = stdtrit(np.where(enough, df, 1.0), 1 - ALPHA / 2 / max(count, 1))
    return np.where(enough, effect - quantile * se, -np.inf)


def _drop_what_all_rows_show(bounds: list[Any], total: Any, losses: Losses) -> None:
    """Where the candidate loses to the champion on the whole, a slice that loses no more says nothing."""
    if losses.champion is not None:
        mean, variance, rows = _moments(total)
        least = mean - 2 * (variance / rows) ** 0.5
        for low in bounds:
            low[(low <= least) & (least > 0)] = -float("inf")


def _drop_what_a_part_shows(low: Any, a: Any, b: Any) -> None:
    """A pair that is no worse than one of its parts says nothing that the part does not."""
    import numpy as np

    table = low.reshape(len(a), len(b))
    table[table <= np.maximum(a[:, None], b[None, :])] = -np.inf


def said(column: str, value: str) -> str:
    """A column's value, or its bin, in words: 'origin=JFK', 'temp < 36', 'dewp in [30, 39)'."""
    if value.startswith(("<", ">")):
        return f"{column} {value}"
    return f"{column} in {value}" if value.startswith("[") else f"{column}={value}"


def _found(
    losses: Losses, columns: Mapping[str, Partition], key: list[str], position: int, effect: float, low: float
) -> Found:
    places = [position] if len(key) == 1 else divmod(position, len(columns[key[1]].names))
    parts = [(name, columns[name], at) for name, at in zip(key, places, strict=True)]
    mask = parts[0][1].mask(parts[0][2])
    for _, part, at in parts[1:]:
        mask = mask & part.mask(at)
    told = " & ".join(said(name, part.names[at]) for name, part, at in parts)
    other = losses.mean(losses.own, ~mask) if losses.champion is None else losses.mean(losses.champion, mask)
    interval = Interval(effect, low, 2 * effect - low)
    return Found(told, int(mask.sum()), losses.mean(losses.own, mask), other, interval)
