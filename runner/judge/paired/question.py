"""A question about power, as a person asks it, as the design of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from runner.errors import UsageError
from runner.judge.paired.binormal import correlation_of, of_area
from runner.judge.paired.designs import OF_LABELS, of_labels
from runner.judge.paired.power import Design, Discordant, Smooth
from runner.judge.predictions import CannotCompute

OF_MEANS = (
    "log_loss", "brier_score_loss", "mean_absolute_error", "mean_squared_error",
    "mean_absolute_percentage_error", "mean_pinball_loss", "ndcg",
)  # fmt: skip
EVEN = 0.5  # of positives, where nothing is said


@dataclass(frozen=True, slots=True)
class Question:
    """What is expected: the champion's value of the metric; the share of labels, of pairs of
    a positive and a negative (roc_auc), that the two models have differently; or their scores' `correlation`
    within a class; the share of positives; the standard `deviation` of the rows' differences (means)."""

    metric: str
    expected: float | None = None
    disagreement: float | None = None
    correlation: float | None = None
    positives: float | None = None
    deviation: float | None = None

    def design(self) -> Design:
        """Raises UsageError where something is missing, is too much, or no two models are like that."""
        try:
            return self._design()
        except CannotCompute as error:
            raise UsageError(str(error), where="lockgate power", hint="expect something else") from None

    def _design(self) -> Design:
        if self.metric == "accuracy":
            (disagreement,) = self._given(("disagreement",), ("expected", "positives"))
            return Discordant(disagreement)
        if self.metric in OF_LABELS:
            expected, disagreement = self._given(("expected", "disagreement"), ("positives",))
            return of_labels(self.metric, expected, disagreement, self.positives or EVEN)
        if self.metric == "roc_auc":
            return self._area()
        if self.metric in OF_MEANS:
            (deviation,) = self._given(("deviation",), ("expected",))
            return Smooth(deviation)
        raise UsageError(
            f"the power of {self.metric} follows from no few numbers",
            where="lockgate power",
            hint="measure it: --pilot predictions.parquet",
        )

    def _area(self) -> Design:
        known = "disagreement" if self.correlation is None else "correlation"
        expected, value = self._given(("expected", known), ("positives",))
        if known == "disagreement":
            value = correlation_of(expected, value)
        return of_area(expected, value, self.positives or EVEN)

    def _given(self, needed: Sequence[str], allowed: Sequence[str]) -> tuple[float, ...]:
        """The needed values; refuses what lacks, and what would mean nothing."""
        said = {f.name for f in fields(self) if f.name != "metric" and getattr(self, f.name) is not None}
        if missing := [name for name in needed if name not in said]:
            raise UsageError(
                f"{self.metric} needs --{missing[0]}",
                where="lockgate power",
                hint="or measure it: --pilot predictions.parquet",
            )
        if odd := sorted(said - {*needed, *allowed}):
            raise UsageError(f"--{odd[0]} means nothing for {self.metric}", where="lockgate power")
        return tuple(getattr(self, name) for name in needed)
