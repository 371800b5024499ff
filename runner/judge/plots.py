"""Plots of a model's predictions, and of the champion's of the same rows beside them, as data.

Curves keep at most 200 points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.judge.calibration import reliability
from runner.judge.predictions import BINARY, REGRESSION, CannotCompute, Predictions
from runner.model import Plot, Series

POINTS = 200
DIAGONAL = ((0.0, 1.0), (0.0, 1.0))


Named = Mapping[str, Predictions]


def plots_of(
    predictions: Predictions, bins: int = 10, champion: Predictions | None = None
) -> tuple[Plot, ...]:
    """All plots that the task has; none of what is not defined on these rows."""
    told: Named = {"model": predictions}
    if champion is not None and _finite(champion):
        told = {"candidate": predictions, "champion": champion}
    drawn: list[Plot] = []
    for draw in _DRAWN.get(predictions.task, ()):
        try:
            predictions.require_finite()
            drawn.append(draw(told, bins))
        except CannotCompute:  # the rule that needs the value says so; a plot only shows
            continue
    return tuple(drawn)


def _finite(predictions: Predictions) -> bool:
    try:
        predictions.require_finite()
    except CannotCompute:
        return False
    return True


def _first(told: Named) -> Predictions:
    """The candidate's."""
    return next(iter(told.values()))


def _roc(told: Named, bins: int) -> Plot:
    from sklearn.metrics import roc_curve

    _two_classes(_first(told))
    curves = [
        _curve(name, *roc_curve(p.y, p.scores, sample_weight=p.weights)[:2]) for name, p in told.items()
    ]
    chance = Series("chance", *DIAGONAL, dashed=True)
    return Plot("ROC", "line", "false positive rate", "true positive rate", (*curves, chance))


def _precision_recall(told: Named, bins: int) -> Plot:
    import numpy as np
    from sklearn.metrics import precision_recall_curve

    _two_classes(_first(told))
    curves = [
        _curve(name, *precision_recall_curve(p.y, p.scores, sample_weight=p.weights)[1::-1])
        for name, p in told.items()
    ]
    share = float(np.average(_first(told).y, weights=_first(told).weights))
    chance = Series(f"chance {share:.3g}", (0.0, 1.0), (share, share), dashed=True)
    return Plot("Precision-recall", "line", "recall", "precision", (*curves, chance))


def _calibration(told: Named, bins: int) -> Plot:
    found = {name: reliability(p, bins) for name, p in told.items()}
    lines = [
        Series(name, tuple(b.predicted for b in each), tuple(b.observed for b in each))
        for name, each in found.items()
    ]
    exact = Series("calibrated", *DIAGONAL, dashed=True)
    first = next(iter(found.values()))
    counts = ", ".join(f"{b.low:.2g} to {b.high:.2g}: {b.count:,}" for b in first)
    of = f" of the {next(iter(found))}" if len(found) > 1 else ""
    note = f"Rows by bin{of}: {counts}."
    return Plot("Calibration", "line", "stated probability", "observed frequency", (*lines, exact), note=note)


def _histogram(told: Named, bins: int) -> Plot:
    import numpy as np

    p = _first(told)
    edges = np.linspace(0.0, 1.0, 21)
    names = tuple(f"{edge:.2f}" for edge in edges[:-1])
    series = tuple(
        Series(f"label {label}", names, _shares(np.histogram(p.scores[p.y == label], edges)[0]))
        for label in (0, 1)
        if (p.y == label).any()
    )
    return Plot("Scores by label", "bar", "probability from", "% of the label's rows", series)


def _predicted(told: Named, bins: int) -> Plot:
    p = _first(told)
    model = _sample("rows", p.y, p.scores)
    ends = (float(p.y.min()), float(p.y.max()))
    exact = Series("exact", ends, ends, dashed=True)
    return Plot("Predicted and actual", "points", "actual", "predicted", (model, exact))


def _residuals(told: Named, bins: int) -> Plot:
    p = _first(told)
    model = _sample("rows", p.scores, p.scores - p.y)
    return Plot("Residuals", "points", "predicted", "predicted minus actual", (model,))


_DRAWN: dict[str, tuple[Any, ...]] = {
    BINARY: (_roc, _precision_recall, _calibration, _histogram),
    REGRESSION: (_predicted, _residuals),
    "multiclass-classification": (_calibration,),
}


def _two_classes(p: Predictions) -> None:
    if p.is_of_one_class():
        raise CannotCompute("one class only")


def _curve(name: str, x: Any, y: Any) -> Series:
    """A curve by at most POINTS of its points, both ends among them."""
    kept = along(x, y, POINTS)
    return Series(name, tuple(map(float, x[kept])), tuple(map(float, y[kept])))


def along(x: Any, y: Any, points: int) -> Any:
    """Positions of so many points of a curve (n,) at even distances along it, both ends among them."""
    import numpy as np

    far = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    wanted = np.linspace(0.0, far[-1], min(points, len(far)))
    return np.unique(np.searchsorted(far, wanted).clip(0, len(far) - 1))


def _sample(name: str, x: Any, y: Any) -> Series:
    """POINTS of the rows at even distances in their order: no draw, so the same every time."""
    import numpy as np

    kept = np.unique(np.linspace(0, len(x) - 1, min(POINTS, len(x))).astype(int))
    return Series(name, tuple(map(float, x[kept])), tuple(map(float, y[kept])))


def _shares(counts: Any) -> tuple[float, ...]:
    return tuple(float(100 * n / max(counts.sum(), 1)) for n in counts)
