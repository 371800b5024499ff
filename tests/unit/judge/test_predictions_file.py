"""A predictions file stands for a model of any framework, as candidate and as champion."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers.judging import CRITERIA, FEATURES, MODELS, checks_of, model_job, table

from runner.judge.onnx_model import Unusable, WrongModel, open_model
from runner.judge.predictions import BINARY, MULTICLASS, REGRESSION
from runner.judge.predictions_file import score_columns
from runner.model import Check, StageReport, Status
from runner.stages import model

RULES = {name: CRITERIA[name] for name in ("version", "task", "metrics")}
SCORES = open_model((MODELS / "binary.onnx").read_bytes(), 3, BINARY).scores(
    table()[list(FEATURES)].to_numpy(), BINARY
)


def rows() -> pd.DataFrame:
    """The evaluation, with ids."""
    frame = table()
    return frame.assign(flight_id=np.arange(len(frame)) * 3 + 1000)


def said() -> pd.DataFrame:
    frame = rows()
    return pd.DataFrame({"flight_id": frame["flight_id"], "y_true": frame["late"], "y_score": SCORES})


def judged(
    root: Path, frame: pd.DataFrame, suffix: str = ".parquet", criteria: Any = RULES, **stage: Any
) -> StageReport:
    """The stage's report on a candidate that is a file of predictions."""
    root.mkdir(exist_ok=True)
    rows().to_parquet(root / "evaluation.parquet", index=False)
    path = root / f"said{suffix}"
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path, index=False)
    asked = {"source": "evaluation.parquet", "label": "late", "id": "flight_id"}
    job = model_job(root, criteria, path, **{"evaluation": asked, **stage})
    return model.run(job)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_file_of_predictions_is_judged_like_the_model_that_made_it(tmp_path: Path, suffix: str) -> None:
    report = judged(tmp_path / "file", said().sample(frac=1, random_state=1), suffix)
    checks = checks_of(report)
    assert report.status is Status.PASSED
    assert "candidate: 600 rows by flight_id, aligned" in checks["pairing"].measured
    assert report.evidence.facts["pairing"]["candidate"]["reordered"] is True
    assert "Predictions files, paired with the evaluation" in [t.title for t in report.evidence.tables]
    other = checks_of(model.run(model_job(tmp_path / "model", RULES)))
    assert checks["metrics/roc_auc"].measured == other["metrics/roc_auc"].measured


def _without(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(index=[5, 6])


def _doubled(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.head(3)])


def _relabelled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(y_true=frame["y_true"].where(frame.index != 7, 1 - frame["y_true"]))


def _shifted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(flight_id=frame["flight_id"] + 3)


def _text(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(flight_id=frame["flight_id"].astype(str))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_without, "2 are missing (e.g. 1015, 1018)"),
        (_doubled, "3 ids stand there twice (e.g. 1000, 1003, 1006)"),
        (_relabelled, "1 have another y_true (e.g. 1021)"),
        (_shifted, "1 are missing (e.g. 1000); 1 are extra (e.g. 2800)"),
        (_text, "the ids are text, the evaluation's are whole numbers"),
    ],
)
def test_rows_that_do_not_pair_are_an_error_with_counts_and_examples(
    tmp_path: Path, damage: Any, told: str
) -> None:
    report = judged(tmp_path, damage(said()))
    checks = checks_of(report)
    assert report.status is Status.ERROR and checks["opens"].status is Status.ERROR
    assert told in checks["opens"].cause and checks["metrics/roc_auc"].status is Status.SKIPPED
    assert damage is _text or (checks["pairing"].status is Status.ERROR and told in checks["pairing"].cause)


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"y_true": None}, Status.FAILED, "no column 'y_true'"),
        ({"flight_id": None}, Status.FAILED, "no column 'flight_id'"),
        ({"y_score": None}, Status.FAILED, "has the score columns none, not y_score_0, y_score_1"),
        ({"y_score_7": 0.5}, Status.FAILED, "has the score columns y_score, y_score_7"),
        ({"y_score": "high"}, Status.FAILED, "'y_score' is not numeric"),
    ],
)
def test_a_file_without_the_columns_is_the_wrong_one(
    tmp_path: Path, change: dict[str, Any], status: Status, told: str
) -> None:
    frame = said().assign(**{name: value for name, value in change.items() if value is not None})
    frame = frame.drop(columns=[name for name, value in change.items() if value is None])
    check = checks_of(judged(tmp_path, frame))["opens"]
    assert check.status is status and told in check.cause


def test_a_null_score_is_no_prediction(tmp_path: Path) -> None:
    frame = said()
    frame.loc[[3, 4], "y_score"] = None
    check = checks_of(judged(tmp_path, frame))["outputs"]
    assert check.status is Status.FAILED and "2 of 600 predictions are NaN" in check.cause


def test_two_probabilities_that_are_not_of_one_or_the_other_are_refused(tmp_path: Path) -> None:
    both = said().assign(y_score_0=1 - SCORES, y_score_1=SCORES).drop(columns="y_score")
    checks = checks_of(judged(tmp_path / "both", both))
    assert checks["metrics/roc_auc"].status is Status.PASSED
    check = checks_of(judged(tmp_path / "same", both.assign(y_score_0=SCORES)))["opens"]
    assert check.status is Status.FAILED and "of 0 and 1 do not sum to 1 in 6" in check.cause


def test_a_constant_is_refused_though_no_features_tell_rows_apart(tmp_path: Path) -> None:
    check = checks_of(judged(tmp_path, said().assign(y_score=0.3)))["outputs"]
    assert check.status is Status.FAILED and "says 0.3 to every one of 600 rows" in check.cause


