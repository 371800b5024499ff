"""Points with intervals over categories: a forest plot that forty slices leave readable."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from runner.model import Limit, Plot, Series
from runner.report.svg import draw


def forest(values: list[float], halves: list[float], *limits: Limit) -> ET.Element:
    names = tuple(f"carrier=C{i}" for i in range(len(values)))
    low = tuple(v - h for v, h in zip(values, halves, strict=True))
    high = tuple(v + h for v, h in zip(values, halves, strict=True))
    series = Series("difference", names, tuple(values), low, high)
    return ET.fromstring(draw(Plot("t", "points", "slice", "difference", (series,), limits)))  # noqa: S314


def found(drawing: ET.Element, css: str) -> list[ET.Element]:
    return [e for e in drawing.iter() if css in e.get("class", "").split()]


def at(element: ET.Element, name: str) -> float:
    return float(element.get(name, "nan"))


def test_a_tiny_slices_interval_is_cut_off_with_arrows_and_the_others_keep_their_width() -> None:
    usual = forest([0.6, 0.62, 0.61], [0.02, 0.02, 0.02])
    one_wide = forest([0.6, 0.62, 0.61], [0.02, 0.02, 0.9])
    widths = [at(w, "x2") - at(w, "x1") for w in found(usual, "whisker")]
    kept = [at(w, "x2") - at(w, "x1") for w in found(one_wide, "whisker")]
    assert found(usual, "arrow") == [] and len(found(one_wide, "arrow")) == 2
    assert kept[0] > widths[0] / 4


def test_every_value_and_margin_is_inside_whatever_the_intervals_are() -> None:
    drawing = forest([-0.5, 0.0, 0.9], [0.01, 0.01, 0.01], Limit(-2.0, "margin"), Limit(0.0, "no difference"))
    dots = [at(dot, "cx") for dot in found(drawing, "dot")]
    lines = [at(line, "x1") for line in found(drawing, "limit")]
    assert dots == sorted(dots) and len(set(dots)) == 3
    assert lines[0] < min(dots) and lines[1] == pytest.approx(dots[1])


def test_forty_rows_stand_closer_and_lead_the_eye_from_name_to_mark() -> None:
    few, many = forest([0.1] * 10, [0.01] * 10), forest([0.1] * 40, [0.01] * 40)
    assert found(few, "guide") == [] and len(found(many, "guide")) == 40
    tops = [at(dot, "cy") for dot in found(many, "dot")]
    steps = {round(b - a, 1) for a, b in pairwise(tops)}
    assert steps == {17.0}
    assert float(many.get("viewBox", "").split()[3]) < 800


def test_values_of_a_forest_have_the_digits_that_their_intervals_leave_them() -> None:
    drawing = forest([0.0004, -0.1234567, 0.25], [0.0061, 0.0058, 0.2])
    told = ["".join(e.itertext()) for e in found(drawing, "value")]
    assert told == ["0.0004", "−0.1235", "0.2500"]
