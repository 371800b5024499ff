"""The worst slices, found without a rule that names them. They are shown and never gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runner.judge.bounds import number
from runner.judge.part import Part
from runner.judge.predictions import CannotCompute
from runner.judge.slicing.columns import columns_of, loss_of
from runner.judge.slicing.worst import Found, Losses, Search, search
from runner.judge.trial import Trial
from runner.model import Limit, Plot, Series, Table


def _search(trial: Trial) -> tuple[str, str, Search] | None:
    """The loss's name, what it is compared with, and what was found; None where rows have no loss."""
    return trial.once("worst", lambda: _searched(trial))


def _searched(trial: Trial) -> tuple[str, str, Search] | None:
    p = trial.predictions
    try:
        name, own = loss_of(p)
    except CannotCompute:
        return None
    try:
        other, against = loss_of(trial.champion)[1], "champion"
    except CannotCompute:
        other, against = None, "other rows"
    columns = columns_of(trial.bench.evaluation.frame, p)
    return name, against, search(Losses(own, other, p.weights), columns)


def tables(trial: Trial) -> Iterator[Table]:
    known = _search(trial)
    if known and known[2].found:
        name, against, found = known
        columns = ("slice", "rows", name, against, "difference", "adjusted interval")
        yield Table(f"Worst slices by {name} ({_looked(found)})", columns, tuple(map(_row, found.found)))


def plots(trial: Trial) -> Iterator[Plot]:
    known = _search(trial)
    if known and known[2].found:
        name, against, found = known
        names = tuple(f"{each.name} ({each.rows:,})" for each in found.found)
        spans = [each.excess for each in found.found]
        y, low, high = (tuple(getattr(s, side) for s in spans) for side in ("value", "low", "high"))
        note = f"Exploratory, no rule: {_looked(found)}. Intervals are adjusted for all of them."
        label = f"{name} above that of the {against}"
        series = (Series(name, names, y, low, high),)
        yield Plot("Worst slices", "points", "slice", label, series, (Limit(0.0, "no difference"),), note)


def facts(trial: Trial) -> Mapping[str, Any]:
    known = _search(trial)
    if known is None:
        return {}
    name, against, found = known
    told = {"loss": name, "against": against, "slices": found.slices, "pairs_of_columns": found.pairs}
    return {"worst_slices": {**told, "of_pairs": found.all_pairs, "found": [_fact(f) for f in found.found]}}


def _looked(found: Search) -> str:
    pairs = f"{found.pairs:,} of {found.all_pairs:,} pairs of columns"
    return f"{found.slices:,} slices looked at, of single columns and {pairs}"


def _row(found: Found) -> tuple[str, ...]:
    e = found.excess
    values = (number(found.loss), number(found.other), f"{e.value:+.4g}")
    return found.name, f"{found.rows:,}", *values, f"{e.low:+.4g} to {e.high:+.4g}"


def _fact(found: Found) -> dict[str, Any]:
    e = found.excess
    return {"slice": found.name, "rows": found.rows, "loss": found.loss, "difference": e.value, "low": e.low}


PART = Part(lambda bench: (), lambda trial: (), lambda criteria: (), plots=plots, facts=facts, tables=tables)
