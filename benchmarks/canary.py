"""How often the canary judge fails equal versions, how often it finds planted faults; beside a naive rule.

    python benchmarks/canary.py [TRIALS]

Seeded. Each trial is a canary at 10 % of the traffic with ten looks, each on all that was seen so far;
latencies reach the judge as CloudWatch tells them, by percentiles. The naive rule fails at any look at which
an estimate is beyond the same limit. Exit status 1 where the judge fails equal versions beyond its alpha.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from runner.release.canary import CanaryLimits, Outcome, Window, judge
from runner.release.canary_latency import Sketch
from runner.release.canary_metrics import LEVELS

LIMITS = CanaryLimits(output_shift=0.2)
EDGES = np.linspace(0, 1, 11)
TRAFFIC = (2_000, 10_000, 100_000)
Rule = Callable[[Window, Window], Outcome]


@dataclass(frozen=True)
class Version:
    """What a version is like: error rate, latency's factor, and the lift of its output (a probability)."""

    errors: float = 0.005
    slow: float = 1.0
    lift: float = 0.0
    tail: float = 0.0


@dataclass
class Stream:
    """A version's requests, drawn once; windows are its beginnings."""

    failed: Any
    took: Any
    output: Any

    @classmethod
    def of(cls, version: Version, count: int, dice: np.random.Generator) -> Stream:
        took = 50 * version.slow * dice.lognormal(0, 0.5, count)
        took = np.where(dice.random(count) < version.tail, took * 20, took)
        output = np.clip(dice.beta(2, 5, count) + version.lift, 0, 1)
        return cls(dice.random(count) < version.errors, took, output)

    def window(self, share: float) -> Window:
        count = round(share * len(self.failed))
        failed, took = self.failed[:count], self.took[:count]
        values = np.quantile(took, LEVELS) if count else []
        told, _ = np.histogram(self.output[:count][~failed], EDGES)
        return Window(
            count,
            int(failed.sum()),
            0,
            Sketch.of_levels(count, zip(LEVELS, map(float, values), strict=False)),
            {f"{edge:.1f}": int(n) for edge, n in zip(EDGES, told, strict=False)},
        )


def naive(old: Window, new: Window) -> Outcome:
    """Each estimate against its limit, where there is the traffic that the judge wants as well."""
    if new.requests < LIMITS.min_requests:
        return Outcome.INCONCLUSIVE
    rates = new.bad / max(new.requests, 1) - old.bad / max(old.requests, 1)
    slower = any(new.latency.estimate(q) > r * old.latency.estimate(q) for q, r in LIMITS.latency.items())
    return Outcome.FAIL if rates > LIMITS.error_margin or slower or psi(old, new) > 0.2 else Outcome.PASS


def psi(old: Window, new: Window) -> float:
    """As it is usually computed, half an answer in an empty bin."""
    a, b = (np.maximum(list(w.outputs.values()), 0.5) for w in (old, new))
    p, q = a / a.sum(), b / b.sum()
    return float(((q - p) * np.log(q / p)).sum())


def careful(old: Window, new: Window) -> Outcome:
    return judge(old, new, LIMITS).outcome


def failed_at(rule: Rule, windows: list[tuple[Window, Window]]) -> int | None:
    """The first look (from 1) at which the rule fails, None where it never does."""
    return next((i for i, pair in enumerate(windows, 1) if rule(*pair) is Outcome.FAIL), None)


PLANTED = {
    "equal versions": Version(),
    "errors 0.5 % -> 1 % (within the margin)": Version(errors=0.01),
    "errors 0.5 % -> 3 %": Version(errors=0.03),
    "errors 0.5 % -> 10 %": Version(errors=0.10),
    "latency x1.2 (within the limit)": Version(slow=1.2),
    "latency x2": Version(slow=2.0),
    "latency x10": Version(slow=10.0),
    "a tail: 5 % of requests x20": Version(tail=0.05),
    "outputs +0.05 (a shift of about 0.1)": Version(lift=0.05),
    "outputs +0.2": Version(lift=0.2),
}
TOLERABLE = {name for name in PLANTED if "equal" in name or "within" in name}


def trial(new: Version, traffic: int, seed: int) -> tuple[int | None, int | None]:
    """The looks at which the judge and the naive rule fail one canary."""
    dice = np.random.default_rng(seed)
    before, now = Stream.of(Version(), traffic * 9 // 10, dice), Stream.of(new, traffic // 10, dice)
    shares = [i / LIMITS.looks for i in range(1, LIMITS.looks + 1)]
    windows = [(before.window(s), now.window(s)) for s in shares]
    return failed_at(careful, windows), failed_at(naive, windows)


def main(trials: int) -> int:
    begun, wrong = time.monotonic(), 0
    print(f"alpha {LIMITS.alpha:g} over {LIMITS.looks} looks, {trials} canaries each, new version at 10 %")
    print(f"{'':<42}{'requests':>9}{'judge FAILs':>13}{'median look':>13}{'naive FAILs':>13}")
    for name, version in PLANTED.items():
        for traffic in TRAFFIC:
            looks = [trial(version, traffic, seed) for seed in range(trials)]
            ours, theirs = ([a for a in side if a] for side in zip(*looks, strict=True))
            when = f"{np.median(ours):.0f}" if ours else "-"
            print(
                f"{name:<42}{traffic:>9,}{len(ours) / trials:>13.1%}{when:>13}{len(theirs) / trials:>13.1%}"
            )
            beyond = LIMITS.alpha * trials + 3 * (LIMITS.alpha * trials) ** 0.5
            wrong += name in TOLERABLE and len(ours) > beyond
    print(f"{time.monotonic() - begun:.0f} s")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
