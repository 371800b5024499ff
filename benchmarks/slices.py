"""How often slices fail that should not, and how often those are found that should: seeded pairs of models.

    python benchmarks/slices.py [--pairs 2000] [--quick] [--only roc_auc]

40 slices of 40 to 800 rows each, of populations whose true differences are known exactly
(benchmarks/populations.py). Of every pair, p values as `runner.judge.slicing` finds them:

  equal    no true difference: how often any slice fails, by Holm and by BH.
  margin   every slice truly loses exactly the margin: the same. Both at most alpha.
  mixed    ten slices lose more, the others exactly the margin: how often any of these others fails (Holm),
           and the mean share of them among all that fail (BH, the false discovery rate). At most alpha.
  planted  one slice loses more than the margin, the others nothing: how often it is found (Holm), and the
           mean of what the judge says that this power is. They agree within 3 points.

  2,100 rows in 40 slices, margin 0.01: how many equal models pass, and would if each slice had to be shown
           to be non-inferior.
  fairness: how often the simultaneous interval has the true largest difference, and how often a rule fails
           groups whose true difference is exactly its limit.

Each bound allows what a true rate at the limit exceeds with a probability of 0.01 / (number of bounds), by
the binomial distribution: simultaneous over all of them (Bonferroni).
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
from populations import Cell, Population, equal, lossy
from scipy.stats import binom

from runner.judge.criteria_slices import SliceRule
from runner.judge.paired.verdict import Interval
from runner.judge.predictions import REGRESSION, Predictions
from runner.judge.shares import wilson
from runner.judge.slicing.adjust import adjusted
from runner.judge.slicing.checks import POWER, checks, told_loss
from runner.judge.slicing.fairness import Rate, largest_gap
from runner.judge.slicing.judging import Judged, against_champion
from runner.judge.slicing.partition import Partition
from runner.judge.slicing.slices import Slices
from runner.model import Status

ALPHA, LEVEL, SLICES = 0.05, 0.01, 40
SIZES = np.geomspace(40, 800, SLICES).astype(int)
PLANTED, MIXED = 30, np.arange(3, SLICES, 4)  # the slice with a loss; the ten of them
# The planted loss in margins: about what the planted slice tells with a power of 0.8.
CELLS = [
    (Cell("accuracy", 0, 0.02, 0.10), 6.0),
    (Cell("roc_auc", 0, 0.02), 5.0),
    (Cell("log_loss", 0, 0.03), 5.0),
    (Cell("mean_absolute_error", 0, 0.05, 0.4, task=REGRESSION), 4.0),
]
Draw = Callable[[np.random.Generator], tuple[Predictions, Predictions]]


def partition(sizes: Any) -> Partition:
    return Partition(tuple(map(str, range(len(sizes)))), np.repeat(np.arange(len(sizes)), sizes))


def mixture(part: Partition, usual: Population, other: Population, chosen: Any) -> Draw:
    """Rows of the chosen slices from the other population."""
    mask = np.isin(part.codes, chosen)

    def draw(dice: np.random.Generator) -> tuple[Predictions, Predictions]:
        mine, theirs, _ = usual.draw(dice, len(mask))
        others = other.draw(dice, len(mask))[:2] if mask.any() else (mine, theirs)
        y = np.where(mask, others[0].y, mine.y)
        first, second = (
            replace(a, y=y, scores=np.where(mask, b.scores, a.scores))
            for a, b in zip((mine, theirs), others, strict=True)
        )
        return first, second

    return draw


@dataclass(frozen=True)
class Rates:
    """Of many pairs: how often any slice that should not fail does, the mean share of such among those that
    fail, how often the planted slice fails, and what its power was said to be."""

    any_false: dict[str, float]
    discoveries: dict[str, float]
    found: float
    said: float


def measure(
    rule: SliceRule, part: Partition, draw: Draw, true: Any, loss: float, pairs: int, seed: int
) -> Rates:
    """`true`: the slices that do lose more than the margin."""
    dice, slices = np.random.default_rng(seed), Slices(rule, (part,))
    false = ~np.isin(np.arange(SLICES), true)
    wrong: dict[str, list[bool]] = {"holm": [], "bh": []}
    share: dict[str, list[float]] = {"holm": [], "bh": []}
    found, said = [], []
    for _ in range(pairs):
        judged = against_champion(slices, *draw(dice), None)
        p = [each.seen.p for each in judged]
        for how in wrong:
            fails = adjusted(p, how) <= ALPHA
            wrong[how].append(bool((fails & false).any()))
            share[how].append(float((fails & false).sum() / max(fails.sum(), 1)))
            if how == "holm":
                found.append(bool(fails[PLANTED]))
        said.append(printed(rule, judged[PLANTED], loss))
    return Rates(
        {how: float(np.mean(each)) for how, each in wrong.items()},
        {how: float(np.mean(each)) for how, each in share.items()},
        float(np.mean(found)),
        float(np.mean(said)),
    )


def printed(rule: SliceRule, slice: Judged, loss: float) -> float:
    """The power that the judge's statement gives a loss: it names the loss that is told with POWER."""
    if slice.seen.few or slice.seen.fault:
        return 0.0
    z = NormalDist()
    return z.cdf((loss - told_loss(rule, slice.seen, SLICES)) / slice.seen.se + z.inv_cdf(POWER))


