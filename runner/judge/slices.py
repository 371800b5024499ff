"""The same metric in every group of rows that share a value of a column.

A rule gives one check a value of its column, and one for the rule itself: ERROR where there is no
such column, it has too many values, or every slice was skipped for having too few rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.judge.bounds import bounded, number
from runner.judge.criteria_slices import SliceRule
from runner.judge.metrics import value_of
from runner.judge.predictions import CannotCompute, Predictions
from runner.model import Check, Limit, Plot, Series, Status
from runner.text import one_line

if TYPE_CHECKING:
    import pandas as pd

MAX_SLICES = 200


@dataclass(frozen=True, slots=True)
class Slices:
    """The rows of each value of a rule's column, by the value's name; or why there are none."""

    rule: SliceRule
    masks: dict[str, Any]
    fault: str = ""

    @property
    def id(self) -> str:
        return f"slices/{self.rule.by}/{self.rule.label}"

    def ids(self) -> tuple[str, ...]:
        """The ids of all its checks: each value's, then the rule's own."""
        return (*(self._id(name) for name in self.masks), self.id)

    def _id(self, name: str) -> str:
        return f"slices/{self.rule.by}={name}/{self.rule.label}"

    def checks(self, predictions: Predictions) -> Iterator[Check]:
        """One check a value, then the rule's own."""
        found = [self._check(name, mask, predictions) for name, mask in self.masks.items()]
        yield from found
        judged = sum(check.status is not Status.SKIPPED for check in found)
        measured = f"{judged} of {len(found)} slices judged"
        fault = self.fault or ("" if judged else "every slice has fewer than min_rows rows")
        status = Status.ERROR if fault else Status.PASSED
        yield Check(self.id, status, cause=fault, measured=measured, limit="at least 1 slice judged")

    def _check(self, name: str, mask: Any, predictions: Predictions) -> Check:
        rule, rows = self.rule, int(mask.sum())
        if rule.min_rows is not None and rows < rule.min_rows:
            cause = f"{rows:,} rows, fewer than min_rows {rule.min_rows:,}"
            return Check(self._id(name), Status.SKIPPED, cause=cause, measured=f"{rows:,} rows")
        part = predictions.where(mask)
        what = f"{rule.label} of {rule.by}={name}"
        return bounded(
            self._id(name),
            what,
            lambda: value_of(rule.metric, part, rule.options),
            low=rule.min,
            high=rule.max,
            rows=rows,
        )

    def plot(self, predictions: Predictions) -> Plot | None:
        """The metric of every slice, too small ones too, against the rule's bounds."""
        if not self.masks:
            return None
        rule = self.rule
        values = tuple(_value(rule, predictions.where(mask)) for mask in self.masks.values())
        names = tuple(f"{name} ({int(mask.sum()):,})" for name, mask in self.masks.items())
        bounds = [(rule.min, "min"), (rule.max, "max")]
        limits = tuple(Limit(v, f"{side} {number(v)}") for v, side in bounds if v is not None)
        series = (Series(rule.label, names, values),)
        few = (
            f" Slices with fewer than {rule.min_rows:,} rows are shown, not judged." if rule.min_rows else ""
        )
        note = f"Rows in brackets.{few} Points without an interval: one evaluation, no resampling."
        return Plot(f"{rule.label} by {rule.by}", "points", rule.by, rule.label, series, limits, note)


def slices_of(rule: SliceRule, frame: pd.DataFrame) -> Slices:
    """Split a table's rows by the rule's column; null is a slice of its own."""
    if rule.by not in frame.columns:
        return Slices(rule, {}, f"the evaluation table has no column {rule.by!r}")
    names = frame[rule.by].map(_name, na_action=None).astype(str)
    values = sorted(names.unique(), key=_order)
    if len(values) > MAX_SLICES:
        return Slices(rule, {}, f"{rule.by!r} has {len(values):,} values, more than {MAX_SLICES}")
    if not values:
        return Slices(rule, {}, "there are no rows")
    return Slices(rule, {value: (names == value).to_numpy() for value in values})


def _name(value: Any) -> str:
    if value is None or value != value:  # NaN is the value that differs from itself
        return "null"
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return one_line(value, 60) or "''"


def _order(name: str) -> tuple[bool, float, str]:
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name


def _value(rule: SliceRule, part: Predictions) -> float | None:
    try:
        return value_of(rule.metric, part, rule.options)
    except CannotCompute:
        return None
