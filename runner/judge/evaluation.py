"""The held-out table on which a model is judged, as a matrix and labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.adapters.files import sha256_file
from runner.adapters.tables import local_file, read_frame
from runner.config.schema import Evaluation as Config
from runner.errors import InfrastructureError
from runner.judge.predictions import (
    BINARY,
    NUMBERS,
    RANKING,
    CannotCompute,
    Predictions,
    Task,
    require_weights,
)

if TYPE_CHECKING:
    import pandas as pd

FAR = 200  # powers of two: the fourth power of such a weight is still a number


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`matrix` is (rows, features) float32 with NaN for null; the rest as in Predictions."""

    frame: pd.DataFrame
    matrix: Any
    y: Any
    classes: tuple[Any, ...]
    sha256: str
    weights: Any = None
    query: Any = None

    def predictions(self, task: Task, scores: Any) -> Predictions:
        """A model's output together with the labels."""
        return Predictions(task, self.y, scores, self.classes, self.weights, self.query)


def read_evaluation(
    root: Path, config: Config, task: Task, classes: tuple[str | int, ...] = ()
) -> Evaluation:
    """Read the table; raises LockgateError where it is unreadable, changes while it is read, lacks a
    column, has no rows, or holds labels, features, weights or queries that are none."""
    path = local_file(root, config.source)
    digest = sha256_file(path)
    frame = read_frame(path, config.source)
    if sha256_file(path) != digest:
        raise InfrastructureError("changed while it was read", where=config.source)
    named = (*config.features, config.label, config.id, config.weight, config.query)
    missing = [name for name in named if name and name not in frame.columns]
    if missing or frame.empty:
        what = f"has no column {missing[0]!r}" if missing else "has no rows"
        raise InfrastructureError(what, where=config.source)
    y, known = _labels(frame[config.label], task, config, classes)
    weights, query = _weights(frame, config), _query(frame, config, task)
    return Evaluation(frame, _matrix(frame, config), y, known, digest, weights, query)


def _matrix(frame: pd.DataFrame, config: Config) -> Any:
    import numpy as np
    import pandas as pd

    odd = [f for f in config.features if not pd.api.types.is_numeric_dtype(frame[f])]
    if odd:
        raise InfrastructureError(f"feature {odd[0]!r} is not numeric", where=config.source)
    columns = [frame[f].to_numpy(dtype=np.float32, na_value=np.nan) for f in config.features]
    return np.column_stack(columns) if columns else np.empty((len(frame), 0), np.float32)


def _labels(
    column: pd.Series[Any], task: Task, config: Config, classes: tuple[str | int, ...]
) -> tuple[Any, tuple[Any, ...]]:
    place = f"{config.source}: label {config.label!r}"
    nulls = int(column.isna().sum())
    if nulls:
        raise InfrastructureError(f"{nulls:,} of {len(column):,} labels are null", where=place)
    if task in NUMBERS:
        return _numbers(column, place, relevance=task == RANKING), ()
    try:
        known = (0, 1) if task == BINARY else classes or tuple(sorted(column.unique().tolist()))
        if len(known) < 2:
            raise InfrastructureError(f"the only class is {known[0]}: `classes` names others", where=place)
        return _positions(column, known, place), known
    except TypeError:  # lists, or several types that have no order
        raise InfrastructureError("labels are not plain values of one type", where=place) from None


def _positions(column: pd.Series[Any], classes: tuple[Any, ...], place: str) -> Any:
    """Each label's position in `classes`."""
    import numpy as np

    where = {label: position for position, label in enumerate(classes)}
    odd = sorted(str(label) for label in column.unique().tolist() if label not in where)
    if odd:
        known = ", ".join(map(str, classes))
        raise InfrastructureError(f"labels such as {odd[0]!r} are none of {known}", where=place)
    return column.map(where).to_numpy(dtype=np.int64)


def _numbers(column: pd.Series[Any], place: str, *, relevance: bool) -> Any:
    import numpy as np

    try:
        y = _floats(column)
    except (TypeError, ValueError):
        raise InfrastructureError("labels are not numbers", where=place) from None
    if not np.isfinite(y).all():
        raise InfrastructureError("some labels are infinite", where=place)
    if relevance and (y < 0).any():
        raise InfrastructureError("some labels are below 0: no relevance", where=place)
    return y


def _floats(column: pd.Series[Any]) -> Any:
    """A column as float64, NaN for null. Raises TypeError or ValueError for what is no number, as times."""
    import numpy as np

    if column.dtype.kind in "mM":
        raise TypeError
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _weights(frame: pd.DataFrame, config: Config) -> Any:
    """How much each row counts; a null is no weight."""
    if config.weight is None:
        return None
    place = f"{config.source}: weight {config.weight!r}"
    try:
        weights = _floats(frame[config.weight])
        require_weights(weights)
    except (TypeError, ValueError):
        raise InfrastructureError("weights are not numbers", where=place) from None
    except CannotCompute as error:
        raise InfrastructureError(str(error), where=place) from None
    return _summable(weights)


def _summable(weights: Any) -> Any:
    """Weights whose squares and sums neither overflow nor vanish: if need be, times a power of two."""
    import numpy as np

    exponent = int(np.frexp(weights.max())[1])
    return weights if abs(exponent) < FAR else np.ldexp(weights, -exponent)


def _query(frame: pd.DataFrame, config: Config, task: Task) -> Any:
    """Which rows are ranked together, as integers."""
    import pandas as pd

    if (config.query is None) == (task == RANKING):
        what = "a ranking needs `query`" if task == RANKING else f"{task} has no `query`"
        raise InfrastructureError(f"{what} in lockgate.yml", where=config.source)
    if config.query is None:
        return None
    column = frame[config.query]
    if nulls := int(column.isna().sum()):
        place = f"{config.source}: query {config.query!r}"
        raise InfrastructureError(f"{nulls:,} of {len(column):,} queries are null", where=place)
    try:
        return pd.factorize(column)[0]
    except TypeError:
        raise InfrastructureError(f"queries {config.query!r} are not plain", where=config.source) from None
