"""Drift in words, plots and facts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from runner.config.data import Drift
from runner.drift.effects import JS, NAMES, PSI, WASSERSTEIN, Compared, Effect
from runner.errors import LockgateError, SolutionError
from runner.model import Check, Limit, Plot, Series, Status

SHOWN, LISTED = 6, 500  # histograms a table; columns in the manifest
SHORT = {PSI: "PSI", JS: "Jensen-Shannon", WASSERSTEIN: "Wasserstein", "joint": "distance"}


@dataclass(frozen=True, slots=True)
class Judged:
    """What the check `id` is made of: effects, or why there are none. `column`: '' for the joint one."""

    id: str
    column: str
    compared: Compared | None
    effects: tuple[Effect, ...]
    error: LockgateError | None = None

    @property
    def what(self) -> str:
        """What was judged, in words."""
        return f"column {self.column!r}" if self.column else "the joint distribution"


def check_of(judged: Judged, drift: Drift, source: str) -> Check:
    """FAILED for an alarm; ERROR without effects, or where a drift that must be found need not be."""
    limit = ", ".join(f"{SHORT[e.kind]} at most {e.threshold:g}" for e in judged.effects)
    measured = "; ".join(map(_measured, judged.effects))
    status, cause = _verdict(judged, drift)
    return Check(judged.id, status, source, cause=cause, measured=measured, limit=limit)


def _verdict(judged: Judged, drift: Drift) -> tuple[Status, str]:
    what = judged.what
    if judged.error is not None:
        status = Status.FAILED if isinstance(judged.error, SolutionError) else Status.ERROR
        return status, f"{what}: {judged.error.what}"
    if alarms := [e for e in judged.effects if e.alarm]:
        worst = max(alarms, key=lambda e: e.lower / e.threshold)
        name = NAMES[worst.kind]
        return (
            Status.FAILED,
            f"{what} has moved: {name} at least {worst.lower:.3g}, {worst.threshold:g} allowed",
        )
    blind = [e for e in judged.effects if drift.detect is not None and e.power < drift.power]
    if blind:
        least = blind[0]
        chance = f"{least.power:.0%} of the time, not {drift.power:.0%}"
        return (
            Status.ERROR,
            f"{what}: a {NAMES[least.kind]} of {least.detect:.3g} would be found {chance}: too few rows",
        )
    return Status.PASSED, ""


def _measured(effect: Effect) -> str:
    told = f"{SHORT[effect.kind]} {effect.estimate:.3g}, at least {effect.lower:.3g}"
    found = f"{effect.detect:.3g} would be found {_percent(effect.power)} of the time"
    if effect.least is not None:
        found += f", {effect.least:.3g} as often as wanted"
    return f"{told} ({found})"


def _percent(share: float) -> str:
    return "over 99%" if share > 0.99 else "under 1%" if share < 0.01 else f"{share:.0%}"


def intervals(table: str, judged: Sequence[Judged]) -> tuple[Plot, ...]:
    """A plot for each kind of effect: the estimate down to its lower bound, against the threshold."""
    kinds = dict.fromkeys(e.kind for each in judged for e in each.effects)
    return tuple(_intervals(table, kind, judged) for kind in kinds)


def _intervals(table: str, kind: str, judged: Sequence[Judged]) -> Plot:
    rows = [(each.column or "joint", e) for each in judged for e in each.effects if e.kind == kind]
    effects = [e for _, e in rows]
    series = Series(
        SHORT[kind],
        tuple(column for column, _ in rows),
        tuple(e.estimate for e in effects),
        tuple(e.lower for e in effects),
        tuple(e.estimate for e in effects),
    )
    limit = Limit(effects[0].threshold, f"threshold {effects[0].threshold:g}")
    note = (
        "Each line goes from the estimate down to its lower bound; the bounds hold for all columns together."
    )
    title = f"{table}: drift, {NAMES[kind]}"
    return Plot(title, "points", "column", NAMES[kind], (series,), (limit,), note)


def histograms(table: str, judged: Sequence[Judged], hidden: Collection[str]) -> tuple[Plot, ...]:
    """Both distributions of the columns that moved, the farthest first; none of a sensitive column."""
    moved = [
        (max(e.lower / e.threshold for e in each.effects), each.compared)
        for each in judged
        if each.compared is not None and each.column not in hidden and any(e.alarm for e in each.effects)
    ]
    farthest = sorted(moved, key=lambda each: -each[0])[:SHOWN]
    return tuple(_histogram(table, compared) for _, compared in farthest)


def _histogram(table: str, compared: Compared) -> Plot:
    labels = tuple(f"{i + 1}: {label}" for i, label in enumerate(compared.labels))
    series = tuple(
        Series(name, labels, tuple(float(share) for share in 100 * counts / counts.sum()))
        for name, counts in (("training", compared.reference), ("now", compared.current))
    )
    return Plot(f"{table}: {compared.name} in training and now", "bar", compared.name, "% of rows", series)


def facts_of(judged: Sequence[Judged]) -> dict[str, Any]:
    """Column -> effect -> estimate, lower bound, threshold and power; of very many columns the first."""
    return {
        each.column or "joint distribution": {
            e.kind: {
                "estimate": round(e.estimate, 6),
                "lower": round(e.lower, 6),
                "threshold": e.threshold,
                "detect": e.detect,
                "power": round(e.power, 4),
            }
            for e in each.effects
        }
        for each in judged[:LISTED]
        if each.effects
    }
