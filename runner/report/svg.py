"""A `model.Plot` as a figure: its title, its legend, and an inline SVG that needs nothing else.

Hostile or broken data (NaN, infinities, text for numbers, columns of different lengths) leaves
gaps, never a broken page.
"""

from __future__ import annotations

import re
from dataclasses import replace

from markupsafe import Markup

from runner.model import Plot, Series
from runner.report import marks
from runner.report.marks import tag
from runner.report.numbers import finite
from runner.report.svg_rows import ROWS, categories, draw_rows
from runner.report.svg_xy import draw_xy
from runner.text import one_line

SERIES, BINS = 16, 8
_BIN = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)


def figure(plot: Plot) -> Markup:
    """A figure element; series beyond the sixteenth and categories beyond the fortieth are counted."""
    shown = _bounded(plot)
    title = tag("figcaption", tag("strong", one_line(plot.title, 200)))
    notes = [one_line(plot.note, 400), *_left_out(plot)]
    note = [tag("p", " ".join(filter(None, notes)), class_="note")] if any(notes) else []
    return tag("figure", title, _legend(shown), draw(shown), *note, class_="plot")


def draw(plot: Plot) -> Markup:
    """The drawing alone."""
    if not any(finite(y) is not None for series in plot.series for y in series.y):
        return _empty(plot)
    if not _has_categories(plot):
        return draw_xy(plot)
    if plot.kind == "bar" and _are_bins(categories(plot)):
        return draw_xy(replace(plot, series=tuple(_numbered(series) for series in plot.series)))
    if plot.kind == "line":
        return draw_xy(plot, tuple(categories(plot)))
    return draw_rows(plot)


def _has_categories(plot: Plot) -> bool:
    return any(isinstance(x, str) for series in plot.series for x in series.x)


def _are_bins(names: list[str]) -> bool:
    """Many names that are numbers are a histogram's bins: upright they show the distribution's shape."""
    return len(names) >= BINS and all(_BIN.fullmatch(name) for name in names)


def _numbered(series: Series) -> Series:
    return replace(series, x=tuple(float(x) for x in series.x))


def _bounded(plot: Plot) -> Plot:
    return Plot(plot.title, plot.kind, plot.x_label, plot.y_label, plot.series[:SERIES], plot.limits[:6])


def _left_out(plot: Plot) -> list[str]:
    series = len(plot.series) - SERIES
    rows = len(categories(plot)) - ROWS if _has_categories(plot) and plot.kind != "line" else 0
    limits = len(plot.limits) - 6
    named = ((series, "series"), (rows, "categories"), (limits, "limits"))
    return [f"{count:,} more {noun} not drawn." for count, noun in named if count > 0]


def _legend(plot: Plot) -> Markup:
    """One entry a series, where there is more than one to tell apart."""
    if len(plot.series) < 2:
        return Markup("")
    shape = "block" if plot.kind == "bar" else "point" if plot.kind == "points" else "stroke"
    entries = [
        tag(
            "li",
            tag("i", class_=f"{shape}{' dashed' if series.dashed else ''} {marks.colour(index)}"),
            one_line(series.name, 80),
        )
        for index, series in enumerate(plot.series)
    ]
    return tag("ul", *entries, class_="legend")


def _empty(plot: Plot) -> Markup:
    text = marks.label("no data", 220, 62, "axis", "middle")
    frame = tag("rect", x=0.5, y=0.5, width=439, height=119, rx=6, class_="none")
    return marks.drawing(f"{plot.title}: no data", 440, 120, [frame, text])
