"""How far the metrics are from scikit-learn's, and the area's standard errors from DeLong's own equations.

    python benchmarks/exact.py [--seeds 20]

Every metric with every option it takes (tests/helpers/measuring.py), on seeded rows with ties and without,
with weights where scikit-learn has them: the largest deviation of a value, relative above 1. And areas and
the variance of the difference of two, pair by pair as in DeLong, DeLong & Clarke-Pearson (1988). Their paper
divides by one less than the rows of either class, a comparison's error here by one less than all rows: the
last line says how far the errors are apart for that. Exits 1 where a value is off by more than 1e-12, or an
area, or a variance with the same divisors, by more than 1e-9 of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from helpers.measuring import CASES, NAMED, delong, drawn, scikit_learn

from runner.judge.metrics import measured, value_of
from runner.judge.options import Options
from runner.judge.paired.compare import compare
from runner.judge.predictions import BINARY, Predictions, Task

VALUES, ERRORS = 1e-12, 1e-9


def apart(ours: float, theirs: float) -> float:
    return abs(ours - theirs) / max(1.0, abs(theirs))


def drawings(task: Task, seeds: int) -> Iterator[Predictions]:
    for seed in range(seeds):
        for digits in (2, 12):
            yield from (drawn(task, seed, weighted=weighted, digits=digits) for weighted in (False, True))


def off(task: Task, name: str, options: Options, seeds: int) -> float:
    """The largest deviation of a value."""
    pairs = options.multi_class == "ovo"  # scikit-learn has no weights there
    known = (p for p in drawings(task, seeds) if not (pairs and p.weights is not None))
    return max(apart(value_of(name, p, options), scikit_learn(name, p, options)) for p in known)


def areas(p: Predictions, seed: int) -> tuple[float, float, float]:
    """Of a pair of models how far off an area is at most, the variance of their difference with the paper's
    divisors, and the error that a comparison uses."""
    noise = np.random.default_rng(seed).normal(0, 0.1, len(p)).round(2)
    pair = p, replace(p, scores=p.scores + noise)
    told = [delong(p.y, each.scores, np.ones(len(p))) for each in pair]
    gap = (told[0][1] - told[0][0]) - (told[1][1] - told[1][0])
    variance = sum(float((gap[p.y == c] ** 2).sum() / rows / (rows - 1)) for c, rows in counted(p))
    found = [measured("roc_auc", each) for each in pair]
    square = (found[0].influence - found[1].influence) ** 2 / len(p) ** 2
    ours = sum(float(square[p.y == c].sum() * rows / (rows - 1)) for c, rows in counted(p))
    worst = max(apart(float(f.values[0]), area) for f, (area, _) in zip(found, told, strict=True))
    return worst, abs(ours / variance - 1), abs(compare("roc_auc", *pair).se / variance**0.5 - 1)


def counted(p: Predictions) -> list[tuple[int, int]]:
    """Both classes, and how many rows are of each."""
    return list(enumerate(np.bincount(p.y, minlength=2).tolist()))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20, help="of each kind of rows")
    given = parser.parse_args()
    held = True
    for label, case in zip(NAMED, CASES, strict=True):
        worst = off(*case, given.seeds)
        held &= worst <= VALUES
        print(f"{label:<60} {worst:8.1e}", "<-- more than 1e-12" * (worst > VALUES))
    plain = (p for p in drawings(BINARY, given.seeds) if p.weights is None)
    found = [areas(p, seed) for seed, p in enumerate(plain)]
    value, variance, error = (max(each) for each in zip(*found, strict=True))
    held &= max(value, variance) <= ERRORS
    print(f"{'DeLong: areas':<60} {value:8.1e}\n{'DeLong: variance of their difference':<60} {variance:8.1e}")
    print(f"{'DeLong: error of a comparison, by its divisor (240 rows)':<60} {error:8.1e}")
    print("every figure holds" if held else "A FIGURE DOES NOT HOLD")
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
