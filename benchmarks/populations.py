"""Populations of paired predictions, for benchmarks that need to know the truth.

A population is a finite table of units (rows, or whole clusters and queries). Samples are drawn from it with
replacement, so that the true value of a metric is exactly the metric of the table: no error of a truth that
was itself estimated. No true difference: each unit is there twice, the second time with the models swapped.
A true loss: the candidate has noise of its own, and the margin is the loss that this makes, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from runner.judge.metrics import METRICS, Options, value_of
from runner.judge.predictions import BINARY, MULTICLASS, RANKING, REGRESSION, Predictions, Task

ROWS = 100_000  # of a population: so many that a sample seldom has a row twice
CLASSES = 4


@dataclass(frozen=True)
class Cell:
    """What is drawn. `units`: rows, or clusters or queries where those are drawn; `margin`: about the loss;
    `disagreement`: the share of labels that differ (binary), or the noise that only one model has."""

    metric: str
    units: int
    margin: float
    disagreement: float = 0.06
    positives: float = 0.4
    task: Task = BINARY
    options: Options = field(default_factory=Options)
    clusters: bool = False
    weights: bool = False
    skew: float = 1.0  # how far the classes lie apart

    def __str__(self) -> str:
        what = f"{self.metric}{self.options}" + " clusters" * self.clusters + " weights" * self.weights
        share = f" pos={self.positives:g}" if self.task == BINARY else ""
        return f"{what} n={self.units}{share} d={self.disagreement:g}"


@dataclass(frozen=True)
class Population:
    """Rows of units: `starts` (units + 1,) says where each begins."""

    task: Task
    y: Any
    candidate: Any
    champion: Any
    starts: Any
    weights: Any = None

    def draw(self, dice: np.random.Generator, units: int) -> tuple[Predictions, Predictions, Any]:
        """Candidate, champion, and of which drawn unit each row is."""
        return self._of(dice.integers(0, len(self.starts) - 1, units))

    def whole(self) -> tuple[Predictions, Predictions, Any]:
        return self._of(np.arange(len(self.starts) - 1))

    def _of(self, chosen: Any) -> tuple[Predictions, Predictions, Any]:
        sizes = np.diff(self.starts)[chosen]
        unit = np.repeat(np.arange(len(chosen)), sizes)
        rows = np.arange(sizes.sum()) + np.repeat(self.starts[chosen] - np.cumsum(sizes) + sizes, sizes)
        classes = tuple(range(CLASSES)) if self.task == MULTICLASS else ()
        weights = None if self.weights is None else self.weights[rows]
        query = unit if self.task == RANKING else None
        made = (
            Predictions(self.task, self.y[rows], said[rows], classes, weights, query)
            for said in (self.candidate, self.champion)
        )
        return (*made, unit)  # type: ignore[return-value]

    def swapped(self) -> Population:
        """Every unit twice, the second time with the models in each other's place: no true difference."""
        weights = None if self.weights is None else np.tile(self.weights, 2)
        return replace(
            self,
            y=np.tile(self.y, 2),
            candidate=np.concatenate([self.candidate, self.champion]),
            champion=np.concatenate([self.champion, self.candidate]),
            starts=np.concatenate([self.starts, self.starts[1:] + len(self.y)]),
            weights=weights,
        )

    def difference(self, metric: str, options: Options) -> float:
        """The true one, candidate minus champion, such that higher is better."""
        mine, theirs, _ = self.whole()
        values = [value_of(metric, each, options) for each in (mine, theirs)]
        return METRICS[metric].sign * (values[0] - values[1])


def equal(cell: Cell) -> Population:
    """No true difference."""
    return _made(cell, _noise(cell), 0.0).swapped()


def lossy(cell: Cell) -> tuple[Population, float]:
    """The candidate worse, and by how much exactly: about `cell.margin`."""
    noise, low, high = _noise(cell), 0.0, 6.0
    for _ in range(12):
        middle = (low + high) / 2
        found = -_made(cell, noise, middle).difference(cell.metric, cell.options)
        low, high = (middle, high) if found < cell.margin else (low, middle)
    population = _made(cell, noise, high)
    return population, -population.difference(cell.metric, cell.options)


