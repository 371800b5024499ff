"""How often the paired comparison is right, and how fast: seeded pairs of models, cell by cell.

    python benchmarks/gate.py [--pairs 2000] [--rows 1000000]

In each cell (metric, rows, share of positives, disagreement) pairs of models are drawn, once with no true
difference and once with a true loss of the margin. Printed: how often "worse" is said of equal models, how
often a loss of the margin passes (both at most alpha), how often the interval covers the truth, and what the
two usual rules say of the same pairs: candidate >= champion, and MLflow's min_absolute_change = margin. The
bounds are simultaneous over all cells (Bonferroni).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from runner.judge.paired.compare import Paired, compare
from runner.judge.paired.verdict import Standing
from runner.judge.predictions import BINARY, REGRESSION, Predictions

ALPHA = 0.05
PASSES = (Standing.BETTER, Standing.EQUIVALENT, Standing.NON_INFERIOR)


@dataclass(frozen=True)
class Cell:
    metric: str
    rows: int
    positives: float = 0.4
    noise: float = 0.3  # how much the two models differ
    margin: float = 0.01


CELLS = [
    Cell(metric, rows, positives, noise, margin)
    for metric, margin in (
        ("accuracy", 0.02),
        ("roc_auc", 0.01),
        ("log_loss", 0.02),
        ("brier_score_loss", 0.005),
    )
    for rows, positives in ((1000, 0.4), (1000, 0.1), (5000, 0.1))
    for noise in (0.2, 0.6)
] + [
    Cell("mean_absolute_error", rows, noise=noise, margin=0.03)
    for rows in (300, 3000)
    for noise in (0.2, 0.6)
]


def drawn(cell: Cell, dice: np.random.Generator, spoil: float) -> tuple[Predictions, Predictions]:
    """A candidate and a champion, exchangeable but for `spoil`, which is noise on the candidate alone."""
    n = cell.rows
    if cell.metric == "mean_absolute_error":
        y, shared = dice.normal(0, 1, n), dice.normal(0, 0.5, n)
        said = [y + shared + dice.normal(0, cell.noise + more, n) for more in (spoil, 0.0)]
        return Predictions(REGRESSION, y, said[0]), Predictions(REGRESSION, y, said[1])
    y = (dice.random(n) < cell.positives).astype(int)
    signal = 1.5 * (y - 0.5) + dice.normal(0, 1, n)
    base = np.log(cell.positives / (1 - cell.positives))
    logits = [
        base + 1.2 * signal + dice.normal(0, cell.noise, n) + dice.normal(0, 1, n) * more
        for more in (spoil, 0)
    ]
    mine, theirs = (1 / (1 + np.exp(-each)) for each in logits)
    return Predictions(BINARY, y, mine), Predictions(BINARY, y, theirs)


def truth(cell: Cell, spoil: float) -> float:
    """The true difference, from a sample too large to matter."""
    dice, found = np.random.default_rng(7), []
    for _ in range(8):
        big = Cell(cell.metric, 250_000, cell.positives, cell.noise, cell.margin)
        found.append(compare(cell.metric, *drawn(big, dice, spoil)).difference.value)
    return float(np.mean(found))


def spoiled(cell: Cell) -> float:
    """How much noise makes the candidate worse by the margin."""
    low, high = 0.0, 8.0
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if truth(cell, middle) > -cell.margin else (low, middle)
    return high


def run(cell: Cell, pairs: int, spoil: float, seed: int) -> Iterator[Paired]:
    dice = np.random.default_rng(seed)
    for _ in range(pairs):
        yield compare(cell.metric, *drawn(cell, dice, spoil), alpha=ALPHA)


def share(flags: list[bool]) -> float:
    return sum(flags) / len(flags)


def table(pairs: int) -> bool:
    z = NormalDist().inv_cdf(1 - 0.01 / (3 * len(CELLS)))
    bound = ALPHA + z * (ALPHA * (1 - ALPHA) / pairs) ** 0.5
    least = 1 - 2 * ALPHA - 0.015 - z * (2 * ALPHA * (1 - 2 * ALPHA) / pairs) ** 0.5
    print(f"{pairs} pairs a cell, alpha {ALPHA}, simultaneous bounds {bound:.4f}, {least:.4f}")
    print(
        f"{'cell':<44} {'worse|=':>8} {'pass|loss':>9} {'covers':>7} | {'>= fails =':>10} "
        f"{'MLflow fails =':>14}"
    )
    held = True
    for number, cell in enumerate(CELLS):
        equal = list(run(cell, pairs, 0.0, number))
        lost = list(run(cell, pairs, spoiled(cell), 10_000 + number))
        worse = share([p.standing(cell.margin) is Standing.WORSE for p in equal])
        passed = share([p.standing(cell.margin) in PASSES for p in lost])
        covers = share([p.difference.low <= 0 <= p.difference.high for p in equal])
        point = share([p.difference.value < 0 for p in equal])
        mlflow = share([p.difference.value < cell.margin for p in equal])
        name = f"{cell.metric} n={cell.rows} positives={cell.positives} noise={cell.noise}"
        print(
            f"{name:<44} {worse:8.4f} {passed:9.4f} {covers:7.4f} | {point:10.2f} {mlflow:14.2f}", flush=True
        )
        held &= worse <= bound and passed <= bound and covers >= least
    return held


def speed(rows: int) -> None:
    """Six metrics of one pair of many rows."""
    candidate, champion = drawn(Cell("roc_auc", rows), np.random.default_rng(1), 0.1)
    begun = time.perf_counter()
    for metric in ("roc_auc", "log_loss", "brier_score_loss", "accuracy", "f1", "balanced_accuracy"):
        compare(metric, candidate, champion)
    print(f"six metrics on {rows:,} pairs of predictions: {time.perf_counter() - begun:.2f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    speed(given.rows)
    held = table(given.pairs)
    print("every cell holds" if held else "A CELL DOES NOT HOLD")
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
