"""Whether the printed power is the rate that simulations see.

    python benchmarks/power.py [--pairs 10000] [--quick]

First `lockgate power`: rows for a power of 0.8 and of 0.5 are computed from the few numbers that a person
gives, then so many rows are drawn from models that are like that, `--pairs` times: how often an equal model
passes, how often the loss is told. Then the sentence of a champion check ("to tell a loss of X you need N
rows (power 0.8)"): N is computed from a pilot of 100,000 rows of two models, then comparisons of N rows are
drawn from the same two. Each rate must lie within 3 points of the power; of fewer simulations than 10,000,
beside what chance adds to so few (simultaneous over all figures: Bonferroni, 0.01).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from populations import Cell, lossy
from scipy.special import ndtri

from runner.judge.options import Options
from runner.judge.paired.binormal import correlation_of
from runner.judge.paired.compare import Paired, compare
from runner.judge.paired.designs import labels
from runner.judge.paired.power import rows_for
from runner.judge.paired.question import Question
from runner.judge.paired.verdict import LEAST, Standing
from runner.judge.predictions import BINARY, MULTICLASS, RANKING, REGRESSION, Predictions

ALPHA, POINTS, LEVEL, ENOUGH = 0.05, 0.03, 0.01, 10_000
PASSES = (Standing.BETTER, Standing.EQUIVALENT, Standing.NON_INFERIOR)
Draw = Callable[[int], Paired]  # rows -> a comparison of so many

QUESTIONS = [
    (Question("accuracy", 0.85, disagreement), loss)
    for disagreement, loss in ((0.02, 0.005), (0.02, 0.01), (0.06, 0.01), (0.06, 0.02), (0.2, 0.05))
] + [
    (Question(metric, expected, 0.06, positives=positives), loss)
    for metric, expected, loss in (
        ("balanced_accuracy", 0.8, 0.02), ("precision", 0.7, 0.03), ("recall", 0.7, 0.03), ("f1", 0.7, 0.03),
        ("matthews_corrcoef", 0.6, 0.03),
    )
    for positives in (0.4, 0.2)
] + [
    (Question("roc_auc", expected, disagreement, positives=positives), loss)
    for expected, disagreement, positives, loss in (
        (0.78, 0.06, 0.5, 0.01), (0.78, 0.06, 0.1, 0.01), (0.9, 0.03, 0.3, 0.005), (0.65, 0.2, 0.2, 0.03)
    )
] + [
    (Question("mean_absolute_error", deviation=deviation), loss)
    for deviation, loss in ((0.2, 0.01), (1.0, 0.1))
]  # fmt: skip
CHECKS = [
    Cell("accuracy", 0, 0.02), Cell("f1", 0, 0.03, positives=0.1, skew=1.6),
    Cell("roc_auc", 0, 0.01), Cell("roc_auc", 0, 0.01, positives=0.1, skew=1.6),
    Cell("matthews_corrcoef", 0, 0.03), Cell("average_precision", 0, 0.02), Cell("log_loss", 0, 0.02),
    Cell("brier_score_loss", 0, 0.005),
    Cell("f1", 0, 0.02, 0.5, task=MULTICLASS, options=Options(average="macro")),
    Cell("mean_absolute_error", 0, 0.03, 0.3, task=REGRESSION), Cell("r2", 0, 0.03, 0.3, task=REGRESSION),
    Cell("ndcg", 0, 0.01, 0.3, task=RANKING), Cell("accuracy", 0, 0.02, 0.1, clusters=True),
    Cell("log_loss", 0, 0.02, weights=True),
]  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One line: `power` is what is printed, `rate` what is seen."""

    name: str
    rows: int
    power: float
    rate: float

    def __str__(self) -> str:
        off = self.rate - self.power
        return f"{self.name:<74} {self.rows:>8,} {self.power:7.3f} {self.rate:7.3f} {off:+7.3f}"


def told(found: Paired) -> bool:
    return found.difference.high < 0 and found.carrying >= LEAST


def share(draw: Draw, rows: int, right: Callable[[Paired], bool], pairs: int) -> float:
    return sum(right(draw(rows)) for _ in range(pairs)) / pairs


def of_labels(question: Question, loss: float, dice: np.random.Generator) -> Draw:
    """Rows of the eight kinds, as often as `lockgate power` assumes them."""
    expected, disagreement = question.expected or 0.0, question.disagreement or 0.0
    design = labels(question.metric, expected, disagreement, question.positives or 0.5)
    mine, theirs, chance = design.models(loss)

    def draw(rows: int) -> Paired:
        kinds = np.repeat(np.arange(8), dice.multinomial(rows, chance / chance.sum()))
        pair = (Predictions(BINARY, p.y[kinds], p.scores[kinds]) for p in (mine, theirs))
        return compare(question.metric, *pair, alpha=ALPHA)

    return draw


