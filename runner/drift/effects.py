"""How far each column moved: effects with lower bounds that hold for all of them together.

The bounds have level 1 - alpha / (number of effects asked of all columns, and the joint one): Bonferroni,
which needs nothing of how columns depend on each other. A column raises an alarm where a bound is above its
threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runner.drift import transport
from runner.drift.bound import Bounded, bounded, power
from runner.drift.divergences import Divergence, jensen_shannon, psi
from runner.drift.planted import Power
from runner.drift.transport import Line

PSI, JS, WASSERSTEIN = "psi", "js", "wasserstein"
NAMES = {
    PSI: "population stability index",
    JS: "Jensen-Shannon distance",
    WASSERSTEIN: "Wasserstein distance",
    "joint": "distance of the joint distributions",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """A column of both samples: counts (k,) in bins, and of numbers (l,) at the points of a line."""

    name: str
    labels: tuple[str, ...]
    reference: Any
    current: Any
    line: Line | None = None
    reference_at: Any = None
    current_at: Any = None

    def asked(self, thresholds: Mapping[str, float]) -> tuple[str, ...]:
        """The effects that this column has, of those asked. Wasserstein: numbers that are not constant."""
        return tuple(kind for kind in thresholds if kind != WASSERSTEIN or self.line is not None)


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect with its simultaneous lower bound. `detect` is found with chance `power`; `least` is the
    smallest that is found with the chance that is wanted, None where none is."""

    kind: str
    estimate: float
    lower: float
    threshold: float
    detect: float
    power: float
    least: float | None

    @property
    def alarm(self) -> bool:
        """Whether the effect is above the threshold beyond doubt."""
        return self.lower > self.threshold


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: thresholds by kind; `alpha` of each single bound; the size to be found as a multiple of
    its threshold; the chance that is wanted."""

    thresholds: Mapping[str, float]
    alpha: float
    detect: float = 1.5
    wanted: float = 0.8


def effects(column: Compared, question: Question) -> Iterator[Effect]:
    """The effects that are asked of a column, as far as it has them."""
    for kind in column.asked(question.thresholds):
        threshold = question.thresholds[kind]
        found, planted, root = _ASK[kind](column, threshold, question.alpha)
        detect = question.detect * threshold
        least = planted.least(question.wanted)
        yield Effect(
            kind,
            _unit(float(found.estimate), root),
            _unit(float(found.lower), root),
            threshold,
            detect,
            planted.at(detect**2 if root else detect),
            None if least is None else _unit(least, root),
        )


def _unit(value: float, root: bool) -> float:
    return value**0.5 if root else value


def _psi(column: Compared, threshold: float, alpha: float) -> tuple[Bounded, Power, bool]:
    return (*_over_bins(psi, column, threshold, alpha), False)


def _js(column: Compared, threshold: float, alpha: float) -> tuple[Bounded, Power, bool]:
    """The distance is the root of the divergence, so bounds of one are the roots of the other's."""
    return (*_over_bins(jensen_shannon, column, threshold**2, alpha), True)


def _over_bins(
    divergence: Divergence, column: Compared, threshold: float, alpha: float
) -> tuple[Bounded, Power]:
    found = bounded(divergence, column.reference, column.current, alpha)
    return found, power(divergence, column.reference, float(column.current.sum()), threshold, alpha)


def _wasserstein(column: Compared, threshold: float, alpha: float) -> tuple[Bounded, Power, bool]:
    assert column.line is not None  # noqa: S101  `asked` says so
    found = transport.bounded(column.line, column.reference_at, column.current_at, alpha)
    rows = float(column.current_at.sum())
    return found, transport.power(column.line, column.reference_at, rows, threshold, alpha), False


_ASK = {PSI: _psi, JS: _js, WASSERSTEIN: _wasserstein}
