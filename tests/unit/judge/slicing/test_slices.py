"""Slices judged: against bounds, by value or on evidence, and against the champion with a margin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.judging import binary, regression
from pydantic import ValidationError

from runner.judge.criteria_slices import SliceRule
from runner.judge.paired.interval import Spread
from runner.judge.paired.verdict import Interval
from runner.judge.predictions import Predictions
from runner.judge.slicing.checks import checks, told_loss
from runner.judge.slicing.forest import forest
from runner.judge.slicing.judging import Seen, against_bounds, against_champion
from runner.judge.slicing.partition import MAX_SLICES
from runner.judge.slicing.slices import slices_of
from runner.model import Check, Plot, Status


def rule(**fields: object) -> SliceRule:
    return SliceRule.model_validate({"by": "place", "metric": "roc_auc", "min": 0.6, **fields})


def margin(**fields: object) -> SliceRule:
    return SliceRule.model_validate({"by": "place", "metric": "accuracy", "margin": 0.05, **fields})


def frame(p: Predictions, places: object, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"place": places, **columns}, index=range(len(p)))


def judge(
    rule: SliceRule, p: Predictions, table: pd.DataFrame, champion: Predictions | None = None
) -> list[Check]:
    slices = slices_of(rule, table)
    judged = (
        against_bounds(slices, p, table) if champion is None else against_champion(slices, p, champion, table)
    )
    found = list(checks(slices, judged))
    assert [check.id for check in found] == list(slices.ids())
    return found


def drawn(rule: SliceRule, p: Predictions, table: pd.DataFrame, champion: Predictions | None = None) -> Plot:
    slices = slices_of(rule, table)
    if champion is None:
        plot = forest(slices, against_bounds(slices, p, table))
    else:
        plot = forest(slices, against_champion(slices, p, champion, table))
    assert plot is not None
    return plot


def halves(p: Predictions) -> np.ndarray:
    return np.where(np.arange(len(p)) < len(p) // 2, "north", "south")


def worse(p: Predictions, rows: object, share: float, seed: int = 1) -> Predictions:
    """So many of the rows are now wrong."""
    flip = rows & (np.random.default_rng(seed).random(len(p)) < share)
    return replace(p, scores=np.where(flip, 1 - p.scores, p.scores))


# Against bounds, by the value alone.


def test_each_slice_is_judged_on_its_own_rows() -> None:
    p = binary()
    north, south, whole = judge(rule(), worse(p, halves(p) == "south", 1.0), frame(p, halves(p)))
    assert north.id == "slices/place=north/roc_auc" and north.status is Status.PASSED
    assert south.status is Status.FAILED and "roc_auc of place=south" in south.cause
    assert "on 150 rows" in south.cause
    assert (whole.status, whole.measured) == (Status.PASSED, "2 of 2 slices judged")


def test_a_slice_of_one_class_is_an_error() -> None:
    p = binary()
    first, second, _ = judge(rule(), p, frame(p, p.y))
    assert first.status is second.status is Status.ERROR and "class" in first.cause


def test_predictions_that_are_no_numbers_are_errors_of_all_slices() -> None:
    p = binary()
    broken = replace(p, scores=np.where(np.arange(300) == 7, np.nan, p.scores))
    assert {check.status for check in judge(rule(), broken, frame(p, halves(p)))[:2]} == {Status.ERROR}


def test_a_small_slice_is_skipped_and_shown_only_where_the_rule_says_so() -> None:
    p = binary()
    places = np.where(np.arange(300) < 9, "tiny", "rest")
    _, tiny, whole = judge(rule(min_rows=10), p, frame(p, places))
    assert (tiny.status, tiny.cause) == (Status.SKIPPED, "9 rows, fewer than min_rows 10")
    assert (whole.status, whole.measured) == (Status.PASSED, "1 of 2 slices judged")
    assert judge(rule(), p, frame(p, places))[1].status is not Status.SKIPPED


def test_a_rule_whose_slices_are_all_skipped_is_an_error() -> None:
    p = binary()
    *_, whole = judge(rule(min_rows=301), p, frame(p, "all"))
    assert (whole.status, whole.cause) == (Status.ERROR, "every slice has fewer than min_rows rows")


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"by": "gone"}, "no column 'gone'"),
        ({"by": "plase"}, "did you mean 'place'"),
        ({"by": "number"}, f"more than {MAX_SLICES}"),
        ({"by": None, "where": "plase == 'x'"}, "did you mean 'place'"),
        ({"by": None, "where": {f"n{i}": f"number > {i}" for i in range(201)}}, "201 expressions"),
    ],
)
def test_what_gives_no_slices_is_an_error(fields: dict[str, object], cause: str) -> None:
    p = binary()
    (check,) = judge(rule(**fields), p, frame(p, "x", number=p.scores))
    assert check.status is Status.ERROR and cause in check.cause


def test_expressions_are_slices_by_name_and_may_overlap() -> None:
    p = binary()
    where = {"first": "row < 200", "last": "row >= 100"}
    found = judge(rule(by=None, where=where), p, frame(p, "x", row=np.arange(300)))
    assert [c.id for c in found] == [
        "slices/first/roc_auc",
        "slices/last/roc_auc",
        "slices/first, last/roc_auc",
    ]
    assert {check.status for check in found} == {Status.PASSED}


# Against bounds, on evidence.


def test_with_adjust_a_value_below_its_bound_fails_only_on_evidence() -> None:
    """One point below a bound that three hundred rows cannot tell from it; far below is told."""
    p = binary()
    value = against_bounds(slices_of(rule(), frame(p, "all")), p, frame(p, "all"))[0].seen.value
    near, far = rule(min=value + 0.001), rule(min=value + 0.03)
    assert judge(near, p, frame(p, "all"))[0].status is Status.FAILED
    assert judge(near.model_copy(update={"adjust": "holm"}), p, frame(p, "all"))[0].status is Status.PASSED
    found = judge(far.model_copy(update={"adjust": "holm"}), p, frame(p, "all"))[0]
    assert found.status is Status.FAILED and "holm" in found.cause and "on 300 rows" in found.cause


def test_with_adjust_a_high_loss_fails_on_evidence() -> None:
    p = binary()
    bad = judge(rule(metric="log_loss", min=None, max=0.1, adjust="none"), p, frame(p, "all"))[0]
    good = judge(rule(metric="log_loss", min=None, max=0.9, adjust="none"), p, frame(p, "all"))[0]
    assert (bad.status, good.status) == (Status.FAILED, Status.PASSED)


@pytest.mark.parametrize(("side", "end"), [("max", "low"), ("min", "high")])
def test_evidence_is_an_interval_beyond_the_bound_of_skewed_losses_too(side: str, end: str) -> None:
    p = regression(rows=60)
    skewed = replace(p, scores=p.y + np.random.default_rng(1).exponential(size=60))
    metric, sign = ("mean_absolute_error", 1) if side == "max" else ("r2", -1)

    def found(bound: float) -> tuple[Interval | None, Status]:
        each = rule(**{"metric": metric, "min": None, side: bound, "adjust": "none"})
        seen = against_bounds(slices_of(each, frame(p, "all")), skewed, frame(p, "all"))[0].seen
        return seen.interval, judge(each, skewed, frame(p, "all"))[0].status

    interval, _ = found(0.5)
    assert interval is not None
    edge = getattr(interval, end)
    assert found(edge - sign * 0.001)[1] is Status.FAILED
    assert found(edge + sign * 0.001)[1] is Status.PASSED


def test_fewer_than_ten_rows_are_no_evidence() -> None:
    p = binary()
    places = np.where(np.arange(300) < 9, "tiny", np.where(np.arange(300) < 10, "one", "rest"))
    found = {c.id: c for c in judge(rule(metric="accuracy", min=0.99, adjust="none"), p, frame(p, places))}
    for name in ("tiny", "one"):
        assert found[f"slices/place={name}/accuracy"].status is Status.SKIPPED
    assert found["slices/place/accuracy"].measured == "1 of 3 slices judged"


# Against the champion.


def test_a_slice_that_loses_more_than_its_margin_fails_and_the_others_pass() -> None:
    p = binary(rows=2000)
    first = worse(p, np.ones(2000, bool), 0.05)
    second = worse(worse(p, np.ones(2000, bool), 0.05, seed=2), halves(p) == "south", 0.3, seed=3)
    north, south, whole = judge(margin(), second, frame(p, halves(p)), first)
    assert north.id == "slices/place=north/champion/accuracy"
    assert (north.status, south.status, whole.status) == (Status.PASSED, Status.FAILED, Status.PASSED)
    assert "a loss above 0.05 (p " in south.cause and "holm" in south.cause
    assert "2 of 2 slices judged, half of them tell a loss of 0." in whole.measured


def test_models_that_hardly_differ_are_no_evidence() -> None:
    p = binary()
    nearly = worse(p, np.arange(300) < 9, 1.0)
    north, _, whole = judge(margin(), nearly, frame(p, halves(p)), p)
    assert north.status is Status.SKIPPED and "9 rows or clusters carry" in north.cause
    assert whole.status is Status.ERROR and "no slice has rows that are evidence" in whole.cause


def test_slices_without_evidence_count_in_the_family() -> None:
    """Else which slices are judged, and so how strictly, would depend on what the models said."""
    p = binary(rows=600)
    candidate = worse(p, np.arange(600) < 60, 0.45)
    places = np.where(np.arange(600) < 60, "lost", np.arange(600) // 6)
    lost = "slices/place=lost/champion/accuracy"
    alone = {c.id: c for c in judge(margin(min_rows=60, alpha=0.01), candidate, frame(p, places), p)}
    among = {c.id: c for c in judge(margin(alpha=0.01), candidate, frame(p, places), p)}
    one = judge(margin(adjust="none", alpha=0.01), candidate, frame(p, places), p)
    assert alone[lost].status is Status.FAILED
    assert among[lost].status is Status.PASSED
    assert {c.id: c for c in one}[lost].status is Status.FAILED


def test_clusters_of_rows_are_less_evidence() -> None:
    p = binary(rows=2000)
    days = np.arange(2000) // 50
    lost = days % 3 == 0
    table = frame(p, "all", day=days)
    candidate = worse(p, lost, 0.8)
    strict = {"margin": 0.15, "alpha": 0.01}
    assert judge(margin(**strict), candidate, table, p)[0].status is Status.FAILED
    assert judge(margin(group="day", **strict), candidate, table, p)[0].status is Status.PASSED
    assert "no column 'dya'" in judge(margin(group="dya"), candidate, table, p)[0].cause


def test_few_clusters_are_no_evidence() -> None:
    p = binary(rows=2000)
    days = np.arange(2000) // 50
    found = judge(margin(group="day"), worse(p, days % 5 == 0, 0.8), frame(p, "all", day=days), p)[0]
    assert found.status is Status.SKIPPED and "7 rows or clusters carry" in found.cause


def test_the_told_loss_is_the_margin_and_what_the_error_hides() -> None:
    counted, smooth = Seen(se=0.01), Seen(se=0.01, spread=Spread(0.01, 0.0, 1e9, 10**9))
    skewed = Seen(se=0.01, spread=Spread(0.01, 2.0, 30, 60))
    single = told_loss(margin(), counted, 1)
    assert single == pytest.approx(0.05 + (1.6449 + 0.8416) * 0.01, abs=1e-5)
    assert told_loss(margin(), smooth, 1) == pytest.approx(single, abs=1e-6)
    assert told_loss(margin(), skewed, 1) > single
    assert told_loss(margin(), counted, 40) > single == told_loss(margin(adjust="none"), counted, 40)


# The plot.


def test_the_plot_shows_every_slice_its_interval_and_the_bound() -> None:
    p = binary()
    plot = drawn(rule(min_rows=200), p, frame(p, np.arange(300) % 2))
    assert plot.kind == "points" and plot.limits[0].value == 0.6
    (series,) = plot.series
    assert series.x == ("0 (150)", "1 (150)") and None not in series.y
    assert all(low < y < high for low, y, high in zip(series.low, series.y, series.high, strict=True))


def test_the_plot_against_the_champion_shows_the_margin_and_leaves_gaps() -> None:
    p = binary()
    plot = drawn(margin(metric="roc_auc"), worse(p, np.arange(300) < 40, 0.5), frame(p, p.y), p)
    assert [limit.value for limit in plot.limits] == [-0.05, 0.0]
    assert plot.series[0].y == (None, None)


# Rules.


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"by": None}, "one of them"),
        ({"where": "place == 1"}, "one of them"),
        ({"margin": 0.1}, "either a margin or min"),
        ({"group": "day"}, "group is for evidence"),
        ({"by": ["place", "place"]}, "each once"),
        ({"by": []}, "one column or more"),
        ({"by": ["place", "hour"], "bins": 4}, "of one column"),
        ({"bins": {"hour": 4}}, "does not name"),
        ({"bins": [3, 3]}, "edges that rise"),
        ({"bins": []}, "edges that rise"),
        ({"bins": 1}, "greater than or equal to 2"),
        ({"by": None, "where": "import os"}, "not an expression"),
        ({"by": None, "where": {"odd": "f(x) > 1"}}, "is not allowed"),
        ({"alpha": 0.5}, "less than 0.5"),
        ({"adjust": "bonferroni"}, "holm"),
    ],
)
def test_rules_that_say_nothing_or_two_things_are_refused(fields: dict[str, object], cause: str) -> None:
    with pytest.raises(ValidationError, match=cause):
        rule(**fields)