def of_areas(question: Question, loss: float, dice: np.random.Generator) -> Draw:
    """Normal scores, correlated within a class."""
    area = question.expected or 0.0
    correlation = correlation_of(area, question.disagreement or 0.0)
    apart = np.sqrt(2) * ndtri(np.array([area - loss, area]))

    def draw(rows: int) -> Paired:
        y = (dice.random(rows) < (question.positives or 0.5)).astype(int)
        shared, own = dice.normal(size=rows), dice.normal(size=(2, rows))
        scores = correlation**0.5 * shared + (1 - correlation) ** 0.5 * own + apart[:, None] * y
        return compare("roc_auc", *(Predictions(BINARY, y, each) for each in scores), alpha=ALPHA)

    return draw


def of_means(question: Question, loss: float, dice: np.random.Generator) -> Draw:
    """Errors whose differences have the deviation that was said."""
    deviation = question.deviation or 0.0

    def draw(rows: int) -> Paired:
        y, theirs = np.zeros(rows), 20 + dice.normal(size=rows)
        mine = theirs + loss + deviation * dice.normal(size=rows)
        return compare(
            question.metric, *(Predictions(REGRESSION, y, each) for each in (mine, theirs)), alpha=ALPHA
        )

    return draw


def drawing(question: Question) -> Callable[[Question, float, np.random.Generator], Draw]:
    if question.metric == "roc_auc":
        return of_areas
    return of_means if question.deviation else of_labels


def of_question(question: Question, loss: float, pairs: int) -> Iterator[Figure]:
    dice, design, make = np.random.default_rng(11), question.design(), drawing(question)
    said = {n: getattr(question, n) for n in ("expected", "disagreement", "positives", "deviation")}
    name = " ".join([question.metric, *(f"{n}={v:g}" for n, v in said.items() if v is not None)])
    for wanted in (0.8, 0.5):
        rows = rows_for(wanted, lambda n: design.passes(n, loss, ALPHA)) or 0
        seen = share(make(question, 0.0, dice), rows, lambda p: p.standing(loss) in PASSES, pairs)
        yield Figure(f"{name}: passes {loss:g}", rows, design.passes(rows, loss, ALPHA), seen)
        rows = rows_for(wanted, lambda n: design.tells(n, loss, ALPHA)) or 0
        seen = share(make(question, loss, dice), rows, told, pairs)
        yield Figure(f"{name}: tells {loss:g}", rows, design.tells(rows, loss, ALPHA), seen)


def of_check(cell: Cell, pairs: int) -> Figure:
    """The sentence of a check, from a pilot that is the whole population."""
    population, loss = lossy(cell)
    dice = np.random.default_rng(12)

    def judged(candidate: Predictions, champion: Predictions, units: Any) -> Paired:
        groups = units if cell.clusters else None
        return compare(cell.metric, candidate, champion, alpha=ALPHA, options=cell.options, groups=groups)

    rows = judged(*population.whole()).needed(loss) or 0
    units = round(rows * (len(population.starts) - 1) / len(population.y))
    seen = share(lambda n: judged(*population.draw(dice, n)), units, told, pairs)
    return Figure(f"check: {cell}: {loss:.4f}", rows, 0.8, seen)


def figures(pairs: int, every: int) -> Iterator[Figure]:
    for question, loss in QUESTIONS[::every]:
        yield from of_question(question, loss, pairs)
    for cell in CHECKS[::every]:
        yield of_check(cell, pairs)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=ENOUGH, help="simulations a figure")
    parser.add_argument("--quick", action="store_true", help="every fourth figure, 1,000 simulations")
    given = parser.parse_args()
    pairs, every = (1000, 4) if given.quick else (given.pairs, 1)
    count = 4 * len(QUESTIONS[::every]) + len(CHECKS[::every])
    chance = NormalDist().inv_cdf(1 - LEVEL / (2 * count)) if pairs < ENOUGH else 0.0
    print(f"{'':<74} {'rows':>8} {'printed':>7} {'seen':>7} {'off':>7}   ({pairs:,} simulations each)")
    held, begun = True, time.perf_counter()
    for each in figures(pairs, every):
        most = POINTS + chance * (each.power * (1 - each.power) / pairs) ** 0.5
        wrong = abs(each.rate - each.power) > most
        print(each, "<-- more than 3 points" * wrong, flush=True)
        held &= not wrong
    print(f"{'every printed power holds' if held else 'A PRINTED POWER DOES NOT HOLD'}, "
          f"{time.perf_counter() - begun:.0f} s")  # fmt: skip
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
