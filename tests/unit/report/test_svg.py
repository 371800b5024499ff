from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from helpers import sample_runs as sample
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.model import Limit, Plot, Series
from runner.report.svg import draw, figure
from runner.report.svg_xy import DRAWN

NAN = float("nan")
LINE = Plot("t", "line", "x", "y", (Series("one", (0.0, 0.5, 1.0), (0.0, 0.7, 1.0)),))


def parse(plot: Plot) -> ET.Element:
    return ET.fromstring(figure(plot))  # noqa: S314 - our own drawing


def found(plot: Plot, css: str) -> list[ET.Element]:
    return [e for e in parse(plot).iter() if css in e.get("class", "").split()]


def texts(plot: Plot, css: str) -> list[str]:
    return ["".join(e.itertext()) for e in found(plot, css)]


def test_a_line_goes_through_its_points() -> None:
    (line,) = found(LINE, "l")
    steps = [
        tuple(map(float, step.lstrip("ML").split()))
        for step in line.get("d", "").replace(" L", "|L").split("|")
    ]
    xs, ys = zip(*steps, strict=True)
    assert sorted(xs) == list(xs)
    assert sorted(ys, reverse=True) == list(ys)
    assert xs[1] == pytest.approx((xs[0] + xs[2]) / 2, abs=0.1)


def test_a_gap_breaks_a_line_and_a_lonely_value_is_a_dot() -> None:
    series = Series("one", (0.0, 1.0, 2.0, 3.0, 4.0), (1.0, 1.0, None, NAN, 2.0))
    plot = replace(LINE, series=(series,))
    assert len(found(plot, "l")) == 1
    assert len(found(plot, "dot")) == 1


def test_hovering_says_series_place_and_value() -> None:
    titles = [e.text for e in parse(LINE).iter("title")]
    assert "one: 0.5 → 0.7" in titles


def test_a_limit_is_a_dashed_line_with_its_label_at_its_value() -> None:
    plot = replace(LINE, limits=(Limit(0.5, "min 0.50"), Limit(0.25, "p95", "x")))
    across, upright = found(plot, "limit")
    assert across.get("y1") == across.get("y2")
    assert upright.get("x1") == upright.get("x2")
    assert texts(plot, "limit-label") == ["min 0.50", "p95"]


def test_close_limits_do_not_write_over_each_other() -> None:
    plot = replace(LINE, limits=(Limit(0.5, "a"), Limit(0.51, "b"), Limit(0.505, "c")))
    heights = sorted(float(e.get("y", 0)) for e in found(plot, "limit-label"))
    assert heights[1] - heights[0] >= 10


def test_a_limit_out_of_the_datas_reach_is_still_drawn_within_the_plot() -> None:
    plot = replace(LINE, limits=(Limit(5.0, "max 5"),))
    (limit,) = found(plot, "limit")
    assert 0 < float(limit.get("y1", 0)) < 290


def test_categories_get_rows_with_bars_from_zero_and_their_values() -> None:
    plot = Plot("t", "bar", "slice", "auc", (Series("one", ("a", "b"), (1.0, -2.0)),))
    first, second = found(plot, "b")
    assert float(first.get("x", 0)) == pytest.approx(
        float(second.get("x", 0)) + float(second.get("width", 0)), abs=0.02
    )
    assert float(second.get("width", 0)) == pytest.approx(2 * float(first.get("width", 0)), abs=0.05)
    assert texts(plot, "name") == ["a", "b"]
    assert texts(plot, "value") == ["1", "−2"]


@pytest.mark.parametrize("x", [("a", "b"), (0.0, 1.0)], ids=["lying", "upright"])
def test_a_bar_twice_as_long_is_twice_the_value_even_far_from_zero(x: tuple[float | str, ...]) -> None:
    first, second = found(Plot("t", "bar", "", "", (Series("one", x, (100.0, 50.0)),)), "b")
    side = "width" if isinstance(x[0], str) else "height"
    assert float(first.get(side, 0)) == pytest.approx(2 * float(second.get(side, 0)), abs=0.05)


def test_points_show_their_interval() -> None:
    series = Series("one", ("a",), (0.7,), (0.6,), (0.8,))
    plot = Plot("t", "points", "slice", "auc", (series,), (Limit(0.65, "min"),))
    (whisker,) = found(plot, "whisker")
    (dot,) = found(plot, "dot")
    assert float(whisker.get("x1", 0)) < float(dot.get("cx", 0)) < float(whisker.get("x2", 0))
    assert "one: a → 0.7 (0.6 to 0.8)" in [e.text for e in dot.iter("title")]