def most(pairs: int, bounds: int, limit: float = ALPHA) -> float:
    return float(binom.isf(LEVEL / bounds, pairs, limit)) / pairs


def report(cell: Cell, times: float, pairs: int, limit: float) -> list[str]:
    """One metric in all four settings; what does not hold."""
    begun, part, seed = time.perf_counter(), partition(SIZES), zlib.crc32(str(cell).encode())
    same, (worse, margin) = equal(cell), lossy(cell)
    much, loss = lossy(replace(cell, margin=cell.margin * times))
    rule = SliceRule(by="slice", metric=cell.metric, margin=margin, alpha=ALPHA)
    none = np.array([], dtype=int)
    settings = {
        "equal": (mixture(part, same, same, none), none),
        "margin": (mixture(part, worse, worse, none), none),
        "mixed": (mixture(part, worse, much, MIXED), MIXED),
        "planted": (mixture(part, same, much, [PLANTED]), np.array([PLANTED])),
    }
    found = {
        name: measure(rule, part, draw, true, loss, pairs, seed + i)
        for i, (name, (draw, true)) in enumerate(settings.items())
    }
    wrong = broken(found, limit, pairs)
    print(line(cell, found, loss, time.perf_counter() - begun), "<-- " * bool(wrong), *wrong, flush=True)
    return [f"{cell.metric}: {each}" for each in wrong]


def broken(found: dict[str, Rates], limit: float, pairs: int) -> list[str]:
    rates = {
        f"{name} {how}": found[name].any_false[how] for name in ("equal", "margin") for how in ("holm", "bh")
    }
    rates |= {"mixed holm": found["mixed"].any_false["holm"], "mixed bh": found["mixed"].discoveries["bh"]}
    wrong = [f"{name} {rate:.4f}" for name, rate in rates.items() if rate > limit]
    planted = found["planted"]
    noise = 3 * (planted.said * (1 - planted.said) / pairs) ** 0.5
    if abs(planted.found - planted.said) > max(0.03, noise if pairs < 2000 else 0.03):
        wrong.append(f"power said {planted.said:.3f}, found {planted.found:.3f}")
    return wrong


def line(cell: Cell, found: dict[str, Rates], loss: float, seconds: float) -> str:
    e, m, x, p = (found[name] for name in ("equal", "margin", "mixed", "planted"))
    return (
        f"{cell.metric:<22} {e.any_false['holm']:7.4f} {e.any_false['bh']:7.4f} | {m.any_false['holm']:7.4f} "
        f"{m.any_false['bh']:7.4f} | {x.any_false['holm']:7.4f} {x.discoveries['bh']:7.4f} | {loss:6.3f} "
        f"{p.said:6.3f} {p.found:6.3f} | {seconds:5.0f}"
    )


def of_2100(pairs: int) -> list[str]:
    """2,100 rows in 40 slices, margin 0.01: equal models that pass by the rule, and if each slice had to be
    non-inferior."""
    wrong = []
    for name, sizes in (("even", np.full(SLICES, 52)), ("Zipf", zipf(2100))):
        for metric in ("accuracy", "roc_auc", "log_loss"):
            told, shown = of_sizes(metric, partition(sizes), pairs)
            passed, failed, error = map(told.count, (Status.PASSED, Status.FAILED, Status.ERROR))
            print(
                f"{name} {metric:<9} pass {passed:5}, fail {failed:4}, cannot tell {error:5}; "
                f"non-inferior in every slice {shown:5} of {pairs}"
            )
            if failed / pairs > most(pairs, 6):
                wrong.append(f"2,100 rows, {name} {metric}: {failed} of {pairs} equal models fail")
    return wrong


