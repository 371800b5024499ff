"""The canary judge: is the new version worse than the old one, on errors, latency and outputs? Pure.

`judge` compares two windows of the same time. It never takes silence for health: too little traffic, outputs
that were not told and numbers that cannot be are INCONCLUSIVE, and so is an old version that fails itself.

How alpha is spent (docs/traffic.md): a canary is looked at `looks` times, each on all that was seen so far.
Each look may FAIL at alpha / looks (Bonferroni), its comparisons share that by Holm. So equal versions are
failed by any look with a chance of at most alpha. PASS counts at the last look only: before it, it means
"go on".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runner.release import canary_latency, canary_outputs
from runner.release.canary_latency import Sketch
from runner.release.canary_stats import difference_at_least, fisher_greater, holm

# Quantile -> how many times the old version's latency.
LATENCY = {0.5: 1.5, 0.95: 1.5, 0.99: 2.0}


class Outcome(StrEnum):
    """What a canary says."""

    PASS = "PASS"  # noqa: S105 (no password)
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True)
class Window:
    """What one version did: `requests` (all), `errors` of them, `invalid` answers (NaN, none, of no known
    label: they count as errors), latencies, and the counts of its outputs by label or bin."""

    requests: int = 0
    errors: int = 0
    invalid: int = 0
    latency: Sketch = field(default_factory=Sketch)
    outputs: Mapping[str, int] = field(default_factory=dict)

    @property
    def bad(self) -> int:
        return min(self.requests, self.errors + self.invalid)


@dataclass(frozen=True, slots=True)
class CanaryLimits:
    """What is tolerated. `alpha`: the chance that a canary of equal versions FAILs, over all its `looks`.

    `error_margin`: an error rate that is worse FAILs only where 95 % of
    confidence put it beyond this (0.01: one in a hundred). `latency`: quantile ->
    largest ratio, with `latency_floor_ms` that is never too slow. `output_shift`: as a PSI (0.1 small, 0.25
    large); None compares no outputs. `told`: the share of answers whose output must be known.
    `old_error_rate`: beyond it there is nothing to compare with."""

    alpha: float = 0.05
    looks: int = 10
    min_requests: int = 100
    error_margin: float = 0.01
    latency: Mapping[float, float] = field(default_factory=lambda: dict(LATENCY))
    latency_floor_ms: float = 10.0
    output_shift: float | None = None
    told: float = 0.9
    old_error_rate: float = 0.2

    @property
    def level(self) -> float:
        """What one look may spend."""
        return self.alpha / self.looks

    @property
    def strictest(self) -> float:
        """What Holm leaves to the first of a look's comparisons."""
        return self.level / (1 + len(self.latency) + (self.output_shift is not None))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: `p` speaks against 'no worse than tolerated'; `beyond`, the effect is larger than
    tolerated; `doubt`, why nothing can be said."""

    name: str
    p: float
    beyond: bool
    found: str
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class CanaryVerdict:
    """`reasons` are lines for people: what decided it, with measured values and limits."""

    outcome: Outcome
    reasons: tuple[str, ...]
    comparisons: tuple[Comparison, ...] = ()

    def __str__(self) -> str:
        return f"{self.outcome}: {'; '.join(self.reasons)}"


def judge(old: Window, new: Window, limits: CanaryLimits) -> CanaryVerdict:
    """FAIL where the new version is worse than tolerated beyond chance; else INCONCLUSIVE where anything that
    had to be compared could not be; else PASS."""
    wrong = tuple(_impossible("old", old)) + tuple(_impossible("new", new))
    if wrong:
        return CanaryVerdict(Outcome.INCONCLUSIVE, wrong)
    made = tuple(_comparisons(old, new, limits))
    rejected = holm([c.p for c in made], limits.level)
    worse = [c for c, is_rejected in zip(made, rejected, strict=True) if is_rejected and c.beyond]
    if worse:
        told = tuple(f"{c.name}: {c.found} (p = {c.p:.1g})" for c in worse)
        return CanaryVerdict(Outcome.FAIL, told, made)
    doubts = (*_doubts(old, new, limits), *(f"{c.name}: {c.doubt}" for c in made if c.doubt))
    if doubts:
        return CanaryVerdict(Outcome.INCONCLUSIVE, doubts, made)
    return CanaryVerdict(Outcome.PASS, tuple(f"{c.name}: {c.found}" for c in made), made)


def _impossible(name: str, window: Window) -> Iterator[str]:
    counts = (window.requests, window.errors, window.invalid, *window.outputs.values())
    if any(type(n) is not int or n < 0 for n in counts):
        yield f"the {name} version's counts are no counts: {counts}"
    elif window.errors > window.requests:
        yield f"the {name} version has {window.errors:,} errors in {window.requests:,} requests"
    if not window.latency.is_sound():
        yield f"the {name} version's latencies are none"


def _doubts(old: Window, new: Window, limits: CanaryLimits) -> Iterator[str]:
    for name, window in (("new", new), ("old", old)):
        if window.requests < limits.min_requests or not window.requests:
            yield (
                f"the {name} version had {window.requests:,} requests, "
                f"at least {max(limits.min_requests, 1):,} are needed"
            )
    if old.requests and old.bad > limits.old_error_rate * old.requests:
        rate = f"{old.bad:,} of {old.requests:,} requests (limit {limits.old_error_rate:.0%})"
        yield f"the old version itself fails {rate}: nothing to compare with"


def _comparisons(old: Window, new: Window, limits: CanaryLimits) -> Iterator[Comparison]:
    yield _errors(old, new, limits)
    yield from _latency(old, new, limits)
    if limits.output_shift is not None:
        yield _outputs(old, new, limits, limits.output_shift)


def _errors(old: Window, new: Window, limits: CanaryLimits) -> Comparison:
    """Exact for windows of any size, so it may FAIL before there is traffic enough to pass."""
    now, before = new.bad / max(new.requests, 1), old.bad / max(old.requests, 1)
    p = fisher_greater(new.bad, new.requests, old.bad, old.requests)
    least = difference_at_least(new.bad, new.requests, old.bad, old.requests)
    found = (
        f"new {new.bad:,} of {new.requests:,} ({now:.2%}), old {old.bad:,} of {old.requests:,} "
        f"({before:.2%}), difference {now - before:+.2%} (95 %: at least {least:+.2%}), "
        f"margin {limits.error_margin:.2%}"
    )
    # Even all of them bad would not be told from chance.
    blind = fisher_greater(new.requests, new.requests, old.bad, old.requests) > limits.strictest
    doubt = "too few requests for any number of errors to stand out" if blind else ""
    return Comparison("errors", p, least > limits.error_margin, found, doubt)


def _latency(old: Window, new: Window, limits: CanaryLimits) -> Iterator[Comparison]:
    counts = old.latency.count, new.latency.count
    if doubt := _blind_to_latency(*counts, limits):
        yield Comparison("latency", 1.0, False, "", doubt)
        return
    for each in canary_latency.compare(old.latency, new.latency, limits.latency, limits.latency_floor_ms):
        yield Comparison(f"latency {each.name}", each.p, True, each.found)


def _blind_to_latency(old: int, new: int, limits: CanaryLimits) -> str:
    """Why so many latencies (old, new) can say nothing; '' where they can, or nothing is asked."""
    if not limits.latency:
        return ""
    if min(old, new) < max(limits.min_requests, 1):
        return f"known of {new:,} requests (new) and {old:,} (old), {limits.min_requests:,} are needed"
    smallest = min(canary_latency.decidable(old, new, share) for share in limits.latency)
    return "" if smallest <= limits.strictest else "too few requests for any slowness to stand out"


def _outputs(old: Window, new: Window, limits: CanaryLimits, limit: float) -> Comparison:
    for name, window in (("new", new), ("old", old)):
        told, answers = sum(window.outputs.values()), window.requests - window.bad
        if told < max(limits.min_requests, 1) or told < limits.told * answers:
            doubt = f"the {name} version told {told:,} outputs of {answers:,} answers"
            return Comparison(
                "outputs", 1.0, False, "", f"{doubt}, at least {limits.min_requests:,} are needed"
            )
    shift = canary_outputs.compare(old.outputs, new.outputs, limit)
    found = (
        f"shift {shift.index:.3g} (95 %: at least {shift.low:.3g}) over {shift.bins} bins, limit {limit:g}"
    )
    return Comparison("outputs", shift.p, True, found)
