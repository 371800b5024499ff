"""Bars and points over categories: a row a category, its name to the left, its value to the right.

Points with intervals are a forest plot (Lewis & Clarke, BMJ 2001): an interval that is far wider than most
is cut off with an arrow, so that one tiny slice does not press the others together. Lying rows keep names
readable on a phone, where upright bars would have to tilt them; a plot with longer names than fit beside the
rows has them above.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from markupsafe import Markup

from runner.model import Plot, Series
from runner.report import marks
from runner.report.marks import tag
from runner.report.numbers import column, finite, fixed
from runner.report.scale import Scale, scale

WIDTH = 440.0
ROWS = 40
# More rows than this stand closer together, with a line from each name to its mark.
MANY, WIDE = 16, 4.0
# Characters that a name may have beside its row, and above it.
BESIDE, ABOVE = 22, 64
_CHARACTER, _VALUES, _FIRST_LIMIT, _LIMIT_LINE, _NAME_LINE = 7.2, 52.0, 25.0, 15.0, 16.0


@dataclass(frozen=True, slots=True)
class _Cell:
    """One value of one series in one category; None where there is none."""

    name: str
    category: str
    y: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where rows lie: the value axis, the first row's top, a row's height and a cell's; `name` is
    the height of a name above its row, 0 where names are beside; `places` the decimals of values."""

    axis: Scale
    top: float
    row: float
    cell: float
    bottom: float
    name: float
    places: int | None
    many: bool


def categories(plot: Plot) -> list[str]:
    """The names on the category axis in order of first appearance."""
    return list(dict.fromkeys(str(x) for series in plot.series for x in series.x))


def draw_rows(plot: Plot) -> Markup:
    """A plot of kind 'bar' or 'points' over categories as SVG; the first 40 categories of more."""
    names = categories(plot)[:ROWS]
    columns = [_cells(series) for series in plot.series]
    layout = _layout(plot, names, columns)
    parts = [_axis(plot, layout), *_limits(plot, layout)]
    for index, name in enumerate(names):
        parts.append(_row(plot.kind, layout, index, name, [column.get(name) for column in columns]))
    return marks.drawing(plot.title, WIDTH, layout.bottom + 42, parts)


def _cells(series: Series) -> dict[str, _Cell]:
    def pick(values: tuple[float | None, ...], index: int) -> float | None:
        return finite(values[index]) if index < len(values) else None

    return {
        str(x): _Cell(series.name, str(x), finite(y), pick(series.low, index), pick(series.high, index))
        for index, (x, y) in enumerate(zip(series.x, series.y, strict=False))
    }


def _layout(plot: Plot, names: list[str], columns: list[dict[str, _Cell]]) -> _Layout:
    cells = [column[name] for column in columns for name in names if name in column]
    values = list(_span(cells))
    limits = [v for limit in plot.limits if (v := finite(limit.value)) is not None]
    longest = max((len(name) for name in names), default=0)
    above = _NAME_LINE if longest > BESIDE else 0.0
    left = 2.0 if above else 10 + _CHARACTER * longest
    axis = scale(values + limits, left, WIDTH - _VALUES, zero=plot.kind == "bar", count=4)
    cell = 16.0 if len(columns) == 1 and len(names) <= MANY else 13.0
    row = above + cell * max(len(columns), 1) + (9 if len(names) <= MANY else 4)
    top = (_FIRST_LIMIT if limits else 18.0) + _LIMIT_LINE * len(limits)
    places = _places(cells)
    return _Layout(axis, top, row, cell, top + row * len(names), above, places, len(names) > MANY)


def _places(cells: list[_Cell]) -> int | None:
    """The decimals of the values: as many as their usual interval's half has in two digits."""
    halves = [h for cell in cells if (h := _half(cell)) is not None]
    usual = median(halves) if halves else 0.0
    if not 1e-6 < usual < 100:
        return column(cell.y for cell in cells)
    return min(max(1 - math.floor(math.log10(usual)), 0), 6)


def _half(cell: _Cell) -> float | None:
    return None if cell.low is None or cell.high is None else (cell.high - cell.low) / 2