def of_sizes(metric: str, part: Partition, pairs: int) -> tuple[list[Status], int]:
    """What is said of equal models, and how many of them are shown to be non-inferior in every slice."""
    margin = 0.01
    rule = SliceRule(by="slice", metric=metric, margin=margin, alpha=ALPHA, min_rows=30)
    slices, dice, population = Slices(rule, (part,)), np.random.default_rng(7), equal(Cell(metric, 0, margin))
    found, shown = [], 0
    for _ in range(pairs):
        mine, theirs, _ = population.draw(dice, len(part.codes))
        judged = against_champion(slices, mine, theirs, None)
        found.append(worst({check.status for check in checks(slices, judged)}))
        spans = [each.seen.interval for each in judged if not each.small]
        shown += all(span is not None and span.low > -margin for span in spans)
    return found, shown


def worst(told: set[Status]) -> Status:
    ranks = (Status.ERROR, Status.FAILED)
    return next((status for status in ranks if status in told), Status.PASSED)


def zipf(rows: int) -> Any:
    shares = 1 / np.arange(1, SLICES + 1)
    return np.maximum((rows * shares / shares.sum()).astype(int), 1)


def fairness(pairs: int) -> list[str]:
    """Groups of different sizes, the true difference at the limit of a rule."""
    wrong, dice = [], np.random.default_rng(11)
    for sizes, shares in (
        ((400, 400), (0.3, 0.4)), ((60, 400, 2000), (0.1, 0.15, 0.2)), ((50, 80, 120, 500, 900), (0.5,) * 5),
        ((40, 300, 300), (0.02, 0.02, 0.12)), ((100,) * 10, (0.8,) * 9 + (0.9,)),
    ):  # fmt: skip
        n, truth = np.array(sizes), max(shares) - min(shares)
        hits = dice.binomial(n, shares, (pairs, len(n)))
        gaps = [gap_of(row, sizes) for row in hits.tolist()]
        covers = float(np.mean([gap.low <= truth <= gap.high for gap in gaps]))
        fails = float(np.mean([gap.low > truth for gap in gaps]))
        print(f"groups of {sizes}: covers {covers:.4f}, fails at the limit {fails:.4f}")
        if covers < float(binom.ppf(LEVEL / 10, pairs, 1 - ALPHA - 0.01)) / pairs or fails > most(pairs, 10):
            wrong.append(f"fairness of groups of {sizes}: covers {covers:.4f}, fails {fails:.4f}")
    return wrong


def gap_of(hits: Sequence[int], sizes: Sequence[int]) -> Interval:
    found = [Rate(str(i), wilson(h, n), n, n) for i, (h, n) in enumerate(zip(hits, sizes, strict=True))]
    return largest_gap("rate", found, ALPHA).difference


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=2000, help="of models, a setting")
    parser.add_argument("--quick", action="store_true", help="150 pairs, the first two metrics")
    parser.add_argument("--only", default="", help="metrics that have this in their name")
    given = parser.parse_args()
    pairs = 150 if given.quick else given.pairs
    cells = [each for each in CELLS if given.only in each[0].metric][: 2 if given.quick else None]
    limit = most(pairs, 6 * len(cells))
    print(f"{SLICES} slices, {SIZES.sum():,} rows, {pairs} pairs a setting; each rate at most {limit:.4f}\n")
    print(
        f"{'':<22} {'equal':>15} | {'at the margin':>15} | {'mixed':>15} | {'planted':>20} |\n"
        f"{'metric':<22} {'Holm':>7} {'BH':>7} | {'Holm':>7} {'BH':>7} | {'Holm':>7} {'FDR':>7} | "
        f"{'loss':>6} {'said':>6} {'found':>6} | {'s':>5}"
    )
    wrong = [each for cell, times in cells for each in report(cell, times, pairs, limit)]
    print("\n2,100 rows in 40 slices, margin 0.01, equal models:")
    wrong += of_2100(pairs)
    print("\nfairness, the difference at the limit:")
    wrong += fairness(5 * pairs)
    print(*wrong or ["\neverything holds"], sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
