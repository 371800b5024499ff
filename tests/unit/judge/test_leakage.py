"""Leakage probes: planted leaks are named, honest tables pass, what cannot be compared is an ERROR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers.trials import checks_of, features, trial_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from runner.judge.parts.leakage import PART
from runner.judge.predictions import BINARY, MULTICLASS, RANKING, REGRESSION, Predictions
from runner.judge.single_feature import alone
from runner.judge.training_rows import duplicates, earlier
from runner.model import Check, Status

ROWS = 2_000
FRAME = features(ROWS)
RNG = np.random.default_rng(8)
Y = (RNG.random(ROWS) < 0.3).astype(int)


def predicts(column: Any, y: Any = Y, task: Any = BINARY, classes: tuple[Any, ...] = (0, 1)) -> float:
    return alone(
        np.asarray(column, dtype=np.float32), Predictions(task, np.asarray(y), np.zeros(len(y)), classes)
    )


def test_honest_features_predict_little() -> None:
    for column in FRAME.columns:
        assert 0.5 <= predicts(FRAME[column]) < 0.55


LEAKS = {
    "the label": Y,
    "turned round": -3.0 * Y,
    "with noise": Y + RNG.normal(0, 0.1, ROWS),
    "a band": np.where(
        Y == 1, RNG.uniform(4, 5, ROWS), np.where(RNG.random(ROWS) < 0.5, 0, 9) + RNG.random(ROWS)
    ),
    "a code": np.where(Y == 1, RNG.choice([3, 17, 40], ROWS), RNG.choice([1, 8, 25, 60], ROWS)),
    "by being missing": np.where(Y == 1, np.nan, RNG.random(ROWS)),
    "by being there": np.where(Y == 0, np.nan, RNG.random(ROWS)),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_feature_that_knows_the_label_is_told_whatever_its_shape(leak: str) -> None:
    assert predicts(LEAKS[leak]) > 0.97


def test_many_values_alone_gain_nothing() -> None:
    assert predicts(RNG.permutation(ROWS)) < 0.56
    assert predicts(RNG.permutation(60), Y[:60]) < 0.8


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 9_999), st.integers(2, 40), st.integers(0, 30))
def test_by_rank_it_is_at_least_scikit_learns_area(seed: int, values: int, gone: int) -> None:
    rng = np.random.default_rng(seed)
    column, y = rng.integers(0, values, 80).astype(float), rng.integers(0, 2, 80)
    y[:2] = 0, 1
    column[:gone] = np.nan
    areas = [roc_auc_score(y, np.nan_to_num(column, nan=place)) for place in (-1, values)]
    assert predicts(column, y) >= max(max(area, 1 - area) for area in areas) - 1e-12


def test_of_classes_the_best_told_one_counts() -> None:
    y = RNG.integers(0, 3, ROWS)
    assert predicts((y == 1) + RNG.normal(0, 0.1, ROWS), y, MULTICLASS, ("x", "y", "z")) > 0.99
    assert predicts(FRAME["a"], y, MULTICLASS, ("x", "y", "z")) < 0.56


def test_of_few_rows_the_rank_of_each_class_counts_in_either_direction() -> None:
    y = np.array([1, 1, 1, 0, 2, 0, 2, 2, 0])  # ranks tell class 1 alone; halves of nine rows teach nothing
    assert predicts(np.arange(9), y, MULTICLASS, ("x", "y", "z")) == 1
    assert predicts(-np.arange(9), y, MULTICLASS, ("x", "y", "z")) == 1
    gone = np.where(y == 1, np.nan, [0, 0, 0, 1, 5, 4, 2, 7, 3])
    assert predicts(gone, y, MULTICLASS, ("x", "y", "z")) == 1


def test_of_numbers_it_is_the_share_of_variance() -> None:
    y = RNG.normal(size=ROWS) * 4
    assert predicts(y**3, y, REGRESSION) > 0.99
    assert predicts(abs(y), y**2, REGRESSION) > 0.9  # a parabola
    assert predicts(FRAME["a"], y, REGRESSION) < 0.03
    half = predicts(y + RNG.normal(size=ROWS) * 4, y, REGRESSION)
    assert half == pytest.approx(0.5, abs=0.08)
    assert predicts(np.full(ROWS, 2.0), y, REGRESSION) == 0


def judged(rule: dict[str, Any], frame: pd.DataFrame = FRAME, y: Any = Y, **more: Any) -> Check:
    found = trial_of(lambda rows: rows[:, 0] / 99, {"leakage": rule}, frame=frame, y=y, **more)
    (check,) = checks_of(PART, found).values()
    return check


def test_the_guilty_features_are_named() -> None:
    rule = {"single_feature": {"max_auc": 0.95}}
    assert judged(rule).status is Status.PASSED
    check = judged(rule, FRAME.assign(b=Y + RNG.normal(0, 0.1, ROWS), code=1.0 - Y))
    assert check.status is Status.FAILED
    assert "with ROC AUC > 0.95, as if it knew it:" in check.cause
    assert "'b' (1)" in check.cause and "'code' (1)" in check.cause and "'a'" not in check.cause
    ignored = {"single_feature": {"max_auc": 0.95, "ignore": ["b"]}}
    assert judged(ignored, FRAME.assign(b=Y)).status is Status.PASSED


def test_what_cannot_be_told_of_a_feature_is_an_error() -> None:
    for rule, y, why in (
        ({"max_auc": 0.9}, np.ones(ROWS, int), "the label never changes"),
        ({"max_auc": 0.9, "ignore": ["bb"]}, Y, "no feature 'bb'"),
        ({"max_auc": 0.9, "ignore": ["a", "b", "code"]}, Y, "every feature is ignored"),
    ):
        check = judged({"single_feature": rule}, y=y)
        assert check.status is Status.ERROR and why in check.cause


def test_rows_of_both_tables_are_found_whatever_their_type() -> None:
    test = pd.DataFrame({"a": np.array([1, 2, np.nan, 0.1], np.float32), "c": ["x", None, "y", ""]})
    train = pd.DataFrame({"c": ["", None, "y", "x"], "a": [0.1, 2.0, np.nan, -1.0], "more": 1})
    assert duplicates(test, train, ("a", "c")).tolist() == [False, True, True, True]
    assert duplicates(test, train, ("c",)).tolist() == [True] * 4
    zero = pd.DataFrame({"a": [-0.0]})
    assert duplicates(zero, pd.DataFrame({"a": [0]}), ("a",)).tolist() == [True]
    assert duplicates(pd.DataFrame({"a": ["1"]}), pd.DataFrame({"a": [1]}), ("a",)).tolist() == [True]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9_999))
def test_duplicates_are_those_of_a_set(seed: int) -> None:
    rng = np.random.default_rng(seed)
    test, train = (pd.DataFrame(rng.integers(0, 4, (n, 3)), columns=list("abc")) for n in (30, 20))
    known = set(map(tuple, train.to_numpy().tolist()))
    expected = [tuple(row) in known for row in test.to_numpy().tolist()]
    assert duplicates(test, train, ("a", "b", "c")).tolist() == expected


def with_train(root: Path, train: pd.DataFrame, **rule: Any) -> dict[str, Any]:
    train.to_parquet(root / "train.parquet", index=False)
    return {"train": "train.parquet", **rule}


def test_training_rows_in_the_evaluation_fail(tmp_path: Path) -> None:
    train = pd.concat([features(500, seed=2), FRAME.iloc[[3, 70, 500, 900]]])
    check = judged({"duplicates": with_train(tmp_path, train, max_share=0.001)}, root=tmp_path)
    assert check.status is Status.FAILED
    assert check.cause == "4 of 2,000 rows are in the training table too, e.g. row 3, row 70, row 500"
    few = judged({"duplicates": with_train(tmp_path, train, max_share=0.002)}, root=tmp_path)
    assert few.status is Status.PASSED and few.measured == "0.002 (4 rows)"


DAYS = pd.date_range("2013-10-01", periods=ROWS, freq="h")


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (DAYS, pd.date_range("2013-09-01", periods=720, freq="h")),
        (DAYS.strftime("%Y-%m-%dT%H:%M:%S"), ["2013-09-30", "2013-01-01"]),
        (np.arange(ROWS), [-5, 0]),
        (DAYS.tz_localize("UTC"), ["2013-10-01T01:00:00+02:00"]),
    ],
)
def test_an_evaluation_after_training_passes_and_one_row_before_it_fails(mine: Any, theirs: Any) -> None:
    test = pd.DataFrame({"when": mine})
    found, _ = earlier(test, pd.DataFrame({"when": theirs}), "when")
    assert not found.any()
    assert earlier(test, test.iloc[[2]], "when")[0].tolist()[:4] == [True, True, False, False]


def test_time_out_of_order_is_told_with_the_moment(tmp_path: Path) -> None:
    rule = {"time": with_train(tmp_path, pd.DataFrame({"when": ["2013-10-01T02:00:00"]}), column="when")}
    check = judged(rule, FRAME.assign(when=DAYS), root=tmp_path)
    assert check.status is Status.FAILED and check.cause.startswith(
        "2 of 2,000 rows are earlier than the last"
    )
    assert "2013-10-01 02:00" in check.cause and check.cause.endswith("e.g. row 0, row 1")
    late = judged(rule, FRAME.assign(when=DAYS + pd.Timedelta(days=1)), root=tmp_path)
    assert late.status is Status.PASSED


CANNOT: dict[str, tuple[Any, Any, str]] = {
    "null": (DAYS, [None, "2013-01-01"], "are null"),
    "words": (["yesterday"] * ROWS, ["2013-01-01"], "are no dates"),
    "a number and a date": (np.arange(ROWS), ["2013-01-01"], "a number in one table"),
    "no column": (None, ["2013-01-01"], "the evaluation table has no column 'when'"),
}


@pytest.mark.parametrize("case", CANNOT)
def test_moments_that_do_not_compare_are_an_error(tmp_path: Path, case: str) -> None:
    mine, theirs, why = CANNOT[case]
    frame = FRAME if mine is None else FRAME.assign(when=mine)
    rule = {"time": with_train(tmp_path, pd.DataFrame({"when": theirs}), column="when")}
    check = judged(rule, frame, root=tmp_path)
    assert check.status is Status.ERROR and why in check.cause


@pytest.mark.parametrize("content", [None, b"", b"PAR1 and nothing else"])
def test_a_training_table_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "train.parquet").write_bytes(content)
    for rule in (
        {"duplicates": {"train": "train.parquet"}},
        {"time": {"train": "train.parquet", "column": "a"}},
    ):
        check = judged(rule, root=tmp_path)
        assert check.status is Status.ERROR and "train.parquet" in check.cause
    assert judged({"duplicates": {"train": "train.txt"}}, root=tmp_path).status is Status.ERROR


def test_what_is_shown_and_kept(tmp_path: Path) -> None:
    rule = {"single_feature": {"max_auc": 0.9}, "duplicates": with_train(tmp_path, features(9, seed=3))}
    found = trial_of(lambda rows: rows[:, 0], {"leakage": rule}, frame=FRAME, y=Y, root=tmp_path)
    (told,) = PART.tables(found)
    assert [row[0] for row in told.rows] and len(told.rows) == 3
    assert len(PART.facts(found)["leakage"]["training"]["train.parquet"]) == 64
    assert list(dict(PART.limits(found.criteria))) == list(PART.ids(found.bench))


@pytest.mark.parametrize(
    ("rule", "task", "why"),
    [
        ({}, BINARY, "no rule"),
        ({"single_feature": {"max_r2": 0.9}}, BINARY, "needs max_auc"),
        ({"single_feature": {}}, REGRESSION, "needs max_r2"),
        ({"single_feature": {"max_auc": 0.9}}, RANKING, "needs max_r2"),
        ({"single_feature": {"max_auc": 0.9, "max_r2": 0.9}}, BINARY, "and nothing else"),
    ],
)
def test_rules_that_show_nothing_are_faults(rule: dict[str, Any], task: str, why: str) -> None:
    found = trial_of(lambda rows: rows[:, 0], {"leakage": rule}, task=task)
    assert [why in fault.what for fault in PART.faults(found.criteria)] == [True]
