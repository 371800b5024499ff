"""What the search for the worst slices looks at: each row's loss, and the columns that rows can be cut by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runner.judge.predictions import BINARY, RANKING, REGRESSION, CannotCompute, Predictions
from runner.judge.slicing.partition import Partition, by_bins, by_values, numbers
from runner.text import one_line

if TYPE_CHECKING:
    import pandas as pd

FEW, BINS, GLANCE = 20, 5, 20_000
TINY = 2.220446049250313e-16  # of float64, as scikit-learn's log loss clips


def loss_of(predictions: Predictions) -> tuple[str, Any]:
    """The name and each row's loss (n,): log loss of classes, absolute error of numbers.

    Raises CannotCompute for predictions that are no numbers, and for rankings, whose rows have none."""
    import numpy as np

    predictions.require_finite()
    if predictions.task == RANKING:
        raise CannotCompute("the rows of a ranking have no loss of their own")
    if predictions.task == REGRESSION:
        return "mean_absolute_error", abs(predictions.y - predictions.scores)
    if predictions.task == BINARY:
        given = np.where(predictions.y == 1, predictions.scores, 1 - predictions.scores)
    else:
        given = predictions.scores[np.arange(len(predictions)), predictions.y]
    return "log_loss", -np.log(np.clip(given, TINY, 1))


def columns_of(frame: pd.DataFrame, predictions: Predictions) -> dict[str, Partition]:
    """Every column that cuts the rows into a few slices: few values, or a number in bins of equally many
    rows. Left out: one value only, many texts, and what tells the label itself."""
    import numpy as np

    found = {}
    for position, name in enumerate(frame.columns):
        part = _few(frame.iloc[:, position])
        if part is not None and len(part.names) > 1 and not _tells_the_label(part, predictions):
            found[one_line(name, 60)] = replace(part, codes=part.codes.astype(np.int16))
    return found


def _few(column: pd.Series[Any]) -> Partition | None:
    """A column's slices; None where it has none, or too many."""
    import pandas as pd

    try:
        if column.head(GLANCE).nunique() <= FEW and column.nunique() <= FEW:
            return by_values(column)
        return by_bins(column, _edges(column)) if pd.api.types.is_numeric_dtype(column) else None
    except (CannotCompute, TypeError, ValueError, IndexError):  # what cannot be cut is not looked at
        return None


def _edges(column: pd.Series[Any]) -> list[float]:
    """What cuts a number into BINS of about equally many rows, as every so many-th row tells."""
    import numpy as np

    values = numbers(column.iloc[:: max(1, len(column) // GLANCE)])
    inner = np.linspace(0, 1, BINS + 1)[1:-1]
    return [float(edge) for edge in np.unique(np.quantile(values[np.isfinite(values)], inner))]


def _tells_the_label(part: Partition, predictions: Predictions) -> bool:
    """Each slice has one label only, or labels of its own: the label itself, or made of it."""
    import numpy as np

    y = predictions.y
    if predictions.task == REGRESSION:
        lows, highs = np.full(len(part.names), np.inf), np.full(len(part.names), -np.inf)
        np.minimum.at(lows, part.codes, y)
        np.maximum.at(highs, part.codes, y)
        order = np.argsort(lows)
        return bool((highs[order][:-1] <= lows[order][1:]).all())
    width = int(y.max()) + 1
    table = np.bincount(part.codes * width + y, minlength=len(part.names) * width).reshape(-1, width)
    return bool(((table > 0).sum(axis=1) <= 1).all())
