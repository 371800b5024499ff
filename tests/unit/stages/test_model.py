"""The model stage on real (tiny) ONNX models: a good one passes, every planted fault is named."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.judging import CRITERIA, MODELS, checks_of, model_job, table

from runner.errors import ConfigError
from runner.model import Check, Status
from runner.stages.model import run
from runner.wire import dump

ALWAYS = ["evaluation", "record", "opens", "outputs"]


def only(**rules: Any) -> dict[str, Any]:
    return {"version": 1, "task": "binary-classification", **rules}


def failing(tmp_path: Path, criteria: Any, model: str = "binary", **stage: Any) -> list[Check]:
    """The checks that did not pass."""
    report = run(model_job(tmp_path, criteria, model, **stage))
    return [check for check in checks_of(report).values() if check.status is not Status.PASSED]


def test_a_good_model_passes_and_leaves_its_evidence(tmp_path: Path) -> None:
    told: list[Check] = []
    report = run(replace(model_job(tmp_path), progress=told.append))
    checks = checks_of(report)
    assert report.status is Status.PASSED
    assert list(checks) == [
        *ALWAYS,
        "metrics/roc_auc",
        "metrics/log_loss",
        "baseline/log_loss",
        "calibration/ece",
        "slices/place=north/roc_auc",
        "slices/place=south/roc_auc",
        "slices/place=tiny/roc_auc",
        "slices/place/roc_auc",
        "latency/p95",
        "size",
    ]
    assert told == list(report.checks)
    assert checks["slices/place=tiny/roc_auc"].status is Status.SKIPPED
    assert checks["metrics/roc_auc"].limit == ">= 0.7" and checks["metrics/roc_auc"].suite == "criteria.yml"
    criteria, data = report.judged
    assert (criteria.kind, criteria.name, data.kind, data.facts["rows"]) == (
        "criteria",
        "criteria.yml",
        "data",
        600,
    )
    assert data.facts["positives"] == int(table()["late"].sum())
    facts = report.evidence.facts
    assert facts["metrics"]["roc_auc"] > 0.7 and "f1" in facts["metrics"] and facts["latency_ms"]["p99"] > 0
    assert facts["record"]["estimator"] == "linear" and facts["versions"]["onnxruntime"]
    titles = [plot.title for plot in report.evidence.plots]
    assert titles[:4] == ["ROC", "Precision-recall", "Calibration", "Scores by label"]
    assert {"Calibration by bin, with intervals", "roc_auc by place"} <= set(titles[4:])
    assert json.loads(dump(report))["status"] == "PASSED"


RULES: dict[str, tuple[dict[str, Any], str]] = {
    "metrics/roc_auc": ({"metrics": [{"metric": "roc_auc", "min": 0.999}]}, "< 0.999 (min) on 600 rows"),
    "metrics/log_loss": ({"metrics": [{"metric": "log_loss", "max": 0.01}]}, "> 0.01 (max) on 600 rows"),
    "metrics/f1(threshold=0.9)": (
        {"metrics": [{"metric": "f1", "threshold": 0.9, "min": 0.9}]},
        "f1(threshold=0.9)",
    ),
    "baseline/roc_auc": (
        {
            "baseline": {
                "kind": "dummy",
                "strategy": "prior",
                "must_beat": [{"metric": "roc_auc", "by": 0.45}],
            }
        },
        "of the prior dummy",
    ),
    "calibration/ece": ({"calibration": {"max_error": 0.0001}}, "expected calibration error (10 bins)"),
    "latency/p95": ({"latency": {"p95_ms": 0.000001, "repeats": 20}}, "ms > 1e-06 ms (max)"),
    "size": ({"size": {"max_mb": 0.0001}}, "the model file 0.000389 > 0.0001 MB (max)"),
}


@pytest.mark.parametrize("id", RULES)
def test_every_rule_fails_with_its_number(tmp_path: Path, id: str) -> None:
    rules, cause = RULES[id]
    (check,) = failing(tmp_path, only(**rules))
    assert (check.id, check.status) == (id, Status.FAILED)
    assert cause.replace("ms > 1e-06", "") in check.cause or cause in check.cause


def test_labels_shuffled_against_the_features_fail(tmp_path: Path) -> None:
    shuffled = table()
    shuffled["late"] = np.random.default_rng(3).permutation(shuffled["late"])
    shuffled.to_parquet(tmp_path / "evaluation.parquet", index=False)
    failed = {check.id for check in failing(tmp_path, CRITERIA) if check.status is Status.FAILED}
    assert {"metrics/roc_auc", "metrics/log_loss", "baseline/log_loss"} <= failed


def test_a_swapped_model_fails_although_it_meets_every_other_rule(tmp_path: Path) -> None:
    job = model_job(tmp_path, only(size={"max_mb": 1}))
    recorded = json.loads((tmp_path / "training.json").read_text())["model_sha256"]
    shutil.copy(MODELS / "champion.onnx", tmp_path / "model.onnx")
    report = run(job)
    check = checks_of(report)["record"]
    assert report.status is check.status is Status.FAILED
    assert recorded[:12] in check.cause and check.measured in check.cause and check.measured != recorded[:12]


def test_a_model_of_other_inputs_fails_and_the_rest_is_not_judged(tmp_path: Path) -> None:
    opens, *rest = failing(tmp_path, CRITERIA, "wide")
    assert (opens.id, opens.status) == ("opens", Status.FAILED) and "takes 6 features" in opens.cause
    assert {check.status for check in rest} == {Status.SKIPPED} and len(rest) == 11


def test_a_file_that_is_no_model_is_an_error(tmp_path: Path) -> None:
    job = model_job(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"pickle? no.")
    checks = checks_of(run(job))
    assert checks["opens"].status is Status.ERROR and "does not open" in checks["opens"].cause


def test_a_model_that_is_gone_is_an_error(tmp_path: Path) -> None:
    job = model_job(tmp_path)
    (tmp_path / "model.onnx").unlink()
    report = run(job)
    assert report.status is checks_of(report)["record"].status is Status.ERROR
    assert run(replace(job, artifacts={})).status is Status.ERROR


def test_predictions_that_are_no_numbers_never_pass(tmp_path: Path) -> None:
    holes = table()
    holes.loc[[50, 51], "a"] = None
    holes.to_parquet(tmp_path / "evaluation.parquet", index=False)
    report = run(model_job(tmp_path, CRITERIA))
    found = checks_of(report)
    assert report.status is found["outputs"].status is Status.FAILED
    assert "2 of 600 predictions are NaN" in found["outputs"].cause
    rest = set(report.collected) - set(ALWAYS)
    assert rest and all(found[id].status is Status.SKIPPED for id in rest)


def test_without_an_evaluation_table_nothing_is_judged(tmp_path: Path) -> None:
    job = model_job(tmp_path)
    (tmp_path / "evaluation.parquet").unlink()
    report = run(job)
    first, *rest = checks_of(report).values()
    assert report.status is first.status is Status.ERROR and "evaluation.parquet" in first.cause
    assert {check.status for check in rest} == {Status.SKIPPED}


def test_a_slice_rule_of_no_column_or_of_small_slices_is_an_error(tmp_path: Path) -> None:
    rule = {"metric": "roc_auc", "min": 0.6}
    (gone,) = failing(tmp_path, only(slices=[{**rule, "by": "gone"}]))
    assert (gone.id, gone.status) == ("slices/gone/roc_auc", Status.ERROR)
    *_, small = failing(tmp_path, only(slices=[{**rule, "by": "place", "min_rows": 10_000}]))
    assert (small.id, small.status) == ("slices/place/roc_auc", Status.ERROR)


CHAMPION = {"kind": "champion", "path": "champion.onnx", "must_beat": [{"metric": "roc_auc", "by": 0.05}]}


def test_a_worse_champion_is_beaten_and_an_equal_one_is_not(tmp_path: Path) -> None:
    shutil.copy(MODELS / "champion.onnx", tmp_path / "champion.onnx")
    assert failing(tmp_path, only(baseline=CHAMPION)) == []
    shutil.copy(MODELS / "binary.onnx", tmp_path / "champion.onnx")
    (check,) = failing(tmp_path, only(baseline=CHAMPION))
    assert check.status is Status.FAILED and "of the champion" in check.cause


COMPARED = {"kind": "champion", "path": "champion.onnx", "compare": [{"metric": "roc_auc", "margin": 0.01}]}


def test_the_champion_itself_is_as_good_as_itself_and_no_better(tmp_path: Path) -> None:
    """The same bytes need no evidence; other bytes that say the same are ten rows short of any."""
    model = (MODELS / "binary.onnx").read_bytes()
    (tmp_path / "champion.onnx").write_bytes(model)
    assert failing(tmp_path, only(baseline=COMPARED)) == []
    better = [{"metric": "roc_auc", "margin": 0.01, "accept": ["better"]}]
    (check,) = failing(tmp_path, only(baseline={**COMPARED, "compare": better}))
    assert check.status is Status.FAILED and "no better" in check.cause
    (tmp_path / "champion.onnx").write_bytes(renamed(model))
    (check,) = failing(tmp_path, only(baseline=COMPARED))
    assert check.status is Status.ERROR and "0 rows" in check.cause


def renamed(model: bytes) -> bytes:
    """The same model by other bytes: another producer's version, which ONNX keeps in field 3 (protobuf)."""
    return model + b"\x1a\x01x"


