"""The paired comparison of two models on the same rows, of all of them or of each slice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from runner.judge.measures.segments import Influences, Segments
from runner.judge.metrics import METRICS, measured
from runner.judge.options import Options
from runner.judge.paired.interval import Spread, bounds, from_powers, score
from runner.judge.paired.power import Design, rows_for, seen
from runner.judge.paired.units import clusters_of, units_of
from runner.judge.paired.verdict import Interval, Standing, standing, words_of
from runner.judge.predictions import CannotCompute, Predictions

MANY = 100_000  # rows from which on a second thread is worth its start


@dataclass(frozen=True, slots=True)
class Paired:
    """Both values in the metric's unit; `difference` candidate minus champion, such that higher is better.

    `se` is the difference's standard error, `rows` how many there are, `carrying` how many units (rows, or
    clusters) carry the difference: those that the metric counts and on which the models differ, effectively,
    (sum |d|)**2 / sum(d**2) of their differences d, the count where each counts the same; at most one
    more than the error has degrees of freedom. `alpha` is that of one side: the interval covers 1 - 2 alpha.
    What it rests on: the `spread`, or of accuracy `right`, the rows that one model alone has right
    (candidate's, champion's)."""

    metric: str
    candidate: float
    champion: float
    difference: Interval
    se: float
    rows: int
    carrying: int
    alpha: float
    spread: Spread
    right: tuple[int, int] | None = None

    def standing(self, margin: float) -> Standing:
        """The verdict for a margin, in the metric's unit."""
        return standing(self.difference, margin, self.carrying)

    @property
    def design(self) -> Design:
        """What more rows like these would be like.

        Raises CannotCompute for an estimate that is too high on average, which changes with the rows."""
        if any(self.spread.slack):
            raise CannotCompute(f"the power of {self.metric} cannot be told from fewer rows")
        return seen(self.spread, self.rows, self.carrying, self.right is not None)

    def needed(self, loss: float, power: float = 0.8) -> int | None:
        """From about how many rows on a loss of this size is told, as often as `power` says; None where that
        cannot be said, or two such models cannot lose as much."""
        if any(self.spread.slack):
            return None
        return rows_for(power, lambda rows: self.design.tells(rows, loss, self.alpha))

    def words(self, margin: float) -> str:
        """'candidate roc_auc 0.781 against 0.779, difference +0.0020 [-0.0010, +0.0050], margin 0.005:
        equivalent'."""
        d = self.difference
        return (
            f"candidate {self.metric} {self.candidate:.4g} against {self.champion:.4g}, difference "
            f"{words_of(d, -margin, 0.0, margin)}, margin {margin:g}: {self.standing(margin)}"
        )


def compare(
    metric: str, candidate: Predictions, champion: Predictions, *, alpha: float = 0.05,
    options: Options | None = None, groups: Any = None,
) -> Paired:  # fmt: skip
    """Compare two models' predictions of the same rows; `groups` (n,) are clusters of rows, of a ranking its
    queries where not given.

    Raises CannotCompute where the metric does not exist on these rows."""
    whole = Segments(len(candidate))
    (found,) = compare_slices(metric, candidate, champion, whole, alpha=alpha, options=options, groups=groups)
    if isinstance(found, CannotCompute):
        raise found
    return found


def compare_slices(
    metric: str, candidate: Predictions, champion: Predictions, slices: Segments, *, alpha: float = 0.05,
    options: Options | None = None, groups: Any = None,
) -> list[Paired | CannotCompute]:  # fmt: skip
    """The same in each segment, in one pass over all rows: of each the comparison, or why there is none.

    Make `slices` once for all metrics. Raises CannotCompute where there is none in any."""
    _require_pairs(candidate, champion)
    mine, theirs = _both(metric, candidate, champion, options, slices)
    units = units_of(slices, clusters_of(candidate, groups))
    better, worse = (mine, theirs) if METRICS[metric].higher_is_better else (theirs, mine)
    each = better.influence - worse.influence
    powers, counts = units.powers(each), units.carrying(_apart(mine, theirs, candidate.weights))
    plain = metric == "accuracy" and groups is None and candidate.weights is None
    right = _right(mine, theirs, candidate.y, slices) if plain else None
    higher = METRICS[metric].higher_is_better

    def found(code: int) -> Paired | CannotCompute:
        for fault in (mine.faults.get(code), theirs.faults.get(code)):
            if fault:
                return CannotCompute(fault)
        rows, values = int(slices.sizes[code]), (float(mine.values[code]), float(theirs.values[code]))
        try:
            spread = from_powers(powers[code], units.counts[code], rows, _slack(mine, theirs, higher, code))
        except CannotCompute as error:
            return error
        gain = METRICS[metric].sign * (values[0] - values[1])
        interval = score(*right[code], rows, alpha) if right else bounds(gain, spread, alpha)
        counted = right[code] if right else None
        carrying = int(counts[code]) if counted else min(int(counts[code]), int(spread.df) + 1)
        return Paired(metric, *values, interval, spread.se, rows, carrying, alpha, spread, counted)

    return [found(code) for code in range(slices.count)]


def _slack(mine: Influences, theirs: Influences, higher_is_better: bool, code: int) -> tuple[float, float]:
    """By how much the gain may be too high, and too low, on average."""
    over, under = (0.0 if p.excess is None else float(p.excess[code]) for p in (mine, theirs))
    return (over, under) if higher_is_better else (under, over)


def _require_pairs(candidate: Predictions, champion: Predictions) -> None:
    same = candidate.y is champion.y or (
        len(candidate) == len(champion) and (candidate.y == champion.y).all()
    )
    if not same:
        raise CannotCompute("the two models did not predict the same rows")
    if (candidate.weights is None) != (champion.weights is None):
        raise CannotCompute("the rows of one model have weights, those of the other have none")


def _both(
    metric: str, candidate: Predictions, champion: Predictions, options: Options | None, s: Segments
) -> tuple[Influences, Influences]:
    """The metric of either model, in two threads where that pays: numpy sorts without Python's lock."""
    _warm(s)
    if len(candidate) < MANY:
        return measured(metric, candidate, options, s), measured(metric, champion, options, s)
    with ThreadPoolExecutor(2) as pool:
        mine, theirs = (pool.submit(measured, metric, p, options, s) for p in (candidate, champion))
        return mine.result(), theirs.result()


def _warm(s: Segments) -> None:
    """What both threads would otherwise work out at once."""
    if s.codes is not None:
        assert s.at is not None  # noqa: S101
    assert s.starts is not None  # noqa: S101


def _apart(mine: Influences, theirs: Influences, weights: Any) -> Any:
    """How far the models are from each other on each row (n,) that the metric counts (recall: no negative);
    predicted classes are alike or not."""
    import numpy as np

    labels = mine.carries.dtype.kind in "iub"
    apart = (mine.carries != theirs.carries) * 1.0 if labels else mine.carries - theirs.carries
    if weights is not None:
        apart *= weights
    if labels:
        apart *= (mine.influence != 0) | (theirs.influence != 0)
    return apart if labels else np.abs(apart, out=apart)


def _right(mine: Influences, theirs: Influences, y: Any, s: Segments) -> list[tuple[int, int]]:
    """Of each segment the rows that the candidate alone has right, and those that the champion alone has."""
    won, lost = mine.carries == y, theirs.carries == y
    return list(zip(s.tell(won > lost), s.tell(lost > won), strict=True))
