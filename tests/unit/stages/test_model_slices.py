"""Slices, fairness and the worst slices in the model stage: from a file to checks and evidence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.judging import MODELS, checks_of, model_job, table

from runner.errors import ConfigError
from runner.model import Status
from runner.stages.model import run
from runner.wire import dump

TASK = {"version": 1, "task": "binary-classification"}
MARGIN = {"by": "place", "metric": "roc_auc", "margin": 0.05, "min_rows": 50}
FAIR = {"by": "place", "measure": "demographic_parity", "max_difference": 0.2}


def judged(root: Path, *, candidate: str = "binary", champion: str = "binary", **rules: Any) -> Any:
    root.mkdir(parents=True, exist_ok=True)
    if champion:
        shutil.copy(MODELS / f"{champion}.onnx", root / "old.onnx")
    named = {"champion": "old.onnx"} if champion else {}
    return run(model_job(root, {**TASK, **rules}, candidate, **named))


def refused(root: Path, **rules: Any) -> str:
    with pytest.raises(ConfigError) as error:
        run(model_job(root, {**TASK, **rules}))
    return str(error.value)


def test_a_worse_model_fails_in_its_slices_and_a_better_one_passes(tmp_path: Path) -> None:
    """The champion.onnx of the tests is worse than its binary.onnx."""
    better = checks_of(judged(tmp_path / "a", champion="champion", slices=[MARGIN]))
    worse = checks_of(judged(tmp_path / "b", candidate="champion", slices=[MARGIN]))
    assert better["slices/place=south/champion/roc_auc"].status is Status.PASSED
    assert worse["slices/place=south/champion/roc_auc"].status is Status.FAILED
    assert worse["slices/place=tiny/champion/roc_auc"].status is Status.SKIPPED
    assert worse["slices/place/champion/roc_auc"].measured.startswith(
        "2 of 3 slices judged, half of them tell"
    )


def test_the_champion_itself_has_lost_nothing_anywhere(tmp_path: Path) -> None:
    """A commit that leaves the model alone: no estimate says so, the bytes do."""
    report = judged(tmp_path, slices=[MARGIN])
    assert report.status is Status.PASSED
    assert "the candidate is the champion" in checks_of(report)["slices/place/champion/roc_auc"].measured


def test_slices_without_their_champion_are_an_error(tmp_path: Path) -> None:
    report = judged(tmp_path, champion="", slices=[MARGIN])
    checks = checks_of(report)
    assert checks["slices/place/champion/roc_auc"].status is Status.ERROR
    assert checks["slices/place=north/champion/roc_auc"].status is Status.SKIPPED


def test_columns_that_are_no_features_cut_slices(tmp_path: Path) -> None:
    rules = [
        {"by": ["place", "three"], "metric": "accuracy", "min": 0.1, "min_rows": 20},
        {"by": "value", "bins": [-1, 0, 1], "metric": "accuracy", "min": 0.1},
        {"where": {"far south": "place == 'south' and value > 0.5"}, "metric": "accuracy", "min": 0.1},
    ]
    checks = checks_of(judged(tmp_path, champion="", slices=rules))
    for id in (
        "slices/place=north & three=0/accuracy",
        "slices/value=[0, 1]/accuracy",
        "slices/far south/accuracy",
    ):
        assert checks[id].status is Status.PASSED


def test_groups_that_are_treated_differently_fail(tmp_path: Path) -> None:
    fair = checks_of(judged(tmp_path / "a", champion="", fairness=[FAIR]))
    assert fair["fairness/place/demographic_parity"].status is Status.PASSED
    biased = table()
    north = biased.place == "north"
    biased["a"] = biased["a"] + np.where(north, 2, 0).astype("float32")
    (tmp_path / "b").mkdir()
    biased.to_parquet(tmp_path / "b" / "evaluation.parquet", index=False)
    unfair = checks_of(judged(tmp_path / "b", champion="", fairness=[FAIR]))
    assert unfair["fairness/place=tiny/demographic_parity"].status is Status.SKIPPED
    assert unfair["fairness/place/demographic_parity"].status is Status.FAILED
    assert "(north 0." in unfair["fairness/place/demographic_parity"].cause


def test_the_worst_slices_are_shown_unasked_and_gate_nothing(tmp_path: Path) -> None:
    spoilt = table()
    spoilt.loc[spoilt.place == "south", "late"] ^= 1
    spoilt.to_parquet(tmp_path / "evaluation.parquet", index=False)
    report = judged(tmp_path, champion="", size={"max_mb": 1})
    assert report.status is Status.PASSED
    found = [each["slice"] for each in report.evidence.facts["worst_slices"]["found"]]
    assert "place=south" in found[:3] and found[0].startswith("place=south")
    (shown,) = [each for each in report.evidence.tables if each.title.startswith("Worst slices")]
    assert [row[0] for row in shown.rows] == found and "pairs of columns" in shown.title
    assert "Worst slices" in [plot.title for plot in report.evidence.plots]
    assert json.loads(dump(report))["status"] == "PASSED"


@pytest.mark.parametrize(
    ("rules", "cause"),
    [
        ({"slices": [{"by": "place", "metric": "roc_auc", "margin": 1}]}, "margin 1 can never fail"),
        ({"slices": [{"by": "place", "metric": "roc_auc"}]}, "roc_auc needs a min"),
        ({"slices": [MARGIN, MARGIN]}, "a second rule for roc_auc"),
        ({"slices": [{"where": "a.b > 1", "metric": "f1", "min": 0.1}]}, "'a.b' is not allowed"),
        ({"slices": [{**MARGIN, "by": None}]}, "by columns ('by') or by expressions"),
        ({"slices": [{**MARGIN, "bins": [True, 2]}]}, "a number, not yes or no"),
        ({"fairness": [FAIR, FAIR]}, "a second rule for demographic_parity by place"),
        ({"fairness": [{**FAIR, "mesure": 1}]}, "did you mean 'measure'"),
        ({"task": "regression", "fairness": [FAIR]}, "is of predictions of 0 and 1"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused(tmp_path: Path, rules: dict[str, Any], cause: str) -> None:
    assert cause in refused(tmp_path, **rules)


def test_a_margin_and_a_bound_on_the_same_slices_are_two_rules(tmp_path: Path) -> None:
    bound = {"by": "place", "metric": "roc_auc", "min": 0.5, "min_rows": 50}
    checks = checks_of(judged(tmp_path, champion="champion", slices=[MARGIN, bound]))
    assert {"slices/place/champion/roc_auc", "slices/place/roc_auc"} <= set(checks)


def test_without_a_table_the_rules_own_checks_are_due(tmp_path: Path) -> None:
    (tmp_path / "evaluation.parquet").write_bytes(b"no table")
    report = judged(tmp_path, slices=[MARGIN], fairness=[FAIR])
    assert report.status is Status.ERROR
    assert report.collected[-2:] == ("slices/place/champion/roc_auc", "fairness/place/demographic_parity")


def test_the_manifest_carries_what_a_rule_allows(tmp_path: Path) -> None:
    rule = {**MARGIN, "by": ["place", "value"], "bins": {"value": [-1, 0, 1]}}
    criteria = judged(tmp_path, champion="champion", slices=[rule], fairness=[FAIR]).judged[0]
    limits = json.loads(json.dumps(criteria.facts["limits"]))
    assert limits["slices/place & value/champion/roc_auc"] == {
        "margin": 0.05,
        "min_rows": 50,
        "bins": {"value": [-1, 0, 1]},
        "adjust": "holm",
        "alpha": 0.05,
    }
    assert limits["fairness/place/demographic_parity"]["max"] == 0.2


def test_the_check_of_one_expression_is_not_called_as_its_slice(tmp_path: Path) -> None:
    rule = {"where": "value > 0", "metric": "accuracy", "min": 0.1}
    report = judged(tmp_path, champion="", slices=[rule])
    assert len(set(report.collected)) == len(report.collected)
    assert {"slices/value > 0/accuracy", "slices/where value > 0/accuracy"} <= checks_of(report).keys()


def test_a_slice_without_a_value_was_not_judged(tmp_path: Path) -> None:
    checks = checks_of(
        judged(tmp_path, champion="", slices=[{"by": "late", "metric": "roc_auc", "min": 0.1}])
    )
    assert checks["slices/late=1/roc_auc"].limit == ">= 0.1"
    assert checks["slices/late/roc_auc"].measured == "0 of 2 slices judged"
    assert checks["slices/late/roc_auc"].status is Status.ERROR


def test_a_column_of_several_lines_gives_ids_of_one(tmp_path: Path) -> None:
    table().rename(columns={"place": "the\nplace"}).to_parquet(tmp_path / "evaluation.parquet", index=False)
    slices = [{"by": "the\nplace", "metric": "accuracy", "min": 0.1}]
    slices += [{"by": ["the\nplace", "three"], "metric": "accuracy", "min": 0.1}]
    fair = {"by": "the\nplace", "measure": "demographic_parity", "max_difference": 0.5}
    ids = judged(tmp_path, champion="", slices=slices, fairness=[fair]).collected
    assert {"slices/the place=north/accuracy", "slices/the place & three/accuracy"} <= set(ids)
    assert "fairness/the place=north/demographic_parity" in ids and not any("\n" in id for id in ids)
