"""A predictions file as a model: what a model of any framework said of the evaluation's rows, row by row.

Columns: the evaluation's id, `y_true` (the label, as the evaluation has it), and the scores: `y_score` (the
probability of 1, or the predicted number), or a column a class, `y_score_LABEL` or `y_score_0` and so on in
the order of the classes. Parquet or CSV.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.adapters.tables import read_frame
from runner.errors import InfrastructureError
from runner.judge.evaluation import Evaluation
from runner.judge.memory import Memory
from runner.judge.onnx_model import Unusable, WrongModel, shaped
from runner.judge.pairing import Pairing, pair, relabelled
from runner.judge.predictions import BINARY, MULTICLASS, CannotCompute, Task

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".parquet", ".csv")
TRUE, SCORE = "y_true", "y_score"
# A label that was written as float32 is still the same label.
SAME = 1e-6


class Unpaired(Unusable):
    """The file's rows are not the evaluation's; `pairing` says how."""

    def __init__(self, pairing: Pairing) -> None:
        self.pairing = pairing
        super().__init__(f"its rows are not the evaluation's {pairing}")


@dataclass(frozen=True, slots=True)
class RecordedModel:
    """Recorded scores in the order of the evaluation's rows. It knows no other rows."""

    matrix: Any
    recorded: Any
    pairing: Pairing

    def scores(self, matrix: Any, task: Task, classes: int = 2) -> Any:
        """The recorded scores. Raises Unusable for any matrix but the evaluation's own."""
        if matrix is not self.matrix:
            raise Unusable("a predictions file says nothing of other rows than the evaluation's")
        return shaped(self.recorded, len(matrix), task, classes)

    def timed(self, matrix: Any) -> Callable[[int], float]:
        """Raises CannotCompute: nothing is computed here."""
        raise CannotCompute("a predictions file takes no time: judge what serves the model (`through`)")

    def memory(self, matrix: Any) -> Memory:
        """Raises CannotCompute likewise."""
        raise CannotCompute("a predictions file takes no memory: judge what serves the model (`through`)")


def read_predictions(
    data: bytes, suffix: str, evaluation: Evaluation, id: str | None, task: Task
) -> RecordedModel:
    """A predictions file's bytes (`suffix` .parquet or .csv), paired with the evaluation by its column `id`.

    Raises Unusable where it cannot be read or paired (Unpaired where rows do not fit), WrongModel where it
    has not the columns of this task."""
    if id is None:
        raise Unusable("a predictions file is paired by row ids: name their column, `evaluation.id`")
    frame = _frame(data, suffix)
    lacking = [name for name in (id, TRUE) if name not in frame.columns]
    if lacking:
        raise WrongModel(f"the predictions file has no column {lacking[0]!r}")
    names = score_columns(list(map(str, frame.columns)), evaluation.classes, task)
    scores = _numbers(frame, names)
    pairing, order = _paired(frame, evaluation, id)
    return RecordedModel(evaluation.matrix, scores[order], pairing)


def _frame(data: bytes, suffix: str) -> pd.DataFrame:
    with tempfile.TemporaryDirectory(prefix="predictions-") as folder:
        path = Path(folder, f"predictions{suffix}")
        path.write_bytes(data)
        try:
            return read_frame(path, "the predictions file")
        except InfrastructureError as error:
            raise Unusable(f"the predictions file: {error.what}") from None


def score_columns(names: list[str], classes: tuple[Any, ...], task: Task) -> list[str]:
    """The columns that hold the scores, in the order of the classes. Raises WrongModel for others."""
    found = [name for name in names if name == SCORE or name.startswith(f"{SCORE}_")]
    if task != MULTICLASS and found == [SCORE]:
        return found
    if task not in (BINARY, MULTICLASS):
        raise WrongModel(f"the predictions file has the score columns {_told(found)}, not {SCORE}")
    by_label = [f"{SCORE}_{label}" for label in classes]
    by_place = [f"{SCORE}_{place}" for place in range(len(classes))]
    for wanted in (by_label, by_place):
        if sorted(found) == sorted(wanted):
            return wanted
    raise WrongModel(f"the predictions file has the score columns {_told(found)}, not {_told(by_label)}")


def _told(names: list[str]) -> str:
    return ", ".join(names[:5]) + (" ..." if len(names) > 5 else "") if names else "none"


def _numbers(frame: pd.DataFrame, names: list[str]) -> Any:
    """The scores (n,) or (n, k), NaN for null."""
    import numpy as np
    import pandas as pd

    if odd := [n for n in names if not pd.api.types.is_numeric_dtype(frame[n])]:
        raise WrongModel(f"the predictions file's column {odd[0]!r} is not numeric")
    columns = [frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names]
    return columns[0] if len(columns) == 1 else np.column_stack(columns)


def _paired(frame: pd.DataFrame, evaluation: Evaluation, id: str) -> tuple[Pairing, Any]:
    try:
        ids = evaluation.frame[id]
        pairing, order = pair(id, ids, frame[id])
    except CannotCompute as error:
        raise Unusable(f"the predictions file cannot be paired by {id}: {error}") from None
    except (KeyError, TypeError, ValueError) as error:  # a column of lists, say
        raise Unusable(f"the predictions file cannot be paired by {id}: {type(error).__name__}") from None
    if order is not None:
        differ = _differ(frame[TRUE].iloc[order], evaluation)
        pairing = relabelled(pairing, ids, differ)
    if pairing.odd:
        raise Unpaired(pairing)
    return pairing, order


def _differ(said: pd.Series[Any], evaluation: Evaluation) -> Any:
    """Which rows (n,) have another label in the file than in the evaluation."""
    import numpy as np
    import pandas as pd

    if evaluation.classes:
        places = {label: place for place, label in enumerate(evaluation.classes)}
        return said.map(places).to_numpy(dtype=np.float64, na_value=np.nan) != evaluation.y
    numbers = pd.to_numeric(said, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return ~np.isclose(numbers, evaluation.y, rtol=SAME, atol=0)
