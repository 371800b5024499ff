"""The model stage with `explain`: what matters is shown, what must not matter is judged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from helpers.judging import CRITERIA, MODELS, checks_of, model_job

from runner.judge.model_metrics import FILE
from runner.model import Status
from runner.stages.model import run

CHAMPION = {"kind": "champion", "path": "old.onnx", "must_beat": [{"metric": "roc_auc"}]}


def judged(root: Path, explain: dict[str, Any], *, champion: str = "", **more: Any) -> Any:
    criteria = {**CRITERIA, "explain": explain, **more}
    if champion:
        criteria["baseline"] = CHAMPION
        root.mkdir(parents=True)
        shutil.copy(MODELS / f"{champion}.onnx", root / "old.onnx")
    return run(model_job(root, criteria))


def test_what_the_model_rests_on_is_shown_and_kept(tmp_path: Path) -> None:
    report = judged(tmp_path / "s", {"permutations": 2})
    assert checks_of(report)["explain"].measured == "3 features by 2 permutations of 600 rows"
    (table,) = (t for t in report.evidence.tables if t.title.startswith("Permutation"))
    assert [row[0] for row in table.rows] == ["a", "b", "c"]
    assert any(plot.title == "Permutation importance" for plot in report.evidence.plots)
    assert list(report.evidence.facts["importance"]) == ["a", "b", "c"]


def test_a_feature_that_must_not_matter_is_failed_where_it_does_and_could_not_be_told_near_the_bound(
    tmp_path: Path,
) -> None:
    explain = {"must_not_use": ["a", "c", "place"], "max_importance": 0.02, "permutations": 2}
    checks = checks_of(judged(tmp_path / "s", explain))
    found = {id.rpartition("/")[2]: check.status for id, check in checks.items() if "must_not" in id}
    assert found == {"a": Status.FAILED, "c": Status.PASSED, "place": Status.PASSED}
    assert "what roc_auc loses without a" in checks["explain/must_not_use/a"].cause
    assert checks["explain/must_not_use/place"].measured == "the model is not given it"
    near = {"must_not_use": ["a"], "max_importance": report_of(checks), "permutations": 2}
    assert checks_of(judged(tmp_path / "n", near))["explain/must_not_use/a"].status is Status.ERROR


def report_of(checks: dict[str, Any]) -> float:
    """The importance of `a` itself: a bound that its interval lies across."""
    return float(checks["explain/must_not_use/a"].measured.split()[0])


def test_a_name_that_is_nowhere_is_no_evidence(tmp_path: Path) -> None:
    check = checks_of(judged(tmp_path / "s", {"must_not_use": ["plce"], "max_importance": 0.02}))
    assert check["explain/must_not_use/plce"].status is Status.ERROR
    assert "did you mean 'place'" in check["explain/must_not_use/plce"].cause


@pytest.mark.parametrize(
    ("champion", "status"), [("binary", Status.PASSED), ("champion", Status.FAILED), ("wide", Status.ERROR)]
)
def test_what_moved_against_the_champion(tmp_path: Path, champion: str, status: Status) -> None:
    """`champion` does not look at the first feature at all; `wide` cannot be asked these rows."""
    checks = checks_of(judged(tmp_path / "s", {"max_share_moved": 0.3}, champion=champion))
    assert checks["explain/moved"].status is status


def test_what_noise_may_have_moved_is_an_error(tmp_path: Path) -> None:
    rule = {"max_share_moved": 0.01, "permutations": 2}
    first = checks_of(judged(tmp_path / "a", rule, champion="champion"))["explain/moved"].measured
    value, low = (float(each.strip("[,")) for each in first.split()[:2])
    near = {**rule, "max_share_moved": (value + low) / 2}
    check = checks_of(judged(tmp_path / "b", near, champion="champion"))["explain/moved"]
    assert (check.status, "noise" in check.cause) == (Status.ERROR, True)


def test_without_a_champion_what_moved_is_an_error(tmp_path: Path) -> None:
    checks = checks_of(judged(tmp_path / "s", {"max_share_moved": 0.3}))
    assert checks["explain/moved"].status is Status.ERROR and "champion" in checks["explain/moved"].cause


def test_time_that_is_over_fails_closed(tmp_path: Path) -> None:
    explain = {"seconds": 1e-9, "must_not_use": ["c"], "max_importance": 0.02}
    checks = checks_of(judged(tmp_path / "s", explain))
    assert {checks[id].status for id in ("explain", "explain/must_not_use/c")} == {Status.ERROR}
    assert "0 of 3 features" in checks["explain"].cause


def test_sagemakers_statistics_lie_beside_the_result(tmp_path: Path) -> None:
    root = tmp_path / "s"
    report = judged(root, {"permutations": 1})
    told = json.loads((root / "out" / FILE).read_text())["binary_classification_metrics"]
    assert FILE in report.evidence.files
    assert told["auc"]["value"] == report.evidence.facts["metrics"]["roc_auc"]
    low, high = report.evidence.facts["intervals"]["roc_auc"]
    assert low < told["auc"]["value"] < high
    assert told["auc"]["standard_deviation"] == report.evidence.facts["standard_errors"]["roc_auc"]


def test_a_feature_of_a_group_is_not_looked_at_alone(tmp_path: Path) -> None:
    explain = {"permutations": 1, "groups": {"g": ["a", "b"]}, "must_not_use": ["a"], "max_importance": 0.1}
    check = checks_of(judged(tmp_path / "s", explain))["explain/must_not_use/a"]
    assert check.status is Status.ERROR and "it is permuted with the group 'g'" in check.cause
