"""How long a champion comparison takes: paired predictions, six metrics, 20 slices, intervals throughout.

    python benchmarks/judge_speed.py [--rows 1000000] [--folds 3] [--quick]

In a process of its own a candidate and a champion are drawn (seeded); then the clock starts: six metrics of
all rows and of each of 20 slices, candidate against champion, each with its interval. Printed: seconds (the
median of five) and the process' peak memory, predictions and imports included. Beside it what scikit-learn
takes for the same values alone, and for a paired bootstrap of the area under the ROC curve of 1,000 folds,
extrapolated from a few. Exits 1 where the bounds do not hold: one million rows in 1 s and 1 GB, ten million
in 10 s.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from runner.judge.measures.segments import Segments
from runner.judge.paired.compare import compare, compare_slices
from runner.judge.predictions import BINARY, Predictions

METRICS = ("roc_auc", "average_precision", "log_loss", "brier_score_loss", "accuracy", "f1")
SLICES, FOLDS = 20, 1000


def drawn(rows: int) -> tuple[Any, Any, Any, Any]:
    """Labels, two models' scores, and the slice of each row."""
    dice = np.random.default_rng(7)
    y = (dice.random(rows) < 0.2).astype(np.int8)
    signal = dice.normal(0, 1, rows) + 1.2 * y
    scores = [1 / (1 + np.exp(1.5 - signal - dice.normal(0, 0.3, rows))) for _ in range(2)]
    return y, scores[0], scores[1], dice.integers(0, SLICES, rows)


def judged(y: Any, candidate: Any, champion: Any, codes: Any) -> int:
    """Every comparison, from scores that nothing was sorted of yet; how many there were."""
    pair = [Predictions(BINARY, y, scores, (0, 1)) for scores in (candidate, champion)]
    slices = Segments(len(y), codes, SLICES)
    whole = [compare(name, *pair) for name in METRICS]
    return len(whole) + sum(len(compare_slices(name, *pair, slices)) for name in METRICS)


def timed(run: Callable[[], object], times: int = 1) -> float:
    """The median of several runs' seconds."""
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def values_by_scikit_learn(y: Any, scores: Any) -> None:
    from sklearn import metrics

    metrics.roc_auc_score(y, scores)
    metrics.average_precision_score(y, scores)
    metrics.log_loss(y, scores)
    metrics.brier_score_loss(y, scores)
    metrics.accuracy_score(y, scores >= 0.5)
    metrics.f1_score(y, scores >= 0.5)


def fold_by_scikit_learn(y: Any, candidate: Any, champion: Any, dice: np.random.Generator) -> None:
    from sklearn.metrics import roc_auc_score

    rows = dice.integers(0, len(y), len(y))
    roc_auc_score(y[rows], candidate[rows])
    roc_auc_score(y[rows], champion[rows])


def beside(y: Any, candidate: Any, champion: Any, codes: Any, folds: int) -> None:
    """Print what scikit-learn takes."""
    values_by_scikit_learn(y[:1000], candidate[:1000])  # imports
    once = timed(lambda: [values_by_scikit_learn(y, each) for each in (candidate, champion)])
    sliced = timed(
        lambda: [values_by_scikit_learn(y[codes == c], candidate[codes == c]) for c in range(SLICES)]
    )
    print(f"scikit-learn, the values alone: {once:.2f} s, of the slices about {2 * sliced:.2f} s")
    dice = np.random.default_rng(1)
    fold = timed(lambda: fold_by_scikit_learn(y, candidate, champion, dice), folds)
    print(
        f"scikit-learn, paired bootstrap of the area: {fold:.2f} s a fold (median of {folds}), "
        f"so about {fold * FOLDS:.0f} s for {FOLDS:,} (extrapolated)"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folds", type=int, default=3, help="of scikit-learn's bootstrap; 0: not beside it")
    parser.add_argument("--quick", action="store_true", help="100,000 rows, one fold")
    given = parser.parse_args()
    rows, folds = (100_000, 1) if given.quick else (given.rows, given.folds)
    table = drawn(rows)
    judged(*(column[:5000] for column in table))  # imports
    found = judged(*table)
    begun = time.process_time()
    judged(*table)
    spent = time.process_time() - begun
    seconds = timed(lambda: judged(*table), 3 if rows > 2_000_000 else 5)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{rows:,} pairs of predictions, {found} comparisons with intervals: "
        f"{seconds:.2f} s ({spent:.2f} s of processor), peak {peak:.2f} GiB"
    )
    if folds:
        beside(*table, folds)
    held = seconds < max(rows / 1e6, 0.1) and (rows > 1_000_000 or peak * 2**30 < 1e9)
    print("the bounds hold" if held else "A BOUND DOES NOT HOLD")
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
