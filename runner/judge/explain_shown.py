"""Importances for people: a forest plot and a table, the most important first, the champion's beside."""

from __future__ import annotations

from collections.abc import Mapping

from runner.judge.bounds import number
from runner.judge.by_evidence import shown
from runner.judge.explain import Importance, ranks
from runner.judge.explaining import Explained
from runner.judge.predictions import CannotCompute
from runner.model import Plot, Series, Table

ALONE = ("feature", "importance [interval]", "± over permutations", "moves an answer by")
AGAINST = ("champion's importance", "difference", "rank: champion → candidate")


def plot_of(found: Explained) -> Plot:
    """Both models' importances with their intervals, in the candidate's order."""
    order = tuple(ranks(found.mine))
    series = [_series("candidate", order, found.mine)]
    if not isinstance(found.theirs, CannotCompute):
        series.append(_series("champion", order, found.theirs))
    title, loss = "Permutation importance", f"loss of {found.metric} where a feature is shuffled"
    note = f"{found.rows:,} rows; intervals are about the rows."
    return Plot(title, "points", "feature", loss, tuple(series), note=note)


def _series(name: str, order: tuple[str, ...], found: Mapping[str, Importance]) -> Series:
    drops = [found[feature].drop for feature in order]
    return Series(
        name, order, tuple(d.value for d in drops), tuple(d.low for d in drops), tuple(d.high for d in drops)
    )


def table_of(found: Explained) -> Table:
    """A row a feature; against the champion also what moved and from which rank to which."""
    rows = [(name, *_alone(found.mine[name])) for name in ranks(found.mine)]
    if isinstance(found.theirs, CannotCompute):
        return Table(f"Permutation importance ({found.metric})", ALONE, tuple(rows))
    mine, theirs = ranks(found.mine), ranks(found.theirs)
    told = [
        (*row, *_against(found.mine[row[0]], found.theirs[row[0]]), f"{theirs[row[0]]} → {mine[row[0]]}")
        for row in rows
    ]
    return Table(f"Permutation importance ({found.metric})", (*ALONE, *AGAINST), tuple(told))


def _alone(each: Importance) -> tuple[str, str, str]:
    return shown(each.drop), number(each.spread), number(each.moves)


def _against(mine: Importance, theirs: Importance) -> tuple[str, str]:
    """The champion's importance, and the difference with its standard error."""
    apart = mine.drop.value - theirs.drop.value
    return shown(theirs.drop), f"{apart:+.2g} ± {(mine.se**2 + theirs.se**2) ** 0.5:.1g}"