def test_a_missing_or_broken_champion_is_an_error(tmp_path: Path) -> None:
    (check,) = failing(tmp_path, only(baseline=CHAMPION))
    assert check.status is Status.ERROR and "no champion at champion.onnx" in check.cause
    (tmp_path / "champion.onnx").write_bytes(b"x")
    (check,) = failing(tmp_path, only(baseline=CHAMPION))
    assert check.status is Status.ERROR and "champion cannot be used" in check.cause


def test_a_champion_of_lockgate_yml_must_be_compared_with(tmp_path: Path) -> None:
    shutil.copy(MODELS / "champion.onnx", tmp_path / "old.onnx")
    unnamed = {key: value for key, value in CHAMPION.items() if key != "path"}
    assert failing(tmp_path, only(baseline=unnamed), champion="old.onnx") == []
    with pytest.raises(ConfigError, match="no rule compares with it"):
        run(model_job(tmp_path, CRITERIA, champion="old.onnx"))
    with pytest.raises(ConfigError, match="the champion has no path"):
        run(model_job(tmp_path, only(baseline=unnamed)))
    with pytest.raises(ConfigError, match="outside the solution"):
        run(model_job(tmp_path, only(baseline=unnamed), champion="../old.onnx"))


def test_parity_without_a_reference_is_an_error(tmp_path: Path) -> None:
    (check,) = failing(tmp_path, only(parity={}))
    assert (check.id, check.status) == ("parity", Status.ERROR) and "no reference" in check.cause


