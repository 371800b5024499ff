"""SageMaker's statistics of a model's quality: scikit-learn's numbers in the model monitor's form."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import numpy as np
import pytest
from helpers.judging import binary, multiclass, regression
from sklearn import metrics

from runner.judge.model_metrics import model_quality
from runner.judge.plots import POINTS
from runner.judge.predictions import RANKING, Predictions

NUMBER = {"type": "number"}
STATISTIC = {
    "type": "object",
    "required": ["value", "standard_deviation"],
    "additionalProperties": False,
    "properties": {
        "value": NUMBER,
        "standard_deviation": {"anyOf": [{"type": "number", "minimum": 0}, {"const": "NaN"}]},
    },
}
CURVE = {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}, "maxItems": POINTS}
FAMILY = {
    "type": "object",
    "additionalProperties": STATISTIC,
    "properties": {
        "confusion_matrix": {
            "type": "object",
            "additionalProperties": {"additionalProperties": {"type": "integer", "minimum": 0}},
        },
        "receiver_operating_characteristic_curve": {
            "required": ["false_positive_rates", "true_positive_rates"],
            "additionalProperties": CURVE,
        },
        "precision_recall_curve": {"required": ["precisions", "recalls"], "additionalProperties": CURVE},
    },
}
# What the model monitor writes (docs.aws.amazon.com/.../model-monitor-model-quality-metrics.html).
SCHEMA = {
    "type": "object",
    "required": ["version", "dataset"],
    "minProperties": 3,
    "additionalProperties": False,
    "properties": {
        "version": {"const": 0.0},
        "dataset": {"required": ["item_count"], "properties": {"item_count": {"type": "integer"}}},
        "binary_classification_metrics": FAMILY,
        "multiclass_classification_metrics": FAMILY,
        "regression_metrics": FAMILY,
    },
}


def told(p: Predictions, family: str) -> dict[str, Any]:
    document = model_quality(p)
    jsonschema.validate(json.loads(json.dumps(document, allow_nan=False)), SCHEMA)
    assert document is not None
    found: dict[str, Any] = document[family]
    return found


def test_of_two_classes_it_is_what_scikit_learn_says() -> None:
    p = binary(rows=2000)
    said, found = p.labels(), told(p, "binary_classification_metrics")
    assert found["f0_5"]["value"] == pytest.approx(metrics.fbeta_score(p.y, said, beta=0.5), abs=1e-12)
    assert found["f2"]["value"] == pytest.approx(metrics.fbeta_score(p.y, said, beta=2), abs=1e-12)
    assert found["accuracy"]["value"] == pytest.approx(metrics.accuracy_score(p.y, said), abs=1e-12)
    assert found["auc"]["value"] == pytest.approx(metrics.roc_auc_score(p.y, p.scores), abs=1e-12)
    assert found["precision"]["value"] == pytest.approx(metrics.precision_score(p.y, said), abs=1e-12)
    assert found["false_positive_rate"]["value"] == pytest.approx(
        1 - metrics.recall_score(p.y, said, pos_label=0)
    )
    cells = metrics.confusion_matrix(p.y, said)
    assert found["confusion_matrix"] == {str(i): {str(j): int(cells[i, j]) for j in (0, 1)} for i in (0, 1)}


def test_the_curves_keep_their_area_in_the_monitors_order() -> None:
    p = binary(rows=2000)
    found = told(p, "binary_classification_metrics")
    roc, pr = found["receiver_operating_characteristic_curve"], found["precision_recall_curve"]
    area = np.trapezoid(roc["true_positive_rates"], roc["false_positive_rates"])
    assert area == pytest.approx(metrics.roc_auc_score(p.y, p.scores), abs=0.002)
    assert pr["recalls"] == sorted(pr["recalls"]) and pr["recalls"][0] == 0.0
    assert len(pr["recalls"]) == len(pr["precisions"])


def test_the_deviation_is_that_of_the_metric_over_samples() -> None:
    names, family = ("recall", "precision", "f2", "true_negative_rate"), "binary_classification_metrics"
    drawn = [told(binary(seed, rows=300), family) for seed in range(100)]
    for name in names:
        over = np.std([found[name]["value"] for found in drawn])
        assert drawn[0][name]["standard_deviation"] == pytest.approx(over, rel=0.3)


def test_the_other_tasks_have_their_names() -> None:
    p = multiclass(rows=900)
    found = told(p, "multiclass_classification_metrics")
    wanted = metrics.precision_score(p.y, p.labels(), average="weighted")
    assert found["weighted_precision"]["value"] == pytest.approx(wanted, abs=1e-12)
    assert set(found["confusion_matrix"]) == {"x", "y", "z"}
    assert set(told(regression(), "regression_metrics")) == {"mae", "mse", "rmse", "r2"}


def test_what_is_not_defined_is_left_out_and_a_ranking_has_no_form() -> None:
    p = binary()
    found = told(p.where(p.y == 1), "binary_classification_metrics")
    assert "auc" not in found and "true_negative_rate" not in found and "precision_recall_curve" not in found
    assert found["recall"]["value"] > 0
    ranking = Predictions(RANKING, p.y, p.scores, query=np.arange(len(p)) // 10)
    assert model_quality(ranking) is None


def test_rows_whose_weights_leave_one_class_have_no_curves() -> None:
    """A curve of NaN would be no JSON, and stopped the stage."""
    rows = binary()
    told = model_quality(Predictions(rows.task, rows.y, rows.scores, weights=rows.y * 1.0))
    assert told is not None and "precision_recall_curve" not in told["binary_classification_metrics"]
    json.dumps(told, allow_nan=False)
