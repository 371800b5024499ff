"""Differences from the champion in one plot, each in its own margins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.judging import binary

from runner.judge.criteria import Compare
from runner.judge.differences import differences
from runner.judge.paired.compare import compare
from runner.report.svg import draw

CANDIDATE = binary(rows=2000)
WORSE = np.clip(CANDIDATE.scores + np.random.default_rng(0).normal(0, 0.3, 2000), 0.02, 0.98)


def test_a_difference_stands_in_units_of_its_margin_higher_being_better() -> None:
    champion = replace(CANDIDATE, scores=WORSE)
    rules = [Compare(metric="roc_auc", margin=0.01), Compare(metric="log_loss", margin=0.05, alpha=0.025)]
    pairs = [(r, compare(r.metric, CANDIDATE, champion, alpha=r.alpha)) for r in rules]
    plot = differences("Difference from the champion", pairs)
    (series,) = plot.series
    assert series.x == ("roc_auc (margin 0.01)", "log_loss (margin 0.05)")
    assert series.y[0] == pytest.approx(pairs[0][1].difference.value / 0.01)
    assert all(y is not None and y > 0 for y in series.y)
    assert series.low[1] == pytest.approx(pairs[1][1].difference.low / 0.05)
    assert [limit.value for limit in plot.limits] == [-1.0, 0.0]
    assert "90% and 95%" in plot.note
    assert "no difference" in draw(plot)