def test_a_reference_is_compared_even_where_no_rule_asks(tmp_path: Path) -> None:
    (check,) = failing(tmp_path, CRITERIA | {"slices": []}, reference="gone.skops")
    assert (check.id, check.status) == ("parity", Status.ERROR) and "there is no gone.skops" in check.cause


def test_the_other_tasks_are_judged(tmp_path: Path) -> None:
    evaluation = {"source": "evaluation.parquet", "features": ["a", "b", "c"]}
    regression = {"version": 1, "task": "regression", "metrics": [{"metric": "r2", "min": 0.3}]}
    beat = {"kind": "dummy", "strategy": "mean", "must_beat": [{"metric": "mean_absolute_error", "by": 0.1}]}
    value = {**evaluation, "label": "value"}
    assert failing(tmp_path, {**regression, "baseline": beat}, "regression", evaluation=value) == []
    three = {
        "version": 1,
        "task": "multiclass-classification",
        "classes": [0, 1, 2],
        "metrics": [{"metric": "accuracy", "min": 0.5}, {"metric": "f1", "average": "weighted", "min": 0.4}],
        "calibration": {"max_error": 0.2},
        "baseline": {"kind": "dummy", "strategy": "stratified", "must_beat": [{"metric": "log_loss"}]},
    }
    assert failing(tmp_path, three, "three", evaluation={**evaluation, "label": "three"}) == []


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "version: 1\ntask: binary-classification\n"])
def test_criteria_without_a_criterion_judge_nothing(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="no criteria"):
        run(model_job(tmp_path, text))
