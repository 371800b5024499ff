"""What `lockgate power` answers: rows for a power, or what so many rows can tell."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from runner.errors import UsageError
from runner.judge.paired.power import MOST, Design, least_gap, rows_for


@dataclass(frozen=True, slots=True)
class Asked:
    """`loss` and `margin` in the metric's unit; `power` is wanted at level `alpha`; `rows` None: how many?"""

    metric: str
    margin: float
    loss: float
    alpha: float
    power: float
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Needed:
    """From how many rows on an equal model passes, and the loss is told; None where no number is enough."""

    asked: Asked
    rows_to_pass: int | None
    rows_to_tell: int | None

    def data(self) -> dict[str, Any]:
        return _flat(self)

    def words(self) -> str:
        a = self.asked
        often = f"in {a.power:.0%} of comparisons"
        return (
            f"{a.metric}, alpha {a.alpha:g}:\n"
            f"  an equal model passes a margin of {a.margin:g} {often}: {_rows(self.rows_to_pass)}\n"
            f"  a loss of {a.loss:g} is told {often}: {_rows(self.rows_to_tell)}"
        )


@dataclass(frozen=True, slots=True)
class Told:
    """With so many rows: how often an equal model passes and the loss is told, and the smallest margin and
    loss of the wanted power; None where there is none."""

    asked: Asked
    passes: float
    tells: float
    smallest_margin: float | None
    smallest_loss: float | None

    def data(self) -> dict[str, Any]:
        return _flat(self)

    def words(self) -> str:
        a = self.asked
        return (
            f"{a.metric} on {a.rows:,} rows, alpha {a.alpha:g}:\n"
            f"  an equal model passes a margin of {a.margin:g} in {self.passes:.0%} of comparisons; "
            f"in {a.power:.0%} {_least('a margin', self.smallest_margin)}\n"
            f"  a loss of {a.loss:g} is told in {self.tells:.0%} of comparisons; "
            f"in {a.power:.0%} {_least('a loss', self.smallest_loss)}"
        )


def answered(asked: Asked, design: Design) -> Needed | Told:
    """Raises UsageError where two such models cannot lose as much as is asked for."""
    if asked.loss > design.most:
        raise UsageError(
            f"two such models cannot lose {asked.loss:g} of {asked.metric}, at most {design.most:.4g}",
            where="lockgate power",
            hint="they differ too seldom for that: a smaller --loss, or another --disagreement",
        )
    alpha, power, rows = asked.alpha, asked.power, asked.rows
    if rows is None:
        return Needed(
            asked,
            rows_for(power, lambda n: design.passes(n, asked.margin, alpha)),
            rows_for(power, lambda n: design.tells(n, asked.loss, alpha)),
        )
    return Told(
        asked,
        design.passes(rows, asked.margin, alpha),
        design.tells(rows, asked.loss, alpha),
        least_gap(power, lambda margin: design.passes(rows, margin, alpha), design.most),
        least_gap(power, lambda loss: design.tells(rows, loss, alpha), design.most),
    )


def _flat(found: Needed | Told) -> dict[str, Any]:
    fields = asdict(found)
    return {**fields.pop("asked"), **fields}


def _rows(count: int | None) -> str:
    return f"even {MOST:,} rows are not enough" if count is None else f"from about {count:,} rows on"


def _least(what: str, value: float | None) -> str:
    return f"no {what.split()[-1]} is large enough" if value is None else f"{what} from {value:.2g} on"
