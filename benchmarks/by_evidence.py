"""How often rules that judge by evidence are wrong, seeded, and what the probes cost on a million rows.

    python benchmarks/by_evidence.py [--quick]

Each cell draws tables whose true value lies exactly on the bound of a rule (calibration in the large, slope,
intercept, the share of negative flips), where the rule is most often wrong:

  passed   the whole interval lies within the bound: <= alpha
  failed   the whole interval lies beyond it: <= alpha
  covers   the interval has the truth in it: >= 1 - 2 alpha - 0.015

The bounds hold simultaneously over all figures (Bonferroni, by the binomial distribution): a rule whose every
rate is exactly at its limit fails this script once in a hundred seeds. The second table is no bound but that
the slowest of them takes less than five seconds of a processor.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import binom

from runner.judge.paired.verdict import Interval
from runner.judge.predictions import BINARY, Predictions
from runner.judge.recalibration import in_the_large, recalibrated
from runner.judge.shares import weighted_share
from runner.judge.single_feature import of_every_feature
from runner.judge.training_rows import duplicates

ALPHA, LEVEL, MILLION, SECONDS = 0.05, 0.01, 1_000_000, 5.0
Draw = Callable[[np.random.Generator, int], Interval]


@dataclass(frozen=True)
class Cell:
    """A rule's statistic on `rows` drawn rows whose true value is `truth`."""

    name: str
    rows: int
    truth: float
    draw: Draw

    def __str__(self) -> str:
        return f"{self.name} of {self.rows:,} rows"


def drifted(slope: float, intercept: float, weighted: bool = False) -> Callable[..., Predictions]:
    """Outcomes whose log-odds are intercept + slope * what was stated; a fifth of them positive."""

    def draw(rng: np.random.Generator, rows: int) -> Predictions:
        odds = rng.normal(-1.6, 1.0, rows)
        y = (rng.random(rows) < expit(intercept + slope * odds)).astype(int)
        weights = rng.exponential(size=rows) if weighted else None
        return Predictions(BINARY, y, expit(odds), (0, 1), weights=weights)

    return draw


def shifted(by: float, rng: np.random.Generator, rows: int, weighted: bool, most: float = 0.5) -> Predictions:
    """Outcomes that are more frequent by so much than was stated."""
    said = rng.uniform(most / 25, most, rows)
    y = (rng.random(rows) < said + by).astype(int)
    weights = rng.exponential(size=rows) if weighted else None
    return Predictions(BINARY, y, said, (0, 1), weights=weights)


def flipped(share: float, weighted: bool = False) -> Draw:
    def draw(rng: np.random.Generator, rows: int) -> Interval:
        weights = rng.exponential(size=rows) if weighted else None
        return weighted_share(rng.random(rows) < share, weights, ALPHA)

    return draw


def cells() -> list[Cell]:
    """Rules by rows; weights where they are honoured."""
    found = []
    for rows in (500, 2_000, 10_000):
        for tilt in (0.8, 1.25):
            said = drifted(tilt, 0.0)
            found.append(Cell(f"slope {tilt}", rows, tilt, lambda g, n, s=said: recalibrated(s(g, n)).slope))
        said = drifted(1.0, 0.2)
        found.append(Cell("intercept 0.2", rows, 0.2, lambda g, n, s=said: recalibrated(s(g, n)).intercept))
        for weighted in (False, True):
            name = "in the large 0.02" + ", weighted" * weighted
            large = lambda g, n, w=weighted: in_the_large(shifted(0.02, g, n, w))  # noqa: E731
            found.append(Cell(name, rows, 0.02, large))
    for rows in (50, 200):  # of which often none comes true
        rare = lambda g, n: in_the_large(shifted(0.005, g, n, False, most=0.015))  # noqa: E731
        found.append(Cell("in the large 0.005, rare", rows, 0.005, rare))
    said = drifted(0.8, 0.0, weighted=True)
    found.append(Cell("slope 0.8, weighted", 2_000, 0.8, lambda g, n: recalibrated(said(g, n)).slope))
    found += [Cell("flips 0.02", rows, 0.02, flipped(0.02)) for rows in (300, 1_000)]
    return [*found, Cell("flips 0.02, weighted", 2_000, 0.02, flipped(0.02, weighted=True))]


def rates(cell: Cell, draws: int) -> tuple[float, float, float]:
    """How often the interval lies below the truth, above it, and has it."""
    rng = np.random.default_rng(zlib.crc32(str(cell).encode()))
    found = [cell.draw(rng, cell.rows) for _ in range(draws)]
    below = sum(each.high < cell.truth for each in found) / draws
    above = sum(each.low > cell.truth for each in found) / draws
    return below, above, 1 - below - above


def judged(draws: int) -> list[str]:
    """Print every cell; what does not hold."""
    told, broken = cells(), []
    level = LEVEL / (3 * len(told))
    most = binom.isf(level, draws, ALPHA) / draws
    least = binom.ppf(level, draws, 1 - 2 * ALPHA - 0.015) / draws
    print(
        f"{draws} draws a cell, alpha {ALPHA}: simultaneously at most {most:.4f}, coverage >= {least:.4f}\n"
    )
    print(f"{'cell':<40} {'below':>8} {'above':>8} {'covers':>8}")
    for cell in told:
        below, above, covers = rates(cell, draws)
        wrong = bool(max(below, above) > most or covers < least)
        print(f"{cell!s:<40} {below:8.4f} {above:8.4f} {covers:8.4f} {'<--' * wrong}", flush=True)
        broken += [str(cell)] * wrong
    return broken


def timed() -> list[str]:
    """Print what each costs on a million rows of twenty features; what is too slow."""
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(MILLION, 20)).astype(np.float32)
    said = drifted(0.9, 0.0)(rng, MILLION)
    names = tuple(f"f{i}" for i in range(20))
    test, train = (pd.DataFrame(rows, columns=list(names)) for rows in (matrix, matrix[::-1][:1000]))
    costs: dict[str, Callable[[], Any]] = {
        "slope, intercept, in the large": lambda: recalibrated(said),
        "single feature, each of twenty": lambda: of_every_feature(matrix, names, said),
        "duplicates, twenty columns": lambda: duplicates(test, train, names),
        "share of flips": lambda: weighted_share(said.y > 0),
    }
    slow = []
    for name, compute in costs.items():
        begun = time.process_time()
        compute()
        seconds = time.process_time() - begun
        print(f"{name:<40} {seconds:8.2f} s", flush=True)
        slow += [name] * (seconds > SECONDS)
    return slow


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=2000, help="of tables, a cell")
    parser.add_argument("--quick", action="store_true", help="200 draws")
    given = parser.parse_args()
    broken = judged(200 if given.quick else given.draws)
    print("\na million rows:")
    broken += timed()
    print(*broken or ["\nevery cell holds"], sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
