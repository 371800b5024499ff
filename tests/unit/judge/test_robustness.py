"""Noise, missing values and unseen categories: by models that bear them, and that do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers.trials import checks_of, features, trial_of
from scipy.special import expit

from runner.judge.criteria import Criteria
from runner.judge.parts.robustness import PART
from runner.judge.predictions import BINARY, MULTICLASS
from runner.judge.robustness import noisy, thinned
from runner.model import Check, Status

ROWS = 4_000
FRAME = features(ROWS)
Y = (FRAME["a"] + 0.5 * np.random.default_rng(5).normal(size=ROWS) > 0).to_numpy().astype(int)


def of_a(rows: Any) -> Any:
    return expit(2 * np.nan_to_num(rows[:, 0]))


def judged(say: Any = of_a, **rule: Any) -> Check:
    found = trial_of(say, {"robustness": rule}, frame=FRAME, y=Y)
    assert list(PART.faults(found.criteria)) == []
    (check,) = checks_of(PART, found).values()
    return check


def noise(*columns: str, sd: float = 0.1, max_loss: float = 0.01, **more: Any) -> dict[str, Any]:
    return {"noise": {"columns": columns, "sd": sd, "metric": "roc_auc", "max_loss": max_loss, **more}}


def missing(*columns: str, share: float = 0.1, max_loss: float = 0.01) -> dict[str, Any]:
    return {"missing": {"columns": columns, "share": share, "metric": "roc_auc", "max_loss": max_loss}}


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        (noise("a"), Status.PASSED),
        (noise("a", sd=3), Status.FAILED),
        (noise("b", sd=3), Status.PASSED),
        (noise("a", sd=0.5, max_loss=0.055), Status.ERROR),  # it loses just that
        (missing("a", share=0.01), Status.PASSED),
        (missing("a", share=0.5), Status.FAILED),
        (missing("b", share=1), Status.PASSED),
    ],
)
def test_a_loss_is_judged_by_its_interval(rule: dict[str, Any], status: Status) -> None:
    check = judged(**rule)
    assert check.status is status, check
    assert check.cause.startswith("loss of roc_auc by") == (status is not Status.PASSED)


def test_a_model_without_an_answer_to_a_missing_value_failed() -> None:
    check = judged(lambda rows: expit(rows[:, 0]), **missing("a"))
    assert check.status is Status.FAILED and check.cause.startswith("with 10% missing values in a, ")
    assert "NaN or infinite, e.g. row" in check.cause


def test_noise_is_of_the_columns_own_spread_and_the_same_every_time() -> None:
    wide = FRAME.assign(a=5 * FRAME["a"])
    trial = trial_of(of_a, {"robustness": noise("a", "b", sd=0.2)}, frame=wide, y=Y)
    rule, matrix = trial.criteria.robustness.noise, trial.bench.evaluation.matrix  # type: ignore[union-attr]
    assert rule is not None
    found = noisy(trial.bench, rule)
    assert (found == noisy(trial.bench, rule)).all() and (found[:, 2] == matrix[:, 2]).all()
    assert np.std(found[:, :2] - matrix[:, :2], axis=0) == pytest.approx(
        0.2 * matrix[:, :2].std(axis=0), rel=0.05
    )
    other = noisy(trial.bench, rule.model_copy(update={"seed": 1}))
    assert not (found[:, 0] == other[:, 0]).any()


def test_so_much_is_taken_away_as_was_asked() -> None:
    trial = trial_of(of_a, {"robustness": missing("a", share=0.25)}, frame=FRAME, y=Y)
    rule = trial.criteria.robustness.missing  # type: ignore[union-attr]
    assert rule is not None
    gone = np.isnan(thinned(trial.bench, rule))
    assert gone[:, 0].mean() == pytest.approx(0.25, abs=0.03) and not gone[:, 1:].any()
    assert not np.isnan(trial.bench.evaluation.matrix).any()


def test_an_unseen_category_needs_a_valid_answer() -> None:
    rule = {"unseen": {"columns": ["code"]}}
    assert judged(**rule).status is Status.PASSED
    table = np.array([0.1, 0.2, 0.3, 0.4, 0.5, np.inf])
    check = judged(lambda rows: table[rows[:, 2].astype(int)], **rule)
    assert check.status is Status.FAILED
    assert check.cause.startswith("with a code that was never seen, 4,000 of 4,000 predictions are NaN")
    strict = judged(
        lambda rows: np.where(rows[:, 2] == -1, 2.0, 0.5), unseen={"columns": ["code"], "code": -1}
    )
    assert strict.status is Status.FAILED and "outside [0, 1]" in strict.cause


CANNOT: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no model": (None, noise("a"), "no model to ask"),
    "no column": (of_a, noise("aa"), "did you mean 'a'?"),
    "seen": (of_a, {"unseen": {"columns": ["code"], "code": 3}}, "3 is a value of 'code'"),
    "unseen column": (of_a, {"unseen": {"columns": ["codes"]}}, "did you mean 'code'?"),
}


@pytest.mark.parametrize("case", CANNOT)
def test_what_cannot_be_tried_is_an_error(case: str) -> None:
    say, rule, why = CANNOT[case]
    check = judged(say, **rule)
    assert check.status is Status.ERROR and why in check.cause


def test_a_column_that_cannot_change_is_an_error() -> None:
    frame = FRAME.assign(a=1.0, b=np.nan)
    for rule, why in (
        (noise("a"), "one value only"),
        (noise("b"), "one value"),
        (missing("b"), "missing already"),
    ):
        found = trial_of(of_a, {"robustness": rule}, frame=frame, y=Y)
        (check,) = checks_of(PART, found).values()
        assert check.status is Status.ERROR and why in check.cause


def test_what_is_kept_and_what_is_refused() -> None:
    rules = {**noise("a"), **missing("a"), "unseen": {"columns": ["code"]}}
    found = trial_of(of_a, {"robustness": rules}, frame=FRAME, y=Y)
    assert [len(each) for each in PART.facts(found)["robustness"].values()] == [3, 3]
    assert list(dict(PART.limits(found.criteria))) == list(PART.ids(found.bench))
    assert [loc for loc, _ in PART.choices(found.criteria)] == [
        ("robustness", "noise"),
        ("robustness", "missing"),
    ]
    for rule, why in (({}, "no rule"), (noise("a", max_loss=1), "can never fail")):
        wrong = trial_of(of_a, {"robustness": rule}, frame=FRAME, y=Y)
        assert [why in fault.what for fault in PART.faults(wrong.criteria)] == [True]


def test_what_no_loss_can_exceed_depends_on_the_task() -> None:
    """Of several classes a Brier score is up to 2 (scikit-learn)."""
    rule = {"noise": {"columns": ["a"], "metric": "brier_score_loss", "max_loss": 1.5}}
    for task, refused in ((MULTICLASS, False), (BINARY, True)):
        criteria = Criteria.model_validate({"version": 1, "task": task, "robustness": rule})
        assert bool(list(PART.faults(criteria))) is refused


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        (noise("a", sd=1e-12), "noise of 1e-12 standard deviations is too small to change 'a'"),
        (missing("a", share=1e-9), "nothing of 'a' could be taken away: a share of 1e-09 is no row"),
        ({"unseen": {"columns": ["a"], "code": 1e300}}, "1e+300 is no code"),
    ],
)
def test_a_change_that_is_none_shows_nothing(rule: dict[str, Any], cause: str) -> None:
    check = judged(**rule)
    assert check.status is Status.ERROR and cause in check.cause


@pytest.mark.parametrize(("rows", "status"), [(200, Status.ERROR), (40_000, Status.PASSED)])
def test_that_no_label_changed_in_few_rows_is_no_evidence(rows: int, status: Status) -> None:
    """Where one positive in thirty is lost, of 40 none is in three of ten tables."""
    y = (np.arange(rows) % 5 == 0).astype(int)
    frame = features(rows).assign(a=y + 0.0)
    rule = {"noise": {"columns": ["a"], "sd": 1e-3, "metric": "recall", "max_loss": 0.03}}
    found = trial_of(lambda x: expit(4 * x[:, 0] - 2), {"robustness": rule}, frame=frame, y=y)
    (check,) = checks_of(PART, found).values()
    assert check.status is status