def _span(cells: list[_Cell]) -> Iterator[float]:
    """What the axis has to reach: every value, and interval ends as far as WIDE times the usual width."""
    known = [cell.y for cell in cells if cell.y is not None]
    halves = [h for cell in cells if (h := _half(cell)) is not None]
    yield from known
    if known and halves:
        reach = WIDE * median(halves)
        low, high = min(known) - reach, max(known) + reach
        yield from (min(max(v, low), high) for cell in cells for v in (cell.low, cell.high) if v is not None)


def _axis(plot: Plot, layout: _Layout) -> Markup:
    axis, parts = layout.axis, []
    for tick, text in zip(axis.ticks, axis.labels, strict=True):
        x = axis.at(tick)
        parts.append(marks.line((x, layout.top), (x, layout.bottom), "grid"))
        parts.append(marks.label(text, x, layout.bottom + 16, "tick", "middle"))
    parts.append(marks.label(plot.x_label, 0, 11, "axis", limit=30))
    middle = (axis.start + axis.end) / 2
    return marks.join([*parts, marks.label(plot.y_label, middle, layout.bottom + 36, "axis", "middle", 50)])


def _limits(plot: Plot, layout: _Layout) -> list[Markup]:
    known = [(limit, v) for limit in plot.limits if (v := finite(limit.value)) is not None]
    parts: list[Markup] = []
    for index, (limit, value) in enumerate(known):
        x, y = layout.axis.at(value), _FIRST_LIMIT + _LIMIT_LINE * index
        parts.append(marks.line((x, y + 3), (x, layout.bottom), "limit", limit.label))
        parts.append(marks.label(limit.label, x, y, "limit-label", _anchor(x), 34))
    return parts


def _anchor(x: float) -> str:
    share = x / WIDTH
    return "start" if share < 0.3 else "end" if share > 0.7 else "middle"


def _row(kind: str, layout: _Layout, index: int, name: str, cells: list[_Cell | None]) -> Markup:
    top = layout.top + index * layout.row + 4.5 + layout.name
    middle = top + layout.cell * len(cells) / 2
    if layout.name:
        parts = [marks.label(name, 0, top - 3, "name", limit=ABOVE)]
    else:
        parts = [marks.label(name, layout.axis.start - 8, middle + 4, "name", "end", BESIDE)]
    if layout.axis.start > 2 and layout.many:
        parts.append(marks.line((layout.axis.start, middle), (layout.axis.end, middle), "guide"))
    for place, cell in enumerate(cells):
        if cell is not None:
            y = top + layout.cell * (place + 0.5)
            parts.append(tag("g", *_cell(kind, layout, cell, y), class_=marks.colour(place)))
    return marks.join(parts)


def _arrows(axis: Scale, low: float, high: float, y: float) -> list[Markup]:
    """Where an interval goes on beyond the axis."""
    ends = ((low < axis.low, axis.start, 5.0), (high > axis.high, axis.end, -5.0))
    return [
        marks.path([(x + back, y - 3.5), (x, y), (x + back, y + 3.5)], "arrow")
        for beyond, x, back in ends
        if beyond
    ]


def _cell(kind: str, layout: _Layout, cell: _Cell, y: float) -> list[Markup]:
    value = "no data" if cell.y is None else fixed(cell.y, layout.places)
    parts = [marks.label(value, WIDTH - 2, y + 4, "value", "end")]
    at, half = layout.axis.at, layout.cell / 2 - 2
    title = marks.hint(cell.name, cell.category, cell.y or 0.0, cell.low, cell.high)
    if kind == "bar" and cell.y is not None:
        parts.append(marks.bar((at(0.0), y - half), (at(cell.y), y + half), title))
    if cell.low is not None and cell.high is not None:
        parts.append(marks.line((at(cell.low), y), (at(cell.high), y), "whisker", title))
        parts += _arrows(layout.axis, cell.low, cell.high, y)
    if kind != "bar" and cell.y is not None:
        parts.append(marks.dot((at(cell.y), y), "dot", title))
    return parts
