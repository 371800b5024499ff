"""The model stage with rules on more than one number: a sound model passes, broken ones are told by name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from helpers.judging import MODELS, checks_of, model_job, table

from runner.errors import ConfigError
from runner.judge.criteria import Criteria
from runner.judge.rules import limits_of
from runner.manifest.thresholds import LOOSENED, moved
from runner.model import Check, Status
from runner.stages.model import run

RULES: dict[str, Any] = {
    "version": 1,
    "task": "binary-classification",
    "calibration": {"max_error": 0.1, "in_the_large": 0.1, "slope": [0.6, 1.6], "intercept": [-0.6, 0.6]},
    "regressions": {"max_share": 0.02, "by": ["place"]},
    "behaviour": [
        {"invariance": {"column": "c", "change": "permute", "within": 0.2, "share": 0.05}},
        {"direction": {"column": "a", "add": 1, "must": "not_lower"}},
        {"unit": {"rows": "rows.jsonl"}},
    ],
    "robustness": {
        "noise": {"columns": ["a", "b"], "sd": 0.05, "metric": "roc_auc", "max_loss": 0.02},
        "unseen": {"columns": ["c"], "code": 99},
    },
    "leakage": {
        "single_feature": {"max_auc": 0.95},
        "duplicates": {"train": "train.parquet"},
        "time": {"column": "day", "train": "train.parquet"},
    },
    "classes_predicted": {"min_share": 0.05},
}
LOOSER: dict[str, Any] = {
    **RULES,
    "calibration": {**RULES["calibration"], "slope": [0.6, 1.7]},
    "regressions": {"max_share": 0.03},
    "behaviour": [
        {"invariance": {"column": "c", "change": "permute", "within": 0.3, "share": 0.1}},
        *RULES["behaviour"][1:],
    ],
    "leakage": {**RULES["leakage"], "time": None},
    "classes_predicted": {},
}
ROW = {"name": "high", "features": {"a": 3, "b": -1, "c": 0}, "min": 0.8}


def judged(root: Path, criteria: dict[str, Any] = RULES, **stage: Any) -> dict[str, Check]:
    root.mkdir(exist_ok=True)
    (root / "rows.jsonl").write_text(json.dumps(ROW))
    table().assign(day="2013-10-01", id=range(600)).to_parquet(root / "evaluation.parquet", index=False)
    if not (root / "train.parquet").exists():
        table(seed=2).assign(day="2013-09-30").to_parquet(root / "train.parquet", index=False)
    shutil.copy(MODELS / "binary.onnx", root / "old.onnx")
    return checks_of(run(model_job(root, criteria, **{"champion": "old.onnx", **stage})))


def test_a_sound_model_passes_every_rule(tmp_path: Path) -> None:
    checks = judged(tmp_path)
    assert {id: check.cause for id, check in checks.items() if check.status is not Status.PASSED} == {}
    assert {id.split("/")[0] for id in checks} > {
        "calibration", "regressions", "behaviour", "robustness", "leakage", "classes_predicted",
    }  # fmt: skip


def test_tables_that_leak_are_told_by_row_id(tmp_path: Path) -> None:
    table().assign(day="2013-10-02").iloc[:5].to_parquet(tmp_path / "train.parquet", index=False)
    evaluation = {"source": "evaluation.parquet", "label": "late", "features": ["a", "b", "c"], "id": "id"}
    checks = judged(tmp_path, evaluation=evaluation)
    duplicates, time = checks["leakage/duplicates"], checks["leakage/time"]
    assert duplicates.status is time.status is Status.FAILED
    assert duplicates.cause.endswith("5 of 600 rows are in the training table too, e.g. id 0, id 1, id 2")


def test_without_its_champion_the_rule_is_an_error(tmp_path: Path) -> None:
    checks = judged(tmp_path, champion="gone.onnx")
    assert checks["regressions"].status is Status.ERROR and "gone.onnx" in checks["regressions"].cause


def test_a_champion_that_no_rule_looks_at_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no rule compares with it"):
        judged(tmp_path, {name: rule for name, rule in RULES.items() if name != "regressions"})


def test_what_moved_against_a_champion_looks_at_it(tmp_path: Path) -> None:
    rule = {"permutations": 1, "max_rows": 100, "max_share_moved": 0.5}
    checks = judged(tmp_path, {"version": 1, "task": RULES["task"], "explain": rule})
    assert checks["explain/moved"].status is Status.PASSED


def test_without_its_table_every_rule_is_skipped(tmp_path: Path) -> None:
    job = model_job(tmp_path, RULES, champion="old.onnx")
    (tmp_path / "evaluation.parquet").write_bytes(b"")
    checks = checks_of(run(job))
    assert checks["leakage/time"].status is checks["behaviour/direction(a)"].status is Status.SKIPPED


def test_the_report_keeps_what_was_found(tmp_path: Path) -> None:
    judged(tmp_path)
    evidence = run(model_job(tmp_path, RULES, champion="old.onnx")).evidence
    assert {"calibration", "regressions", "behaviour", "robustness", "leakage"} <= set(evidence.facts)
    assert json.dumps(dict(evidence.facts))
    assert "What each feature predicts on its own" in {each.title for each in evidence.tables}
    assert "Calibration by bin, with intervals" in {each.title for each in evidence.plots}


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"robustness": {"noise": {"columns": ["a"], "metric": "roc_uac", "max_loss": 0.1}}}, "did you mean"),
        ({"robustness": {}}, "no rule"),
        ({"behaviour": [{"direction": {"column": "a", "add": 0, "must": "not_lower"}}]}, "changes nothing"),
        ({"calibration": {"max_error": 0.1, "slope": [1.1, 1.2]}}, "exact calibration's 1 is not within"),
        ({"leakage": {"single_feature": {"max_auc": 0.4}}}, "max_auc"),
        ({"regressions": {"max_share": 1}}, "max_share"),
        ({"regressions": {"max_share": 0}}, "can never pass"),
    ],
)
def test_rules_that_show_nothing_are_refused_with_their_place(
    tmp_path: Path, rule: dict[str, Any], why: str
) -> None:
    with pytest.raises(ConfigError, match=why) as refusal:
        judged(tmp_path, {"version": 1, "task": "binary-classification", **rule})
    assert all(problem.line for problem in refusal.value.problems)


def test_a_loosened_rule_is_told_as_such() -> None:
    before, after = (limits_of(Criteria.model_validate(each)) for each in (RULES, LOOSER))
    ways = {(check, words.split(" ")[0]): way for check, words, way in moved(before, after)}
    assert ways == {
        ("behaviour/invariance(c)", "max"): LOOSENED,
        ("behaviour/invariance(c)", "within"): LOOSENED,
        ("calibration/slope", "max"): LOOSENED,
        ("classes_predicted", "min"): LOOSENED,
        ("leakage/time", "column"): LOOSENED,
        ("regressions", "max"): LOOSENED,
    }
