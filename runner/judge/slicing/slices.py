"""The slices of a rule on a table: their names, their rows, and the ids of their checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.judge.criteria_slices import SliceRule
from runner.judge.predictions import CannotCompute
from runner.judge.slicing.partition import MAX_SLICES, Partition, by_columns, by_expressions

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Slices:
    """A rule's partitions (one, or of expressions one for each, since they may overlap); or why there are
    none."""

    rule: SliceRule
    partitions: tuple[Partition, ...] = ()
    fault: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """'JFK', 'origin=JFK & carrier=AA', or an expression's name."""
        return tuple(name for part in self.partitions for name in part.names)

    @property
    def labels(self) -> tuple[str, ...]:
        """The same, with the column where there is one."""
        prefix = f"{self.rule.shown}=" if len(self.rule.columns) == 1 else ""
        return tuple(f"{prefix}{name}" for name in self.names)

    def counts(self) -> list[int]:
        """Rows of each slice."""
        return [count for part in self.partitions for count in part.counts()]

    def ids(self) -> tuple[str, ...]:
        """The ids of all checks: each slice's, then the rule's own."""
        return (*(f"slices/{label}/{self.rule.measure}" for label in self.labels), self.rule.id)


def slices_of(rule: SliceRule, frame: pd.DataFrame) -> Slices:
    """Cut a table's rows as the rule says; null is a slice of its own."""
    try:
        if not rule.columns:
            return Slices(rule, tuple(by_expressions(frame, _few(rule))))
        return Slices(rule, (by_columns(frame, rule.columns, rule.cuts),))
    except CannotCompute as error:
        return Slices(rule, fault=str(error))


def _few(rule: SliceRule) -> dict[str, str]:
    if len(rule.expressions) > MAX_SLICES:
        raise CannotCompute(f"{len(rule.expressions):,} expressions, more than {MAX_SLICES}")
    return dict(rule.expressions)
