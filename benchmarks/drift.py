"""How often drift is said to be there that is not, and found that is.

    python benchmarks/drift.py [--pairs 1000] [--quick]

1. Pairs of samples of ONE distribution, 20 columns (normal, heavy-tailed, discrete, zero-inflated, with many
   categories, missing values): 1e3 to 1e5 rows; 1e5 and 1e6 as multinomial counts, and two pairs of 1e6 rows.
   Alarms of any column and effect, at the usual thresholds and at tiny ones.
2. Pairs whose true effect lies exactly AT the threshold in every column, in several directions.
3. Shifts planted above the threshold: the rate at which they are found beside the power that is printed.
4. The joint distribution: none, at the threshold, above it, and a correlation turned round.

Family-wise alarms must stay below alpha, rates must be the printed power, each but for what chance adds to so
many pairs (3 standard errors; power: and 0.03, for the joint one 0.15: how well a classifier learns is itself
measured on one planting). Exits 1 where a bound does not hold.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from math import sqrt
from typing import Any

import numpy as np
from drift_columns import (
    CATEGORIES,
    DIRECTIONS,
    NUMBERS,
    RANDOM,
    Shape,
    distances,
    drawn,
    numbers,
    pair,
    planted,
    shapes,
    table,
    tilt_for,
)

from runner.drift import transport
from runner.drift.bound import bounded, power
from runner.drift.divergences import jensen_shannon, psi
from runner.drift.effects import Compared, Question, effects
from runner.drift.joint import joint

ALPHA = 0.05
USUAL = {"psi": 0.2, "js": 0.1, "wasserstein": 0.1}
TINY = {"psi": 0.01, "js": 0.03, "wasserstein": 0.02}
SIZES = (1_000, 10_000, 100_000)
MOST = 1_000_000
POINTS = 0.03
FEWEST = 10  # of the 20 columns have to take a planted shift
ASKED = 3 * len(NUMBERS) + 2 * len(CATEGORIES)  # effects of a pair
failures: list[str] = []


def lowers(column: Compared, alpha: float) -> dict[str, Any]:
    """The lower bounds of a column: over its bins, or on its line if it has one."""
    if column.line is not None:
        at = (column.reference_at, column.current_at)
        return {"wasserstein": transport.bounded(column.line, *at, alpha).lower}
    return {
        "psi": bounded(psi, column.reference, column.current, alpha).lower,
        "js": bounded(jensen_shannon, column.reference, column.current, alpha).lower ** 0.5,
    }


def said(what: str, alarms: int, pairs: int, level: float = ALPHA) -> None:
    """A line: how often there was a false alarm; a failure where that is too often."""
    rate, most = alarms / pairs, level + 3 * sqrt(level * (1 - level) / pairs)
    print(f"{what:58} {alarms:5} of {pairs:5} = {rate:.4f}  (at most {most:.4f})", flush=True)
    if rate > most:
        failures.append(what)


def rated(
    what: str, printed: float, found: int, pairs: int, *, at_least: bool = False, points: float = POINTS
) -> None:
    """A line: how often a planted shift was found, beside the printed power."""
    rate, slack = found / pairs, points + 3 * sqrt(max(printed * (1 - printed), 0.01) / pairs)
    print(f"{what:58} found {rate:.3f}, printed {printed:.3f}", flush=True)
    if printed - rate > slack or (not at_least and rate - printed > slack):
        failures.append(what)


def enough(what: str, columns: int) -> None:
    """A failure where hardly a column could be given such a shift: then nothing was shown."""
    if columns < FEWEST:
        failures.append(f"{what}: planted in {columns} columns")


def of_one_distribution(rows: int, pairs: int, at_once: int = 100) -> None:
    """Columns of several pairs that have as many bins are bounded together, which is the same, but faster."""
    usual = tiny = 0
    for first in range(0, pairs, at_once):
        several = [list(pair(rows)) for _ in range(min(at_once, pairs - first))]
        alarms = np.zeros((2, len(several)), bool)
        for places, stacked in _stacks(several):
            for kind, lower in lowers(stacked, ALPHA / ASKED).items():
                for row, thresholds in enumerate((USUAL, TINY)):
                    np.logical_or.at(alarms[row], places, lower > thresholds[kind])
        usual, tiny = usual + int(alarms[0].sum()), tiny + int(alarms[1].sum())
    said(f"one distribution, {rows:>9,} rows, usual thresholds", usual, pairs)
    said(f"one distribution, {rows:>9,} rows, tiny thresholds", tiny, pairs)


def _stacks(several: list[list[Compared]]) -> Iterator[tuple[Any, Compared]]:
    """Positions of pairs, and their columns: of equal bins and rows as one, lines each on its own."""
    alike: dict[tuple[float, ...], list[tuple[int, Compared]]] = {}
    for place, columns in enumerate(several):
        for column in columns:
            key = (len(column.reference), column.reference.sum(), column.current.sum())
            alike.setdefault(key, []).append((place, column))
    for found in alike.values():
        stacks = [np.stack([getattr(c, name) for _, c in found]) for name in ("reference", "current")]
        yield [place for place, _ in found], Compared("", (), *stacks)
    for place, columns in enumerate(several):
        yield from ((place, column) for column in columns if column.line is not None)


def as_counts(rows: int, pairs: int) -> None:
    usual, tiny = np.zeros(pairs, bool), np.zeros(pairs, bool)
    for shape in shapes(200_000):
        before, now = drawn(shape.shares, rows, pairs), drawn(shape.shares, rows, pairs)
        bounds = lowers(Compared(shape.name, (), before, now), ALPHA / ASKED)
        if shape.line is not None:
            before, now = drawn(shape.at, rows, pairs), drawn(shape.at, rows, pairs)
            bounds |= lowers(Compared(shape.name, (), before, now, shape.line, before, now), ALPHA / ASKED)
        for kind, lower in bounds.items():
            usual |= lower > USUAL[kind]
            tiny |= lower > TINY[kind]
    said(f"one distribution, {rows:>9,} rows as counts, usual", int(usual.sum()), pairs)
    said(f"one distribution, {rows:>9,} rows as counts, tiny", int(tiny.sum()), pairs)


def bounds_of(kind: str, shape: Shape, before: Any, now: Any, alpha: float) -> Any:
    if kind == "wasserstein":
        assert shape.line is not None
        return transport.bounded(shape.line, before, now, alpha).lower
    lower = bounded(psi if kind == "psi" else jensen_shannon, before, now, alpha).lower
    return lower if kind == "psi" else lower**0.5


def at_the_threshold(n: int, m: int, pairs: int, thresholds: dict[str, float], what: str) -> None:
    """All columns at the threshold at once, each direction on its own."""
    for kind, threshold in thresholds.items():
        if kind == "wasserstein":
            pairs = max(pairs // 4, 100)  # over 200 points instead of 13 bins
        worst, most = (0, ""), 0
        for direction, score in DIRECTIONS.items():
            alarms, columns = np.zeros(pairs, bool), 0
            for shape in shapes_at(n):
                shares, distance = distances(shape).get(kind, (None, None))
                if shares is None:
                    continue
                q = planted(shares, score(np.cumsum(shares) - shares / 2), threshold, distance)
                if q is None:
                    continue
                columns += 1
                before, now = drawn(shares, n, pairs), drawn(q, m, pairs)
                alarms |= bounds_of(kind, shape, before, now, ALPHA / len(shapes_at(n))) > threshold
            most = max(most, columns)
            worst = max(worst, (int(alarms.sum()), f"{direction}, {columns} columns"))
        enough(f"AT {what} {kind}, {n:,} and {m:,}", most)
        said(f"AT {what} {kind}, {n:,} and {m:,}, worst: {worst[1]}", worst[0], pairs)


_shapes: dict[int, list[Shape]] = {}


def shapes_at(n: int) -> list[Shape]:
    rows = min(max(n, 1_000), 100_000)
    if rows not in _shapes:
        _shapes[rows] = shapes(rows)
    return _shapes[rows]


def power_of(n: int, m: int, pairs: int) -> None:
    """Shifts along the bins that the printed power says are found 1 time in 2, and 4 times in 5."""
    for kind, threshold in USUAL.items():
        for wanted in (0.5, 0.8):
            found = total = 0
            for shape in shapes_at(n):
                shares, distance = distances(shape).get(kind, (None, None))
                if shares is None:
                    continue
                least = printed(kind, shape, shares * n, m, threshold).least(wanted)
                least = least**0.5 if least and kind == "js" else least
                q = least and planted(shares, np.cumsum(shares) - shares / 2, least, distance)
                if q is None:
                    continue
                lower = bounds_of(kind, shape, drawn(shares, n, pairs), drawn(q, m, pairs), ALPHA / ASKED)
                found, total = found + int((lower > threshold).sum()), total + pairs
            enough(f"planted {kind}, {n:,} and {m:,}, power {wanted}", total // pairs)
            rated(f"planted {kind}, {n:,} and {m:,}, {total // pairs} columns", wanted, found, max(total, 1))


def printed(kind: str, shape: Shape, counts: Any, rows: int, threshold: float) -> Any:
    if kind == "wasserstein":
        assert shape.line is not None
        return transport.power(shape.line, counts, rows, threshold, ALPHA / ASKED)
    if kind == "js":
        return power(jensen_shannon, counts, rows, threshold**2, ALPHA / ASKED)
    return power(psi, counts, rows, threshold, ALPHA / ASKED)


def power_of_rows(rows: int, pairs: int) -> None:
    """Rows, with bins and printed power of each pair's own: u is tilted, and column values are made of it."""
    made = {
        "normal": lambda u: np.log(u / (1 - u)),
        "heavy": lambda u: (1 - u) ** -1.5,
        "zeros": lambda u: np.maximum(u - 0.6, 0),
    }
    for name, make in made.items():
        first = numbers(name, make(RANDOM.random(rows)), make(RANDOM.random(rows)))
        question = Question(USUAL, ALPHA / 9, 1.0, 0.7)
        for wanted in effects(first, question):
            if wanted.least is None:
                continue
            asked = Question({wanted.kind: wanted.threshold}, ALPHA / 9, wanted.least / wanted.threshold)
            found, told = 0, 0.0
            for _ in range(pairs):
                before = make(RANDOM.random(rows))
                strength = tilt_for(numbers(name, before, before), wanted.kind, wanted.least)
                moved = np.log1p(RANDOM.random(rows) * np.expm1(strength)) / strength
                (effect,) = effects(numbers(name, before, make(moved)), asked)
                found, told = found + effect.alarm, told + effect.power
            rated(f"planted {wanted.kind} in rows, {name}, {rows:,}", told / pairs, found, pairs)


