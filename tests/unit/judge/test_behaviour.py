"""Behavioural tests: each kind by a model whose behaviour is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.trials import FEATURES, checks_of, features, trial_of
from scipy.special import expit

from runner.judge.parts.behaviour import PART
from runner.judge.predictions import MULTICLASS, REGRESSION
from runner.model import Check, Status


def rising(rows: Any) -> Any:
    """Rises with a, does not know b, and knows code 3."""
    return expit(rows[:, 0] + 0.5 * (rows[:, 2] == 3))


def judged(rule: dict[str, Any], say: Any = rising, **more: Any) -> Check:
    (check,) = checks_of(PART, trial_of(say, {"behaviour": [rule]}, **more)).values()
    return check


def invariance(column: str, **fields: Any) -> dict[str, Any]:
    return {"invariance": {"column": column, "within": 1e-6, **fields}}


def direction(column: str, **fields: Any) -> dict[str, Any]:
    return {"direction": {"column": column, "must": "not_lower", **fields}}


@pytest.mark.parametrize("change", [{"change": "permute"}, {"add": 3.0}, {"to": [1, 2]}])
def test_what_the_model_does_not_know_moves_nothing(change: dict[str, Any]) -> None:
    check = judged(invariance("b", **change))
    assert check.status is Status.PASSED and check.measured.startswith("0 (0 of ")


def test_what_it_knows_is_found_with_the_row_that_moved_furthest() -> None:
    check = judged(invariance("code", to=[0, 3]))
    assert check.id == "behaviour/invariance(code)" and check.status is Status.FAILED
    codes = features()["code"]
    assert f"in {len(codes):,} of 400 rows" in check.cause  # a 3 is moved by the 0, any other by the 3
    assert "e.g. row" in check.cause and "0.5 ->" not in check.cause


def test_the_share_is_of_the_rows_that_were_changed() -> None:
    changed = int((features()["code"] != 3).sum())
    share = judged(invariance("code", to=[3]))
    assert f"{changed:,} of {changed:,} rows" in share.measured
    half = judged(invariance("code", to=[3], within=0.1, share=0.95))
    assert half.status is Status.PASSED and not half.measured.startswith("0 ")


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        (direction("a", add=1), Status.PASSED),
        (direction("a", add=-1), Status.FAILED),
        (direction("a", add=-1, must="not_raise"), Status.PASSED),
        (direction("a", scale=2), Status.PASSED),
        (direction("a", scale=0.5), Status.FAILED),
        (direction("a", add=-1, tolerance=0.5), Status.PASSED),
        (direction("b", add=5), Status.PASSED),
    ],
)
def test_a_direction_holds_or_not(rule: dict[str, Any], status: Status) -> None:
    assert judged(rule).status is status


def test_a_factor_leaves_rows_that_are_not_above_nothing() -> None:
    above = int((features()["a"] > 0).sum())
    assert f"of {above:,} rows" in judged(direction("a", scale=2)).measured


def test_missing_values_stay_missing_and_a_column_of_them_is_an_error() -> None:
    frame = features()
    frame.loc[:99, "b"] = np.nan
    assert "of 300 rows" in judged(invariance("b", add=1), frame=frame).measured
    assert "of 300 rows" in judged(invariance("b", to=[77]), frame=frame).measured
    frame["b"] = np.nan
    check = judged(invariance("b", add=1), frame=frame)
    assert check.status is Status.ERROR and "leaves 'b' as it is in every row" in check.cause


def test_an_answer_that_is_no_number_broke_the_rule() -> None:
    check = judged(
        invariance("b", add=50), lambda rows: np.where(rows[:, 1] > 40, np.nan, 0.3 + rows[:, 0] / 99)
    )
    assert check.status is Status.FAILED and "400 of 400" in check.cause and "nan" in check.cause


def test_classes_move_by_the_probability_that_moved_furthest() -> None:
    def three(rows: Any) -> Any:
        p = 0.2 * (rows[:, 2] == 3)
        return np.stack([0.3 - p, 0.3 + p, np.full(len(rows), 0.4)], axis=1)

    fields: dict[str, Any] = {"task": MULTICLASS, "classes": ("x", "y", "z"), "y": np.arange(400) % 3}
    assert judged(invariance("code", to=[3], within=0.21), three, **fields).status is Status.PASSED
    check = judged(invariance("code", to=[3], within=0.19), three, **fields)
    assert check.status is Status.FAILED and "0.3 0.3 0.4 -> 0.1 0.5 0.4" in check.cause


def test_without_a_model_or_its_column_nothing_can_be_told() -> None:
    assert "no model to ask" in judged(invariance("b", add=1), None).cause
    check = judged(invariance("cod", add=1))
    assert check.status is Status.ERROR and "did you mean 'code'?" in check.cause


def test_the_same_change_is_drawn_every_time() -> None:
    first, second = (judged(invariance("code", change="permute")).cause for _ in range(2))
    assert first == second != ""


def named(tmp_path: Path, *rows: dict[str, Any] | str) -> dict[str, Any]:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    return {"unit": {"rows": "rows.jsonl"}}


def row(name: str, a: float | None = 0.0, **expected: Any) -> dict[str, Any]:
    return {"name": name, "features": {"a": a, "b": 0, "code": 3}, **expected}


HALF = float(expit(0.5))


@pytest.mark.parametrize(
    ("expected", "why"),
    [
        ({"expected": HALF, "within": 1e-6}, ""),
        ({"expected": 0.5, "within": 0.1}, "is not within 0.1 of 0.5"),
        ({"min": 0.6, "max": 0.7}, ""),
        ({"min": 0.7}, "is below min 0.7"),
        ({"max": 0.6}, "is above max 0.6"),
    ],
)
def test_a_named_row_gets_its_answer_or_is_named(tmp_path: Path, expected: dict[str, Any], why: str) -> None:
    rule = named(tmp_path, row("snow", **expected), row("none", min=0.1))
    check = judged(rule, root=tmp_path)
    assert check.status is (Status.FAILED if why else Status.PASSED) and check.cause.endswith(why)
    assert check.cause.startswith("snow: 0.62") == bool(why)


def test_a_missing_value_is_written_as_null(tmp_path: Path) -> None:
    rule = named(tmp_path, row("unknown", None, max=0.1))
    told = judged(
        rule, lambda rows: np.where(np.isnan(rows[:, 0]), 0.01, rows[:, 2] / 9 + 0.3), root=tmp_path
    )
    assert told.status is Status.PASSED


def test_rows_of_classes(tmp_path: Path) -> None:
    def three(rows: Any) -> Any:
        return np.stack([0.2 + 0 * rows[:, 0], 0.5 - rows[:, 0] / 100, 0.3 + rows[:, 0] / 100], axis=1)

    fields: dict[str, Any] = {"task": MULTICLASS, "classes": ("x", "y", "z"), "y": np.arange(400) % 3}
    good = named(tmp_path, row("one", label="y"), row("two", expected=[0.2, 0.5, 0.3], within=0.01))
    assert judged(good, three, root=tmp_path, **fields).status is Status.PASSED
    bad = judged(named(tmp_path, row("one", label="z")), three, root=tmp_path, **fields)
    assert bad.status is Status.FAILED and bad.cause == "one: 0.2 0.5 0.3 is not z"
    for wrong in ({"min": 0.1}, {"label": "w"}, {"expected": [0.2], "within": 0.1}):
        assert (
            judged(named(tmp_path, row("one", **wrong)), three, root=tmp_path, **fields).status
            is Status.ERROR
        )


UNREADABLE = {
    "empty": ("", "it has no rows"),
    "not JSON": ("{", "not acceptable as JSON"),
    "deep": ("[" * 100_000, "not acceptable as JSON"),
    "a list": ("[1]", "the row"),
    "cannot fail": (json.dumps(row("x")), "cannot fail"),
    "no probability is outside": (json.dumps(row("x", min=0, max=1)), "cannot fail"),
    "no probability is further": (json.dumps(row("x", expected=0.5, within=0.5)), "cannot fail"),
    "above any probability": (json.dumps(row("x", min=1.01)), "no answer could be as expected"),
    "min above max": (json.dumps(row("x", min=0.5, max=0.4)), "no answer could be as expected"),
    "without within": (json.dumps(row("x", expected=1)), "go together"),
    "two of a name": ("\n".join([json.dumps(row("x", min=0.1))] * 2), "two rows have one name"),
    "a feature too few": (
        json.dumps({"name": "x", "min": 0, "features": {"a": 1, "b": 2}}),
        "'code' is missing",
    ),
    "one too many": (
        json.dumps({"name": "x", "min": 0, "features": dict.fromkeys((*FEATURES, "zz"), 1)}),
        "'zz' is none of the model's",
    ),
    "no number": (json.dumps(row("x", min="high")), "min"),
    "a label": (json.dumps(row("x", label=1)), "answers with one number"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_rows_that_cannot_be_read_are_an_error_with_their_place(tmp_path: Path, case: str) -> None:
    text, why = UNREADABLE[case]
    check = judged(named(tmp_path, text), root=tmp_path)
    assert check.status is Status.ERROR and why in check.cause and "rows.jsonl" in check.cause


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    check = judged({"unit": {"rows": "gone.jsonl"}}, root=tmp_path)
    assert check.status is Status.ERROR and "no such file" in check.cause


def test_what_is_shown_and_kept(tmp_path: Path) -> None:
    rules = [invariance("code", to=[3]), named(tmp_path, row("snow", min=0.9))]
    trial = trial_of(rising, {"behaviour": rules}, root=tmp_path)
    moved, told = PART.tables(trial)
    assert len(moved.rows) == 10 and moved.columns[1] == "code was"
    assert told.rows == (("snow", "0.6225", "below min 0.9", "FAILED"),)
    facts = PART.facts(trial)["behaviour"]
    assert facts["invariance(code)"]["broken"] == facts["invariance(code)"]["rows"]
    assert len(facts["unit(rows.jsonl)"]["sha256"]) == 64
    told_limits = dict(PART.limits(trial.criteria))
    assert told_limits["behaviour/invariance(code)"] == {
        "column": "code", "to": [3.0], "within": 1e-6, "max": 0.0,
    }  # fmt: skip


FAULTS: dict[str, tuple[list[dict[str, Any]], str, str]] = {
    "twice": ([invariance("a", add=1), invariance("a", add=2)], "binary-classification", "a second"),
    "cannot fail": ([invariance("a", add=1, within=1)], "binary-classification", "can never fail"),
    "no direction": ([direction("a", add=1)], MULTICLASS, "no direction"),
    "no change": ([direction("a", scale=1)], REGRESSION, "changes nothing"),
    "no bound": ([direction("a", add=1, tolerance=2)], "binary-classification", "can never fail"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_rules_that_show_nothing_are_faults(case: str) -> None:
    rules, task, why = FAULTS[case]
    trial = trial_of(rising, {"behaviour": rules}, task=task, y=np.arange(400) % 2)
    assert [why in fault.what for fault in PART.faults(trial.criteria)] == [True]


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {**invariance("a", add=1), **direction("a", add=1)},
        invariance("a"),
        invariance("a", add=1, to=[2]),
        direction("a"),
        direction("a", add=1, scale=2),
    ],
)
def test_a_rule_is_one_test_with_one_change(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="one of"):
        trial_of(rising, {"behaviour": [rule]})
