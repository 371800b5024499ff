"""Plots of a model's predictions, as data. Curves keep at most 200 points."""

from __future__ import annotations

from typing import Any

from runner.judge.calibration import reliability
from runner.judge.predictions import BINARY, REGRESSION, CannotCompute, Predictions
from runner.model import Plot, Series

POINTS = 200
DIAGONAL = ((0.0, 1.0), (0.0, 1.0))


def plots_of(predictions: Predictions, bins: int = 10) -> tuple[Plot, ...]:
    """All plots that the task has; none of what is not defined on these rows."""
    drawn: list[Plot] = []
    for draw in _DRAWN[predictions.task]:
        try:
            predictions.require_finite()
            drawn.append(draw(predictions, bins))
        except CannotCompute:  # the rule that needs the value says so; a plot only shows
            continue
    return tuple(drawn)


def _roc(p: Predictions, bins: int) -> Plot:
    from sklearn.metrics import roc_curve

    _two_classes(p)
    false, true, _ = roc_curve(p.y, p.scores)
    chance = Series("chance", *DIAGONAL, dashed=True)
    return Plot(
        "ROC", "line", "false positive rate", "true positive rate", (_curve("model", false, true), chance)
    )


def _precision_recall(p: Predictions, bins: int) -> Plot:
    from sklearn.metrics import precision_recall_curve

    _two_classes(p)
    precision, recall, _ = precision_recall_curve(p.y, p.scores)
    share = float(p.y.mean())
    chance = Series(f"chance {share:.3g}", (0.0, 1.0), (share, share), dashed=True)
    return Plot(
        "Precision-recall", "line", "recall", "precision", (_curve("model", recall, precision), chance)
    )


def _calibration(p: Predictions, bins: int) -> Plot:
    found = reliability(p, bins)
    model = Series("model", tuple(b.predicted for b in found), tuple(b.observed for b in found))
    exact = Series("calibrated", *DIAGONAL, dashed=True)
    counts = ", ".join(f"{b.low:.2g} to {b.high:.2g}: {b.count:,}" for b in found)
    series = (model, exact)
    return Plot(
        "Calibration",
        "line",
        "stated probability",
        "observed frequency",
        series,
        note=f"Rows by bin: {counts}.",
    )


def _histogram(p: Predictions, bins: int) -> Plot:
    import numpy as np

    edges = np.linspace(0.0, 1.0, 21)
    names = tuple(f"{edge:.2f}" for edge in edges[:-1])
    series = tuple(
        Series(f"label {label}", names, _shares(np.histogram(p.scores[p.y == label], edges)[0]))
        for label in (0, 1)
        if (p.y == label).any()
    )
    return Plot("Scores by label", "bar", "probability from", "% of the label's rows", series)


def _predicted(p: Predictions, bins: int) -> Plot:
    model = _sample("rows", p.y, p.scores)
    ends = (float(p.y.min()), float(p.y.max()))
    exact = Series("exact", ends, ends, dashed=True)
    return Plot("Predicted and actual", "points", "actual", "predicted", (model, exact))


def _residuals(p: Predictions, bins: int) -> Plot:
    model = _sample("rows", p.scores, p.scores - p.y)
    return Plot("Residuals", "points", "predicted", "predicted minus actual", (model,))


_DRAWN: dict[str, tuple[Any, ...]] = {
    BINARY: (_roc, _precision_recall, _calibration, _histogram),
    REGRESSION: (_predicted, _residuals),
    "multiclass-classification": (_calibration,),
}


def _two_classes(p: Predictions) -> None:
    if len(set(p.y.tolist())) < 2:
        raise CannotCompute("one class only")


def _curve(name: str, x: Any, y: Any) -> Series:
    """A curve by POINTS of its points at even distances along it, both ends among them."""
    import numpy as np

    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    wanted = np.linspace(0.0, along[-1], min(POINTS, len(along)))
    kept = np.unique(np.searchsorted(along, wanted).clip(0, len(along) - 1))
    return Series(name, tuple(map(float, x[kept])), tuple(map(float, y[kept])))


def _sample(name: str, x: Any, y: Any) -> Series:
    """POINTS of the rows at even distances in their order: no draw, so the same every time."""
    import numpy as np

    kept = np.unique(np.linspace(0, len(x) - 1, min(POINTS, len(x))).astype(int))
    return Series(name, tuple(map(float, x[kept])), tuple(map(float, y[kept])))


def _shares(counts: Any) -> tuple[float, ...]:
    return tuple(float(100 * n / max(counts.sum(), 1)) for n in counts)
