"""The evaluation table: features as float32, labels of the task, everything else refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers.judging import FEATURES, table

from runner.config.schema import Evaluation
from runner.errors import LockgateError
from runner.judge.evaluation import read_evaluation
from runner.judge.predictions import BINARY, MULTICLASS, RANKING, REGRESSION, Task


def config(**fields: Any) -> Evaluation:
    return Evaluation.model_validate({"source": "e.parquet", "label": "late", "features": FEATURES, **fields})


def read(tmp_path: Path, frame: pd.DataFrame, task: Task = BINARY, classes: Any = (), **fields: Any) -> Any:
    frame.to_parquet(tmp_path / "e.parquet", index=False)
    return read_evaluation(tmp_path, config(**fields), task, classes)


def test_features_come_in_the_order_of_the_configuration_with_nan_for_null(tmp_path: Path) -> None:
    frame = table(rows=5).assign(a=pd.array([1, 2, None, 4, 5], dtype="Int64"), b=[True, False] * 2 + [True])
    found = read(tmp_path, frame, features=("b", "a"))
    assert found.matrix.dtype == np.float32 and found.matrix.shape == (5, 2)
    assert list(found.matrix[:, 0]) == [1, 0, 1, 0, 1] and np.isnan(found.matrix[2, 1])
    assert len(found.sha256) == 64 and found.classes == (0, 1)


def test_labels_of_classes_are_positions_in_their_order(tmp_path: Path) -> None:
    frame = table(rows=4).assign(late=["y", "x", "z", "y"])
    assert list(read(tmp_path, frame, MULTICLASS).y) == [1, 0, 2, 1]
    found = read(tmp_path, frame, MULTICLASS, ("z", "y", "x", "w"))
    assert (list(found.y), found.classes) == ([1, 2, 0, 1], ("z", "y", "x", "w"))


REFUSED: dict[str, tuple[dict[str, Any], Task, str]] = {
    "a null label": ({"late": [0, 1, None, 1]}, BINARY, "1 of 4 labels are null"),
    "another class": ({"late": [0, 1, 2, 1]}, BINARY, "labels such as '2' are none of 0, 1"),
    "text": ({"late": ["no", "yes", "no", "no"]}, BINARY, "labels such as 'no'"),
    "a value that is none": ({"late": ["1", "2", "x", "3"]}, REGRESSION, "labels are not numbers"),
    "an infinite value": ({"late": [1.0, np.inf, 2.0, 3.0]}, REGRESSION, "infinite"),
    "a time": ({"late": pd.date_range("2020", periods=4)}, REGRESSION, "labels are not numbers"),
    "lists, binary": ({"late": [[0], [1], [0], [1]]}, BINARY, "labels are not plain"),
    "lists": ({"late": [[0], [1], [0], [1]]}, MULTICLASS, "labels are not plain"),
    "one class": ({"late": ["x"] * 4}, MULTICLASS, "the only class is x: `classes` names others"),
    "text for a feature": ({"a": ["1", "2", "3", "4"]}, BINARY, "feature 'a' is not numeric"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_table_that_cannot_judge_is_refused(tmp_path: Path, name: str) -> None:
    columns, task, cause = REFUSED[name]
    with pytest.raises(LockgateError) as refusal:
        read(tmp_path, table(rows=4).assign(**columns), task)
    assert cause in str(refusal.value) and "e.parquet" in str(refusal.value)


def test_a_table_without_rows_or_without_a_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LockgateError, match="has no rows"):
        read(tmp_path, table(rows=4).head(0))
    with pytest.raises(LockgateError, match="has no column 'z'"):
        read(tmp_path, table(rows=4), features=("a", "z"))


def test_weights_and_queries_go_with_the_labels(tmp_path: Path) -> None:
    frame = table(rows=4).assign(w=[0.0, 1, 2, 0.5], q=["b", "a", "b", "a"], late=[0, 3, 1, 0])
    found = read(tmp_path, frame, RANKING, weight="w", query="q")
    predictions = found.predictions(RANKING, found.y)
    assert list(predictions.weights) == [0, 1, 2, 0.5] and list(predictions.query) == [0, 1, 0, 1]
    assert read(tmp_path, frame.assign(late=[0, 1, 0, 1])).weights is None


@pytest.mark.parametrize(
    ("columns", "task", "fields", "cause"),
    [
        ({"w": [-1.0, 1, 1, 1]}, BINARY, {"weight": "w"}, "1 of 4 weights are negative"),
        ({"w": [None, 1, 1, 1]}, BINARY, {"weight": "w"}, "1 of 4 weights are negative, NaN"),
        ({"w": [0, 0, 0, 0]}, BINARY, {"weight": "w"}, "all weights are 0"),
        ({"w": ["a", "b", "c", "d"]}, BINARY, {"weight": "w"}, "weights are not numbers"),
        ({"w": pd.date_range("2020", periods=4)}, BINARY, {"weight": "w"}, "weights are not numbers"),
        ({}, BINARY, {"weight": "w"}, "has no column 'w'"),
        ({}, RANKING, {}, "a ranking needs `query`"),
        ({"q": [1, 1, 2, 2]}, BINARY, {"query": "q"}, "binary-classification has no `query`"),
        ({"q": [1, 1, None, 2]}, RANKING, {"query": "q"}, "1 of 4 queries are null"),
        ({"q": [[1], [1], [2], [2]]}, RANKING, {"query": "q"}, "queries 'q' are not plain"),
        ({"q": [1, 1, 2, 2], "late": [0, -1, 0, 1]}, RANKING, {"query": "q"}, "below 0"),
    ],
)
def test_weights_and_queries_that_are_none(
    tmp_path: Path, columns: dict[str, Any], task: Task, fields: dict[str, Any], cause: str
) -> None:
    with pytest.raises(LockgateError) as refusal:
        read(tmp_path, table(rows=4).assign(**columns), task, **fields)
    assert cause in str(refusal.value)


@pytest.mark.parametrize("far", [1e308, 1e-300])
def test_weights_that_would_overflow_or_vanish_are_scaled_exactly(tmp_path: Path, far: float) -> None:
    frame = table(rows=4).assign(w=[0.0, far, far / 2, far / 8])
    weights = read(tmp_path, frame, weight="w").weights
    assert list(weights / weights.max()) == [0, 1, 0.5, 0.125] and 0.5 <= weights.max() < 1
