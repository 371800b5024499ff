"""Behavioural tests: what becomes of the answer where one column is changed.

CheckList (Ribeiro et al., ACL 2020): an invariance test changes what must not matter, a directional
expectation test what must matter one way only. Every row of the evaluation is such a test, so a share of rows
is a count of cases, not an estimate: it is compared with its limit as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from runner.judge.asking import asked, feature
from runner.judge.criteria_more import Direction, Invariance
from runner.judge.predictions import CannotCompute
from runner.judge.trial import Trial

SEED, SHOWN = 0, 10


@dataclass(frozen=True, slots=True)
class Case:
    """A row whose answer went from `before` to `after` as its column's value did from `was` to `became`."""

    row: int
    was: float
    became: float
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Moves:
    """How many rows a change changed (`tested`), in how many of them the answer went further than it may
    (`broken`), and the `worst` of those, the furthest first."""

    tested: int
    broken: int
    worst: tuple[Case, ...]


def moves(trial: Trial, rule: Invariance | Direction) -> Moves:
    """Ask the model about every row with its column changed.

    Raises CannotCompute where there is no such column or no model, or where the change changes no row."""
    import numpy as np

    place = feature(trial.bench, rule.column)
    matrix = trial.bench.evaluation.matrix
    found = _Furthest(trial.predictions.scores, matrix[:, place])
    changed = matrix.copy()
    for values in _changes(found.was, rule):
        changed[:, place] = values
        found.note(values, asked(trial, changed), rule)
    if not found.tested.any():
        raise CannotCompute(f"the change leaves {rule.column!r} as it is in every row")
    limit = rule.within if isinstance(rule, Invariance) else rule.tolerance
    broken = np.flatnonzero(found.size > limit)
    worst = broken[np.argsort(-found.size[broken], kind="stable")][:SHOWN].tolist()
    return Moves(int(found.tested.sum()), len(broken), tuple(map(found.case, worst)))


def _changes(was: Any, rule: Invariance | Direction) -> Iterator[Any]:
    """The column's values (n,) float32, once for each change; missing ones stay missing."""
    import numpy as np

    if isinstance(rule, Direction) and rule.scale is not None:
        yield np.where(was > 0, was * np.float32(rule.scale), was)
    elif rule.add is not None:
        yield was + np.float32(rule.add)
    elif isinstance(rule, Invariance) and rule.to:
        yield from (np.where(np.isnan(was), was, np.float32(value)) for value in rule.to)
    else:
        present = ~np.isnan(was)
        values = was.copy()
        values[present] = np.random.default_rng(SEED).permutation(was[present])
        yield values


class _Furthest:
    """Of each row the change that moved its answer furthest in the forbidden way; all (n,)."""

    def __init__(self, before: Any, was: Any) -> None:
        import numpy as np

        self.before, self.was = before, was.copy()
        self.after, self.became = before.copy(), was.copy()
        self.size, self.tested = np.full(len(was), -np.inf), np.zeros(len(was), bool)

    def note(self, values: Any, after: Any, rule: Invariance | Direction) -> None:
        """Take one change's answers; one that is no number went as far as can be."""
        import numpy as np

        differs = (values != self.was) & ~np.isnan(self.was)
        moved = _forbidden(after, self.before, rule)
        further = differs & ~(moved <= self.size)
        self.tested |= differs
        self.size[further] = np.where(np.isnan(moved), np.inf, moved)[further]
        self.became[further], self.after[further] = values[further], after[further]

    def case(self, row: int) -> Case:
        told = (self.was, self.became, self.before, self.after)
        return Case(row, *(each[row] for each in told))


def _forbidden(after: Any, before: Any, rule: Invariance | Direction) -> Any:
    """How far (n,) the answer went where it must not; of classes, the probability that moved furthest."""
    apart = after - before
    if isinstance(rule, Direction):
        return -apart if rule.must == "not_lower" else apart
    return abs(apart) if apart.ndim == 1 else abs(apart).max(axis=1)