def test_a_long_name_is_cut_and_can_be_read_in_full() -> None:
    name = "carrier=" + "very long " * 20
    (label,) = found(Plot("t", "bar", "", "", (Series("s", (name,), (1.0,)),)), "name")
    title = label.find("title")
    assert title is not None
    assert title.text == name.strip()
    assert len(title.tail or "") <= 64


def test_names_that_differ_at_their_ends_only_are_told_apart() -> None:
    names = tuple(f"expect_column_values_to_not_be_null({c})" for c in ("dep_time", "arr_time"))
    plot = Plot("t", "bar", "", "", (Series("s", names, (1.0, 2.0)),))
    assert tuple(texts(plot, "name")) == names
    tops = [float(e.get("y", 0)) for e in found(plot, "b")]
    assert all(float(e.get("y", 0)) < top for e, top in zip(found(plot, "name"), tops, strict=True))


def test_the_bins_of_a_histogram_stand_upright() -> None:
    names = tuple(f"{i / 10:.2f}" for i in range(10))
    bars = found(Plot("t", "bar", "", "", (Series("s", names, tuple(range(1, 11))),)), "b")
    heights = [float(bar.get("height", 0)) for bar in bars]
    assert heights == sorted(heights)
    assert len({bar.get("width") for bar in bars}) == 1
    assert all(0 <= float(bar.get("x", 0)) <= 430 for bar in bars)


def test_bars_of_all_series_share_the_narrowest_room() -> None:
    sparse, dense = Series("sparse", (0.0, 5.0), (1.0, 1.0)), Series("dense", (1.0, 2.0), (1.0, 1.0))
    bars = found(replace(LINE, kind="bar", series=(sparse, dense)), "b")
    assert len({bar.get("width") for bar in bars}) == 1


@pytest.mark.parametrize("values", [(), (NAN, NAN), (None, float("inf"))])
def test_nothing_to_draw_says_so(values: tuple[float | None, ...]) -> None:
    plot = replace(LINE, series=(Series("s", tuple(range(len(values))), values),))
    assert "no data" in "".join(parse(plot).itertext())


def test_a_legend_tells_series_apart_and_is_left_out_for_one() -> None:
    assert not found(LINE, "legend")
    two = replace(LINE, series=(*LINE.series, replace(LINE.series[0], name="chance", dashed=True)))
    assert [e.tail for e in parse(two).iter("i")] == ["one", "chance"]
    assert len(found(two, "dashed")) == 2


def test_big_plots_are_bounded_and_say_what_they_leave_out() -> None:
    long = replace(LINE, series=(Series("s", tuple(range(90_000)), tuple(range(90_000))),))
    assert found(long, "l")[0].get("d", "").count("L") <= DRAWN
    names = tuple(f"c{i}" for i in range(300))
    wide = Plot("t", "bar", "", "", (Series("s", names, tuple(range(300))),) * 20)
    assert texts(wide, "note") == ["4 more series not drawn. 260 more categories not drawn."]
    assert len(figure(wide)) < 300_000


def test_the_same_plot_is_drawn_the_same_twice() -> None:
    assert draw(sample.slices(0.6)) == draw(sample.slices(0.6))


def test_nothing_carries_a_style_that_the_pages_policy_would_refuse() -> None:
    for plot in (sample.roc(0.4), sample.latency(), sample.slices(0.6), sample.rows_by_month()):
        assert "style=" not in figure(plot)


VALUE = st.one_of(st.none(), st.floats(), st.integers(-(10**400), 10**400), st.text(max_size=3))
PLACE = st.one_of(st.floats(), st.integers(), st.text(st.characters(exclude_categories=()), max_size=5))
VALUES = st.lists(VALUE, max_size=5).map(tuple)
SERIES = st.builds(
    Series, st.text(max_size=5), st.lists(PLACE, max_size=5).map(tuple), VALUES, VALUES, VALUES,
)  # fmt: skip
LIMIT = st.builds(Limit, st.floats(), st.text(max_size=5), st.sampled_from(("x", "y", "z")))
KINDS = st.sampled_from(("line", "bar", "points", "pie"))
PLOT = st.builds(
    Plot, st.text(st.characters(exclude_categories=()), max_size=9), KINDS, st.text(max_size=3),
    st.text(max_size=3), st.lists(SERIES, max_size=3).map(tuple), st.lists(LIMIT, max_size=3).map(tuple),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(PLOT)
def test_whatever_the_data_the_drawing_is_well_formed(plot: Plot) -> None:
    drawn = parse(plot)
    for element in drawn.iter():
        for name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"):
            if name in element.attrib:
                assert -60 <= float(element.attrib[name]) <= 3000
