"""Plots as data: bounded, finite, and none of what is not defined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from helpers.judging import binary, multiclass, regression

from runner.judge.plots import POINTS, plots_of
from runner.judge.predictions import Predictions


@pytest.mark.parametrize(
    ("task_of", "titles"),
    [
        (binary, ["ROC", "Precision-recall", "Calibration", "Scores by label"]),
        (multiclass, ["Calibration"]),
        (regression, ["Predicted and actual", "Residuals"]),
    ],
)
def test_each_task_has_its_plots_and_none_is_long(
    task_of: Callable[..., Predictions], titles: list[str]
) -> None:
    plots = plots_of(task_of(rows=5000))
    assert [plot.title for plot in plots] == titles
    for series in (series for plot in plots for series in plot.series):
        assert len(series.x) == len(series.y) <= POINTS
        assert all(np.isfinite(y) for y in series.y if y is not None)


def test_a_shortened_roc_keeps_its_ends_and_its_area() -> None:
    from sklearn.metrics import roc_auc_score

    p = binary(rows=5000)
    curve = plots_of(p)[0].series[0]
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(roc_auc_score(p.y, p.scores), abs=0.002)


def test_calibration_states_how_many_rows_a_bin_has() -> None:
    (plot,) = (plot for plot in plots_of(binary()) if plot.title == "Calibration")
    assert plot.series[1].dashed
    assert sum(int(part.split(": ")[1].strip(".")) for part in plot.note.split("bin: ")[1].split(", ")) == 300


def test_nothing_is_drawn_of_predictions_that_are_no_numbers() -> None:
    p = binary()
    assert plots_of(replace(p, scores=p.scores * np.nan)) == ()


def test_one_class_has_no_curves() -> None:
    p = binary()
    assert [plot.title for plot in plots_of(p.where(p.y == 1))] == ["Calibration", "Scores by label"]


def test_the_champion_stands_beside_the_candidate_in_its_own_curve() -> None:
    candidate, champion = binary(seed=0), binary(seed=0)
    better = replace(champion, scores=np.clip(champion.scores + 0.2 * champion.y, 0, 1))
    curves = {plot.title: plot.series for plot in plots_of(candidate, champion=better)}
    for title in ("ROC", "Precision-recall", "Calibration"):
        assert [series.name for series in curves[title]][:2] == ["candidate", "champion"]
        assert curves[title][0].y != curves[title][1].y
    assert "of the candidate" in next(
        p.note for p in plots_of(candidate, champion=better) if p.title == "Calibration"
    )


def test_a_champion_that_says_no_numbers_leaves_the_candidates_plots() -> None:
    p = binary()
    assert plots_of(p, champion=replace(p, scores=p.scores * np.nan)) == plots_of(p)
