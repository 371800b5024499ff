"""How often the paired comparison is right: seeded pairs of models, cell by cell, against a known truth.

    python benchmarks/gate.py [--pairs 2000] [--quick] [--only roc_auc]

In each cell (metric, rows, balance, disagreement) pairs of models are drawn from a population whose true
difference is known exactly (benchmarks/populations.py): none, or a loss of exactly the margin delta.

  worse|=    equal models whose interval lies below 0: what "worse" is said of, whatever the margin. <= alpha.
  pass|loss  models worse by delta that are called non-inferior, equivalent or better. <= alpha.
  covers     the interval has the truth in it (without, with a loss): >= 1 - 2 alpha - 0.015 where ten rows
             or more are expected to carry the difference; over-coverage, by as much, is marked "+".
  told       how often the margin's loss is called worse: no bound, a description of the cell.
  >=, MLflow the two usual rules on the same pairs: candidate >= champion, and MLflow's min_absolute_change
             with delta (candidate >= champion + delta), how often each fails equal models; the first's share
             of models worse by delta that pass.

The bounds hold simultaneously over all figures: each allows what a true rate at the limit exceeds with a
probability of 0.01 / (4 cells), by the binomial distribution (Bonferroni), so that a gate whose every rate is
exactly at its limit fails this script once in a hundred seeds.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from populations import Cell, Population, equal, lossy
from scipy.stats import binom

from runner.judge.metrics import Options
from runner.judge.paired.compare import Paired, compare
from runner.judge.paired.verdict import LEAST, Standing
from runner.judge.predictions import MULTICLASS, RANKING, REGRESSION

ALPHA = 0.05
LEVEL = 0.01  # that the whole grid holds although one true rate exceeds its limit by chance alone
PASSES = (Standing.BETTER, Standing.EQUIVALENT, Standing.NON_INFERIOR)
BALANCES = (0.4, 0.1)

BINARY_CELLS = [
    Cell(metric, rows, margin, disagreement, positives, skew=1.0 if positives > 0.2 else 1.6)
    for metric, margin in (
        ("accuracy", 0.02), ("balanced_accuracy", 0.02), ("precision", 0.03), ("recall", 0.03), ("f1", 0.03),
        ("matthews_corrcoef", 0.03), ("roc_auc", 0.01), ("average_precision", 0.02), ("log_loss", 0.02),
        ("brier_score_loss", 0.005), ("expected_calibration_error", 0.02),
    )
    for positives in BALANCES
    for rows, disagreement in ((300, 0.06), (1000, 0.02), (1000, 0.06), (5000, 0.06))
]  # fmt: skip
SMALL_CELLS = [
    Cell("accuracy", rows, margin, disagreement)
    for rows, disagreement, margin in (
        (100, 0.2, 0.1), (200, 0.06, 0.03), (500, 0.02, 0.01), (20_000, 0.02, 0.004)
    )
] + [
    Cell("expected_calibration_error", rows, 0.04, 0.005, positives)  # a champion that is nearly calibrated
    for rows, positives in ((1000, 0.4), (5000, 0.4), (5000, 0.1))
] + [
    Cell(metric, 400, 0.05, 0.06, 0.05, skew=2.0)  # twenty positives
    for metric in ("roc_auc", "average_precision", "recall", "f1", "balanced_accuracy")
]  # fmt: skip
MULTICLASS_CELLS = [
    Cell(metric, rows, margin, noise, task=MULTICLASS, options=Options(average=average))
    for metric, average, margin in (
        ("accuracy", None, 0.02), ("f1", "macro", 0.02), ("f1", "weighted", 0.02), ("log_loss", None, 0.03),
        ("precision", "macro", 0.02), ("balanced_accuracy", None, 0.02), ("matthews_corrcoef", None, 0.02),
        ("roc_auc", "macro", 0.01), ("average_precision", "macro", 0.02), ("brier_score_loss", None, 0.01),
    )
    for rows, noise in ((500, 0.5), (2000, 0.5))
]  # fmt: skip
REGRESSION_CELLS = [
    Cell(metric, rows, margin, noise, task=REGRESSION, options=Options(quantile=quantile))
    for metric, quantile, margin in (
        ("mean_absolute_error", None, 0.03), ("mean_squared_error", None, 0.15),
        ("root_mean_squared_error", None, 0.05), ("mean_absolute_percentage_error", None, 0.01),
        ("r2", None, 0.03), ("mean_pinball_loss", 0.9, 0.02), ("median_absolute_error", None, 0.02),
    )
    for rows in (300, 3000)
    for noise in (0.2, 0.6)
]  # fmt: skip
UNIT_CELLS = [
    Cell("ndcg", queries, 0.01, noise, task=RANKING, options=Options(k=k))
    for queries, noise, k in ((50, 0.3, None), (300, 0.3, None), (300, 0.3, 5))
] + [
    Cell(metric, clusters, margin, 0.1, clusters=True)
    for metric, margin in (("accuracy", 0.03), ("roc_auc", 0.02), ("log_loss", 0.03), ("f1", 0.03))
    for clusters in (40, 150)
] + [
    Cell(metric, 1500, margin, 0.06, weights=True)
    for metric, margin in (
        ("accuracy", 0.02), ("roc_auc", 0.01), ("log_loss", 0.02), ("f1", 0.03), ("average_precision", 0.02)
    )
] + [Cell("mean_absolute_error", 1500, 0.03, 0.3, task=REGRESSION, weights=True)]  # fmt: skip
CELLS = [*BINARY_CELLS, *SMALL_CELLS, *MULTICLASS_CELLS, *REGRESSION_CELLS, *UNIT_CELLS]


@dataclass(frozen=True)
class Rates:
    """Of many pairs from one population: shares."""

    below: float  # the interval lies below 0
    passes: float
    covers: float
    carrying: float  # the mean number of rows that carry the difference
    behind: float  # the candidate's value is under the champion's
    short: float  # it is not above it by the margin


def compared(cell: Cell, population: Population, pairs: int, seed: int) -> list[Paired]:
    dice = np.random.default_rng(seed)
    found = []
    for _ in range(pairs):
        mine, theirs, units = population.draw(dice, cell.units)
        groups = units if cell.clusters else None
        found.append(compare(cell.metric, mine, theirs, alpha=ALPHA, options=cell.options, groups=groups))
    return found


def rates(found: Sequence[Paired], margin: float, truth: float) -> Rates:
    values = np.array([p.difference.value for p in found])
    return Rates(
        below=float(np.mean([p.difference.high < 0 and p.carrying >= LEAST for p in found])),
        passes=float(np.mean([p.standing(margin) in PASSES for p in found])),
        covers=float(np.mean([p.difference.low <= truth <= p.difference.high for p in found])),
        carrying=float(np.mean([p.carrying for p in found])),
        behind=float((values < 0).mean()),
        short=float((values < margin).mean()),
    )


def measure(cell: Cell, pairs: int) -> tuple[Rates, Rates]:
    """Without a true difference, and with a loss of exactly the margin."""
    seed = zlib.crc32(str(cell).encode())
    worse, margin = lossy(cell)
    same = rates(compared(cell, equal(cell), pairs, seed), margin, 0.0)
    return same, rates(compared(cell, worse, pairs, seed + 1), margin, -margin)


class Bounds:
    """What the figures of a grid of this many cells may be."""

    def __init__(self, cells: int, pairs: int) -> None:
        level = LEVEL / (4 * cells)
        self.most = float(binom.isf(level, pairs, ALPHA)) / pairs
        self.least = float(binom.ppf(level, pairs, 1 - 2 * ALPHA - 0.015)) / pairs

    def broken(self, same: Rates, lost: Rates) -> list[str]:
        found = [f"worse|= {same.below:.4f}"] * (same.below > self.most)
        found += [f"pass|loss {lost.passes:.4f}"] * (lost.passes > self.most)
        for name, each in (("=", same), ("loss", lost)):
            if each.carrying >= LEAST and each.covers < self.least:
                found.append(f"covers|{name} {each.covers:.4f}")
        return found


def line(cell: Cell, same: Rates, lost: Rates, seconds: float) -> str:
    plus = "+" if max(same.covers, lost.covers) > 1 - 2 * ALPHA + 0.015 else " "
    return (
        f"{cell!s:<58} {same.carrying:7.0f} {same.below:8.4f} {lost.passes:9.4f} {same.covers:7.3f} "
        f"{lost.covers:7.3f}{plus} {lost.below:6.2f} | {same.behind:8.2f} {1 - lost.behind:8.2f} "
        f"{same.short:8.2f} | {seconds:5.1f}"
    )


def table(cells: Sequence[Cell], pairs: int) -> list[str]:
    """Print every cell; what does not hold."""
    bounds, broken = Bounds(len(cells), pairs), []
    print(
        f"{pairs} pairs a cell, {len(cells)} cells, alpha {ALPHA}: simultaneously at most {bounds.most:.4f}, "
    )
    print(f"coverage at least {bounds.least:.4f}\n")
    print(
        f"{'cell':<58} {'carry':>7} {'worse|=':>8} {'pass|loss':>9} {'covers=':>7} {'covers-':>7} "
        f" {'told':>6} | {'>= fails':>8} {'>= pass-':>8} {'MLflow':>8} | {'s':>5}"
    )
    for cell in cells:
        begun = time.perf_counter()
        same, lost = measure(cell, pairs)
        wrong = bounds.broken(same, lost)
        print(line(cell, same, lost, time.perf_counter() - begun), "<-- " * bool(wrong), *wrong, flush=True)
        broken += [f"{cell}: {each}" for each in wrong]
    return broken


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=2000, help="of models, a cell")
    parser.add_argument("--quick", action="store_true", help="every fifth cell, 300 pairs")
    parser.add_argument("--only", default="", help="cells that have this in their name")
    given = parser.parse_args()
    cells = [cell for cell in CELLS if given.only in str(cell)][:: 5 if given.quick else 1]
    broken = table(cells, 300 if given.quick else given.pairs)
    print(*broken or ["\nevery cell holds"], sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