@cache
def _noise_of(positives: float, skew: float, disagreement: float, clusters: bool) -> float:
    """How much noise of its own makes two binary models' labels differ on this share of the rows."""
    cell = Cell("accuracy", 0, 0, disagreement, positives, clusters=clusters, skew=skew)
    low, high = 0.0, 10.0
    for _ in range(14):
        middle = (low + high) / 2
        mine, theirs, _ = _made(cell, middle, 0.0).whole()
        share = float((mine.labels() != theirs.labels()).mean())
        low, high = (middle, high) if share < disagreement else (low, middle)
    return high


def _noise(cell: Cell) -> float:
    if cell.task != BINARY:
        return cell.disagreement
    return _noise_of(cell.positives, cell.skew, cell.disagreement, cell.clusters)


def _made(cell: Cell, noise: float, spoil: float) -> Population:
    """Both models see what there is to see with an error that they share, and with one of their own."""
    dice = np.random.default_rng(1)
    starts = _starts(cell, dice)
    unit = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    own, shared = dice.normal(size=(3, ROWS)), dice.normal(size=len(starts) - 1)[unit]
    if cell.clusters:  # a model's own error is mostly its cluster's
        own = 0.6 * own + 0.8 * dice.normal(size=(3, len(starts) - 1))[:, unit]
    errors = noise * own[0] + spoil * own[2], noise * own[1]
    y, said = _MODELS[cell.task](cell, dice, errors, shared if cell.clusters else 0.0)
    weights = dice.lognormal(0, 0.7, ROWS) if cell.weights else None
    return Population(cell.task, y, *said, starts, weights)


def _starts(cell: Cell, dice: np.random.Generator) -> Any:
    """Clusters of 1 to 39 rows, queries of 4 to 19, or each row alone."""
    if not cell.clusters and cell.task != RANKING:
        return np.arange(ROWS + 1)
    sizes = dice.integers(4, 20, ROWS) if cell.task == RANKING else dice.integers(1, 40, ROWS)
    ends = np.cumsum(sizes)
    kept = ends[ends < ROWS]
    return np.concatenate([[0], kept, [ROWS]])


Made = tuple[Any, tuple[Any, Any]]


def _binary(cell: Cell, dice: Any, errors: tuple[Any, Any], shared: Any) -> Made:
    y = (dice.random(ROWS) < cell.positives).astype(int)
    apart = 1.5 * cell.skew
    signal = apart * (y - 0.5) + dice.normal(size=ROWS)
    truth = np.log(cell.positives / (1 - cell.positives)) + apart * signal + 0.3 * shared
    mine, theirs = (1 / (1 + np.exp(-(truth + each))) for each in errors)
    return y, (mine, theirs)


def _multiclass(cell: Cell, dice: Any, errors: tuple[Any, Any], shared: Any) -> Made:
    prior = np.array([0.4, 0.3, 0.2, 0.1])
    y = dice.choice(CLASSES, ROWS, p=prior)
    seen = dice.normal(size=(ROWS, CLASSES))
    seen[np.arange(ROWS), y] += 2.0
    said = []
    for each in errors:
        logits = np.log(prior) + 2.0 * seen + np.stack([each, -each, np.roll(each, 1), np.roll(each, 2)], 1)
        chances = np.exp(logits - logits.max(1, keepdims=True))
        said.append(chances / chances.sum(1, keepdims=True))
    return y, (said[0], said[1])


def _regression(cell: Cell, dice: Any, errors: tuple[Any, Any], shared: Any) -> Made:
    """Labels above nothing with errors that grow with them, as durations and prices have."""
    expected = np.exp(dice.normal(1, 0.5, ROWS))
    y = expected * np.exp(0.3 * dice.standard_t(8, ROWS) / 1.15)
    mine, theirs = (expected * (1 + 0.3 * each + 0.1 * shared) for each in errors)
    return y, (mine, theirs)


def _ranking(cell: Cell, dice: Any, errors: tuple[Any, Any], shared: Any) -> Made:
    truth = dice.normal(size=ROWS)
    y = np.clip(np.floor(truth + 1.5), 0, 3)
    mine, theirs = (truth + 0.7 * np.roll(truth, 7) + each for each in errors)
    return y, (mine, theirs)


_MODELS: dict[Task, Any] = {
    BINARY: _binary,
    MULTICLASS: _multiclass,
    REGRESSION: _regression,
    RANKING: _ranking,
}
