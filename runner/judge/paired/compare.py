"""The paired comparison of two models on the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from runner.judge.metrics import METRICS as KNOWN
from runner.judge.metrics import Options
from runner.judge.paired.influence import LABELS, METRICS
from runner.judge.paired.interval import bounds, discordant, spread
from runner.judge.paired.verdict import Interval, Standing, standing
from runner.judge.predictions import BINARY, REGRESSION, CannotCompute, Predictions


@dataclass(frozen=True, slots=True)
class Paired:
    """Both values in the metric's unit; `difference` candidate minus champion, such that higher is better.

    `se` is the difference's standard error, `rows` how many there are, `carrying` on how many of them the
    models differ at all; `alpha` is that of one side: the interval covers 1 - 2 alpha."""

    metric: str
    candidate: float
    champion: float
    difference: Interval
    se: float
    rows: int
    carrying: int
    alpha: float

    def standing(self, margin: float) -> Standing:
        """The verdict for a margin, in the metric's unit."""
        return standing(self.difference, margin, self.carrying)

    def needed(self, loss: float, power: float = 0.8) -> int:
        """About how many rows tell a loss of this size from none, as often as `power` says."""
        z = NormalDist()
        factor = (z.inv_cdf(1 - self.alpha) + z.inv_cdf(power)) / loss
        return max(1, round(self.rows * (self.se * factor) ** 2))

    def words(self, margin: float) -> str:
        """'candidate roc_auc 0.781 against 0.779, difference +0.002 [-0.001, +0.005], margin 0.005:
        equivalent'."""
        d = self.difference
        return (
            f"candidate {self.metric} {self.candidate:.4g} against {self.champion:.4g}, difference "
            f"{d.value:+.4f} [{d.low:+.4f}, {d.high:+.4f}], margin {margin:g}: {self.standing(margin)}"
        )


def compare(
    metric: str, candidate: Predictions, champion: Predictions, *, alpha: float = 0.05,
    options: Options | None = None, groups: Any = None,
) -> Paired:  # fmt: skip
    """Compare two models' predictions of the same rows; `groups` (n,) are clusters of rows.

    Raises CannotCompute where the metric does not exist on these rows or has no paired form."""
    if metric not in METRICS or candidate.task not in (BINARY, REGRESSION):
        raise CannotCompute(f"{metric} of {candidate.task} has no paired comparison")
    _require_pairs(candidate, champion)
    mine, theirs = (_influence(metric, p, options or Options()) for p in (candidate, champion))
    sign, n = KNOWN[metric].sign, len(candidate)
    each = sign * (mine[1] - theirs[1])
    found = spread(each, groups)
    value = sign * (mine[0] - theirs[0])
    carrying = int((abs(candidate.scores - champion.scores) > 0).sum())
    if METRICS[metric][0] == LABELS:
        threshold = _threshold(options)
        carrying = int((candidate.labels(threshold) != champion.labels(threshold)).sum())
    interval = bounds(value, found, alpha)
    if metric == "accuracy" and groups is None:
        interval = discordant(candidate, champion, _threshold(options), alpha)
    return Paired(metric, mine[0], theirs[0], interval, found.se, n, carrying, alpha)


def _require_pairs(candidate: Predictions, champion: Predictions) -> None:
    candidate.require_finite()
    champion.require_finite()
    if len(candidate) != len(champion) or (candidate.y != champion.y).any():
        raise CannotCompute("the two models did not predict the same rows")


def _threshold(options: Options | None) -> float:
    return 0.5 if options is None or options.threshold is None else options.threshold


def _influence(metric: str, predictions: Predictions, options: Options) -> tuple[float, Any]:
    fed, compute = METRICS[metric]
    said = predictions.labels(_threshold(options)) if fed == LABELS else predictions.scores
    return compute(predictions.y, said)