def test_bytes_that_are_no_table_are_an_error(tmp_path: Path) -> None:
    rows().to_parquet(tmp_path / "evaluation.parquet", index=False)
    (tmp_path / "said.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    asked = {"source": "evaluation.parquet", "label": "late", "id": "flight_id"}
    checks = checks_of(model.run(model_job(tmp_path, RULES, tmp_path / "said.parquet", evaluation=asked)))
    assert checks["opens"].status is Status.ERROR and "cannot be read" in checks["opens"].cause


def test_columns_of_scores_follow_the_classes() -> None:
    labels = ("x", "y", "z")
    assert score_columns(["y_score_z", "y_score_x", "y_score_y"], labels, MULTICLASS) == [
        "y_score_x", "y_score_y", "y_score_z",
    ]  # fmt: skip
    assert score_columns(["y_score_2", "y_score_0", "y_score_1"], labels, MULTICLASS) == [
        "y_score_0", "y_score_1", "y_score_2",
    ]  # fmt: skip
    assert score_columns(["y_score_0", "y_score_1"], (0, 1), BINARY) == ["y_score_0", "y_score_1"]
    for names, classes, task in (
        (["y_score_x", "y_score_y"], labels, MULTICLASS),
        (["y_score"], labels, MULTICLASS),
        (["y_score_0"], (), REGRESSION),
        (["y_score", "y_score_1"], (), REGRESSION),
    ):
        with pytest.raises(WrongModel):
            score_columns(names, classes, task)


def champion_checks(root: Path, frame: pd.DataFrame, **stage: Any) -> dict[str, Check]:
    root.mkdir(exist_ok=True)
    rows().to_parquet(root / "evaluation.parquet", index=False)
    frame.to_parquet(root / "old.parquet", index=False)
    baseline = {"kind": "champion", "path": "old.parquet", "compare": [{"metric": "roc_auc", "margin": 0.02}]}
    asked = {"source": "evaluation.parquet", "label": "late", "id": "flight_id", "features": FEATURES}
    job = model_job(root, {**RULES, "baseline": baseline}, **{"evaluation": asked, **stage})
    return checks_of(model.run(job))


def test_a_champion_may_be_a_file_of_predictions(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    worse = said().assign(y_score=np.clip(SCORES + rng.normal(0, 0.02, len(SCORES)), 0, 1))
    checks = champion_checks(tmp_path, worse.sample(frac=1, random_state=2))
    assert checks["champion/roc_auc"].status is Status.PASSED
    assert "champion: 600 rows by flight_id, aligned" in checks["pairing"].measured


def test_a_champion_that_does_not_pair_compares_with_nothing(tmp_path: Path) -> None:
    checks = champion_checks(tmp_path / "less", _without(said()))
    assert {checks[id].status for id in ("pairing", "champion/roc_auc")} == {Status.ERROR}
    assert "2 are missing" in checks["pairing"].cause and "2 are missing" in checks["champion/roc_auc"].cause
    plain = {"source": "evaluation.parquet", "label": "late", "features": FEATURES}
    checks = champion_checks(tmp_path / "nameless", said(), evaluation=plain)
    assert "pairing" not in checks and "evaluation.id" in checks["champion/roc_auc"].cause


@pytest.mark.parametrize("score", [2.0, -0.1, float("nan")])
def test_nobody_is_better_than_a_champion_whose_answers_are_none(tmp_path: Path, score: float) -> None:
    checks = champion_checks(tmp_path, said().assign(y_score=lambda f: f.y_score.where(f.index > 5, score)))
    check = checks["champion/roc_auc"]
    assert check.status is Status.ERROR and "6 of 600 predictions are" in check.cause
    assert "the champion cannot be used" in check.cause and checks["pairing"].status is Status.PASSED


def test_ids_are_looked_at_even_where_no_file_needs_them(tmp_path: Path) -> None:
    rows().assign(flight_id=1).to_parquet(tmp_path / "evaluation.parquet", index=False)
    asked = {"source": "evaluation.parquet", "label": "late", "id": "flight_id", "features": FEATURES}
    check = checks_of(model.run(model_job(tmp_path, RULES, evaluation=asked)))["pairing"]
    assert check.status is Status.ERROR and "599 ids stand there twice" in check.cause


def test_recorded_predictions_answer_nothing_else(tmp_path: Path) -> None:
    criteria = {**RULES, "latency": {"p95_ms": 5}, "memory": {"max_mb": 50}}
    checks = checks_of(judged(tmp_path, said(), criteria=criteria))
    for id in ("latency/p95", "memory"):
        assert checks[id].status is Status.ERROR and "`through`" in checks[id].cause


def test_recorded_scores_are_of_the_evaluation_alone(tmp_path: Path) -> None:
    from helpers.judging import model_job as job_of

    from runner.judge.evaluation import read_evaluation
    from runner.judge.predictions_file import read_predictions

    rows().to_parquet(tmp_path / "evaluation.parquet", index=False)
    asked = {"source": "evaluation.parquet", "label": "late", "id": "flight_id", "features": FEATURES}
    stage = job_of(tmp_path, RULES, evaluation=asked).stage
    evaluation = read_evaluation(tmp_path, stage.evaluation, BINARY)  # type: ignore[union-attr]
    said().to_parquet(tmp_path / "said.parquet")
    data = (tmp_path / "said.parquet").read_bytes()
    recorded = read_predictions(data, ".parquet", evaluation, "flight_id", BINARY)
    assert (recorded.scores(evaluation.matrix, BINARY) == SCORES).all()
    with pytest.raises(Unusable, match="other rows"):
        recorded.scores(evaluation.matrix.copy(), BINARY)
    with pytest.raises(Unusable, match="cannot be paired"):
        odd = replace(evaluation, frame=evaluation.frame.drop(columns="flight_id"))
        read_predictions(data, ".parquet", odd, "flight_id", BINARY)