def joint_of(rows: int, pairs: int) -> None:
    question = Question({"joint": 0.1}, ALPHA, 1.5)
    alarms = sum(joint(table(rows), table(rows), question).alarm for _ in range(pairs))
    said(f"joint, one distribution, {rows:,}", alarms, pairs)
    alarms = sum(joint(table(rows), table(rows, 0.1), question).alarm for _ in range(pairs))
    said(f"joint, AT the threshold, {rows:,}", alarms, pairs)
    planted = 0.3 if rows < 5_000 else 0.15
    question = Question({"joint": 0.1}, ALPHA, planted / 0.1)
    effects = [joint(table(rows), table(rows, planted), question) for _ in range(pairs)]
    printed = float(np.mean([effect.power for effect in effects]))
    rated(f"joint, planted {planted}, {rows:,}", printed, sum(e.alarm for e in effects), pairs, points=0.15)
    found = sum(joint(table(rows), table(rows, rho=-0.8), question).alarm for _ in range(pairs))
    rated(f"joint, a correlation turned round, {rows:,}", 0.97, found, pairs, at_least=True)


def section_1(quick: bool, pairs: int) -> None:
    for rows in SIZES[:2]:
        of_one_distribution(rows, pairs)
    for rows in (MOST,) if quick else (SIZES[2], MOST):
        as_counts(rows, 10 * pairs if quick else pairs)
    if not quick:
        of_one_distribution(SIZES[2], pairs, 50)
        of_one_distribution(MOST, 2, 1)


