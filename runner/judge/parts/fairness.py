"""`fairness`: how differently a binary prediction treats groups of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runner.judge.bounds import number
from runner.judge.by_evidence import shown
from runner.judge.criteria import Criteria
from runner.judge.criteria_slices import FairnessRule
from runner.judge.paired.verdict import Interval
from runner.judge.part import Fault, Limits, Part
from runner.judge.predictions import BINARY, CannotCompute, Predictions
from runner.judge.slicing.fairness import LABELS, NAMES, Gap, Rate, largest_gap, rates
from runner.judge.slicing.partition import Partition, by_columns
from runner.judge.trial import Bench, Trial
from runner.model import Check, Plot, Series, Status


@dataclass(frozen=True, slots=True)
class Fairness:
    """A rule's groups on a table; or why there are none."""

    rule: FairnessRule
    groups: Partition | None
    fault: str = ""

    def ids(self) -> tuple[str, ...]:
        """Those of the groups, then the rule's own."""
        names = self.groups.names if self.groups else ()
        return (*(self._id(name) for name in names), self.rule.id)

    def _id(self, name: str) -> str:
        told = name if len(self.rule.columns) > 1 else f"{self.rule.shown}={name}"
        return f"fairness/{told}/{self.rule.measure}"

    def checks(self, predictions: Predictions) -> Iterator[Check]:
        """One a group, which only shows its rates, then the rule's own."""
        try:
            found = self.rates(predictions)
        except CannotCompute as error:
            skipped = "the groups cannot be compared"
            yield from (Check(id, Status.SKIPPED, cause=skipped) for id in self.ids()[:-1])
            yield Check(self.rule.id, Status.ERROR, cause=str(error), limit=self._limit())
            return
        for position, name in enumerate(self.groups.names if self.groups else ()):
            yield self._group(name, {what: each[position] for what, each in found.items()})
        yield self._whole(found)

    def rates(self, predictions: Predictions) -> dict[str, list[Rate | None]]:
        """Each rate that the measure looks at, of every group. Raises CannotCompute."""
        if self.groups is None:
            raise CannotCompute(self.fault)
        rule = self.rule
        return {
            NAMES[label]: rates(predictions, self.groups, label, rule.threshold, rule.alpha)
            for label in LABELS[rule.measure]
        }

    def _group(self, name: str, found: dict[str, Rate | None]) -> Check:
        told = [
            f"{what} {shown(rate.share)} of {rate.rows:,} rows" for what, rate in found.items() if rate
        ] or ["no rows"]
        if any(map(self._judged, found.values())):
            return Check(self._id(name), Status.PASSED, measured=", ".join(told))
        cause = f"fewer than min_rows {self.rule.min_rows:,} rows: {', '.join(told)}"
        return Check(self._id(name), Status.SKIPPED, cause=cause, measured=", ".join(told))

    def _judged(self, rate: Rate | None) -> bool:
        return rate is not None and rate.rows >= self.rule.min_rows

    def _whole(self, found: dict[str, list[Rate | None]]) -> Check:
        rule, alpha = self.rule, self.rule.alpha / len(found)
        try:
            gaps = [
                largest_gap(what, [r for r in each if r and self._judged(r)], alpha)
                for what, each in found.items()
            ]
        except CannotCompute as error:
            return Check(rule.id, Status.ERROR, cause=str(error), limit=self._limit())
        worst = max(gaps, key=lambda gap: gap.difference.value)
        difference = Interval(
            worst.difference.value,
            max(gap.difference.low for gap in gaps),
            max(gap.difference.high for gap in gaps),
        )
        return self._verdict(difference, _words(worst, difference))

    def _verdict(self, found: Interval, words: str) -> Check:
        rule, limit = self.rule, self.rule.max_difference
        decisive = found.high if rule.require == "shown" else found.value
        if found.low > limit:
            cause = f"{words}: more than {number(limit)}"
            return Check(rule.id, Status.FAILED, cause=cause, measured=words, limit=self._limit())
        if decisive <= limit:
            return Check(rule.id, Status.PASSED, measured=words, limit=self._limit())
        cause = f"{words}: may or may not be more than {number(limit)}, these rows do not tell"
        return Check(rule.id, Status.ERROR, cause=cause, measured=words, limit=self._limit())

    def _limit(self) -> str:
        shown = ", shown" if self.rule.require == "shown" else ""
        return f"difference <= {number(self.rule.max_difference)}{shown}"

    def plot(self, predictions: Predictions) -> Plot:
        """Every group's rates with their own intervals. Raises CannotCompute."""
        found = self.rates(predictions)
        names = self.groups.names if self.groups else ()
        series = tuple(_series(what, names, each) for what, each in found.items())
        note = f"Each rate with its own interval of {1 - self.rule.alpha:.0%}."
        return Plot(
            f"{self.rule.measure} by {self.rule.name}", "points", self.rule.name, "rate", series, note=note
        )


def _words(gap: Gap, difference: Interval) -> str:
    sides = " and ".join(f"{rate.name} {number(rate.share.value)}" for rate in (gap.high, gap.low))
    return f"largest difference of {gap.what} {shown(difference)} ({sides})"


def _series(what: str, names: tuple[str, ...], found: list[Rate | None]) -> Series:
    shares = [rate.share if rate else None for rate in found]
    y, low, high = (
        tuple(getattr(s, side) if s else None for s in shares) for side in ("value", "low", "high")
    )
    told = tuple(f"{name} ({rate.rows if rate else 0:,})" for name, rate in zip(names, found, strict=True))
    return Series(what, told if len(names) == len(set(told)) else names, y, low, high)


def fairness_of(rule: FairnessRule, bench: Bench) -> Fairness:
    """The rule's groups on the bench's table."""
    try:
        return Fairness(rule, by_columns(bench.evaluation.frame, rule.columns, rule.cuts))
    except CannotCompute as error:
        return Fairness(rule, None, str(error))


def ids(bench: Bench) -> Iterator[str]:
    for rule in bench.criteria.fairness:
        yield from ((rule.id,) if bench.table is None else fairness_of(rule, bench).ids())


def limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    for rule in criteria.fairness:
        told = {"max": rule.max_difference, "threshold": rule.threshold, "alpha": rule.alpha}
        cut = rule.model_dump(mode="json", include={"bins", "min_rows", "require"})
        yield rule.id, {**told, **cut}


def faults(criteria: Criteria) -> Iterator[Fault]:
    seen: set[str] = set()
    for i, rule in enumerate(criteria.fairness):
        if criteria.task != BINARY:
            yield Fault(("fairness", i), f"{rule.measure} is of predictions of 0 and 1", BINARY)
        if rule.id in seen:
            yield Fault(("fairness", i), f"a second rule for {rule.measure} by {rule.name}")
        seen.add(rule.id)


def checks(trial: Trial) -> Iterator[Check]:
    for rule in trial.criteria.fairness:
        yield from fairness_of(rule, trial.bench).checks(trial.predictions)


def plots(trial: Trial) -> Iterator[Plot]:
    for rule in trial.criteria.fairness:
        try:
            yield fairness_of(rule, trial.bench).plot(trial.predictions)
        except CannotCompute:  # the rule's check says so
            continue


PART = Part(ids, checks, limits, faults, plots)