BOTH = ((1_000, 1_000), (100_000, 1_000), (1_000, 100_000), (10_000, 10_000), (MOST, MOST))


def section_2(quick: bool, pairs: int) -> None:
    for n, m in BOTH[:1] if quick else BOTH:
        at_the_threshold(n, m, 10 * pairs if quick else pairs, USUAL, "usual")
    for rows in () if quick else SIZES[:2]:
        at_the_threshold(rows, rows, pairs, TINY, "tiny")


def section_3(quick: bool, pairs: int) -> None:
    for n, m in BOTH[:1] if quick else BOTH:
        power_of(n, m, 5 * pairs if quick else pairs)
    power_of_rows(2_000, 2 * pairs if quick else pairs // 4)


def section_4(quick: bool, pairs: int) -> None:
    joint_of(1_000, pairs if quick else pairs // 5)
    if not quick:
        joint_of(10_000, pairs // 40)


SECTIONS = {"1": section_1, "2": section_2, "3": section_3, "4": section_4}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1_000)
    parser.add_argument("--quick", action="store_true", help="few pairs, under a minute")
    parser.add_argument("--only", default="1234", help="which sections, e.g. 23")
    asked = parser.parse_args()
    begun = time.monotonic()
    for name in asked.only:
        SECTIONS[name](asked.quick, 15 if asked.quick else asked.pairs)
    print(f"{time.monotonic() - begun:.0f} s; {len(failures)} bounds do not hold: {', '.join(failures)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
