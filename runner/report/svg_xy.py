"""Lines, points and bars over two axes, upright; categories under a line are its x axis's ticks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from runner.model import Plot, Series
from runner.report import marks
from runner.report.marks import Position, tag
from runner.report.numbers import finite
from runner.report.scale import Scale, scale
from runner.text import one_line

WIDTH, HEIGHT = 440.0, 290.0
RIGHT, BOTTOM = WIDTH - 14, HEIGHT - 46
# More points than this cannot be told apart in 400 units; hovering needs still fewer.
DRAWN, HOVERED = 500, 60
_CHARACTER, _LIMIT_LINE = 6.8, 15.0


@dataclass(frozen=True, slots=True)
class _Point:
    """One value; `x` and `y` are None where undefined, `place` is x as the series gave it."""

    x: float | None
    y: float | None
    low: float | None
    high: float | None
    place: object


@dataclass(frozen=True, slots=True)
class _Frame:
    """Both axes; `names` are the x axis's categories, empty where it is numeric; `gap` is the
    smallest distance of two places on it, over all series: a bar's room."""

    x: Scale
    y: Scale
    names: tuple[str, ...]
    gap: float = 1.0

    def at(self, x: float, y: float) -> Position:
        return self.x.at(x), self.y.at(y)


def draw_xy(plot: Plot, names: tuple[str, ...] = ()) -> Markup:
    """A plot over numbers, or a line over the categories `names`, as SVG."""
    where = {name: float(index) for index, name in enumerate(names)}
    columns = [_points(series, where) for series in plot.series]
    frame = _frame(plot, names, columns)
    parts = [_grid(plot, frame), *_limits(plot, frame)]
    for index, (series, points) in enumerate(zip(plot.series, columns, strict=True)):
        drawn = _series(plot.kind, frame, series, points, (index, len(columns)))
        parts.append(tag("g", *drawn, class_=marks.colour(index)))
    return marks.drawing(plot.title, WIDTH, HEIGHT, parts)


def _points(series: Series, where: dict[str, float]) -> list[_Point]:
    pairs = list(zip(series.x, series.y, strict=False))
    stride = max(1, -(-len(pairs) // DRAWN))
    kept = sorted({*range(0, len(pairs), stride), *([len(pairs) - 1] if pairs else [])})

    def pick(values: tuple[float | None, ...], index: int) -> float | None:
        return finite(values[index]) if index < len(values) else None

    return [
        _Point(
            where.get(str(pairs[i][0])) if where else finite(pairs[i][0]),
            finite(pairs[i][1]), pick(series.low, i), pick(series.high, i), pairs[i][0],
        )
        for i in kept
    ]  # fmt: skip


def _frame(plot: Plot, names: tuple[str, ...], columns: list[list[_Point]]) -> _Frame:
    points = [p for column in columns for p in column if p.x is not None]
    xs = [p.x for p in points if p.x is not None]
    ys = [v for p in points for v in (p.y, p.low, p.high) if v is not None]
    ys += _limit_values(plot, "y")
    y = scale(ys, BOTTOM, 26 + _LIMIT_LINE * len(_limit_values(plot, "x")), zero=plot.kind == "bar")
    left = 12 + _CHARACTER * max(len(text) for text in y.labels)
    if names:
        half = 0.5 if len(names) == 1 else 0.0
        last = float(len(names) - 1)
        return _Frame(Scale(-half, last + half, left, RIGHT, (), ()), y, names)
    places = [*xs, *_limit_values(plot, "x")]
    if plot.kind == "bar" and places:
        return _Frame(_tight(places, _gap(xs) / 2, left), y, (), _gap(xs))
    return _Frame(scale(places, left, RIGHT), y, ())


def _tight(places: list[float], room: float, left: float) -> Scale:
    """The x axis of bars: no wider than they are, with the round ticks that lie among them."""
    low, high = min(places) - room, max(places) + room
    whole = scale(places, left, RIGHT)
    pairs = [pair for pair in zip(whole.ticks, whole.labels, strict=True) if low <= pair[0] <= high]
    if not pairs or high - low <= 0:
        return whole
    ticks, labels = zip(*pairs, strict=True)
    return Scale(low, high, left, RIGHT, ticks, labels)


def _limit_values(plot: Plot, axis: str) -> list[float]:
    values = [finite(limit.value) for limit in plot.limits if limit.axis == axis]
    return [value for value in values if value is not None]


def _gap(xs: list[float]) -> float:
    """The smallest distance between neighbours."""
    known = sorted(set(xs))
    gaps = [high - low for low, high in pairwise(known)]
    return min(gaps, default=1.0)


def _grid(plot: Plot, frame: _Frame) -> Markup:
    left = frame.y
    parts = [marks.label(plot.y_label, 0, 12, "axis", limit=60)]
    for tick, text in zip(left.ticks, left.labels, strict=True):
        y = left.at(tick)
        parts.append(marks.line((frame.x.start, y), (frame.x.end, y), "grid"))
        parts.append(marks.label(text, frame.x.start - 7, y + 4, "tick", "end"))
    middle = (frame.x.start + frame.x.end) / 2
    parts.append(marks.label(plot.x_label, middle, HEIGHT - 8, "axis", "middle", 60))
    return marks.join([*parts, *(_category_ticks(frame) if frame.names else _number_ticks(frame))])


def _number_ticks(frame: _Frame) -> list[Markup]:
    parts = []
    for tick, text in zip(frame.x.ticks, frame.x.labels, strict=True):
        x = frame.x.at(tick)
        parts.append(marks.line((x, frame.y.start), (x, frame.y.start + 4), "mark"))
        parts.append(marks.label(text, x, frame.y.start + 17, "tick", "middle"))
    return parts


def _category_ticks(frame: _Frame) -> list[Markup]:
    """As many names as have room, each cut to what room it has."""
    longest = min(max(len(one_line(name, 12)) for name in frame.names), 12)
    room = int((frame.x.end - frame.x.start) / (_CHARACTER * (longest + 1)))
    stride = -(-len(frame.names) // max(room, 1))
    return [
        marks.label(name, frame.x.at(index), frame.y.start + 17, "tick", "middle", 12)
        for index, name in enumerate(frame.names)
        if index % stride == 0
    ]


def _limits(plot: Plot, frame: _Frame) -> list[Markup]:
    parts: list[Markup] = []
    taken: list[float] = []
    for limit in plot.limits:
        value = finite(limit.value)
        if value is None:
            continue
        if limit.axis == "x" and not frame.names:
            x, y = frame.x.at(value), 26 + _LIMIT_LINE * sum(1 for t in taken if t < 0)
            taken.append(-1.0)
            parts.append(marks.line((x, y + 3), (x, frame.y.start), "limit", limit.label))
            parts.append(marks.label(limit.label, x, y, "limit-label", _anchor(x), 34))
        elif limit.axis == "y":
            y = frame.y.at(value)
            parts.append(marks.line((frame.x.start, y), (frame.x.end, y), "limit", limit.label))
            below = any((t >= 0 and 0 <= t - y < 14) or 0 <= y - t < 14 for t in taken)
            taken.append(y)
            parts.append(marks.label(limit.label, RIGHT, y + (13 if below else -5), "limit-label", "end", 34))
    return parts


def _anchor(x: float) -> str:
    return "start" if x < WIDTH * 0.3 else "end" if x > WIDTH * 0.7 else "middle"


def _series(
    kind: str, frame: _Frame, series: Series, points: list[_Point], place: tuple[int, int]
) -> list[Markup]:
    whiskers = [_whisker(frame, series, point) for point in points]
    if kind == "bar":
        return [*_bars(frame, series, points, place), *whiskers]
    if kind == "points":
        return [*whiskers, *_dots(frame, series, points, "dot", 4.0)]
    hovered = points[:: max(1, -(-len(points) // HOVERED))]
    return [*_line(frame, series, points), *whiskers, *_dots(frame, series, hovered, "hit", 7.0)]


def _line(frame: _Frame, series: Series, points: list[_Point]) -> list[Markup]:
    """The line in pieces, broken where a value is undefined; a piece of one point is a dot."""
    pieces: list[list[Position]] = [[]]
    for point in points:
        if point.x is None or point.y is None:
            pieces.append([])
        else:
            pieces[-1].append(frame.at(point.x, point.y))
    css = "l dashed" if series.dashed else "l"
    lines = [marks.path(piece, css) for piece in pieces if len(piece) > 1]
    return lines + [marks.dot(piece[0], "dot", series.name, 2.5) for piece in pieces if len(piece) == 1]


def _dots(frame: _Frame, series: Series, points: list[_Point], css: str, radius: float) -> list[Markup]:
    return [
        marks.dot(frame.at(p.x, p.y), css, marks.hint(series.name, p.place, p.y, p.low, p.high), radius)
        for p in points
        if p.x is not None and p.y is not None
    ]


def _whisker(frame: _Frame, series: Series, point: _Point) -> Markup:
    if point.x is None or point.low is None or point.high is None:
        return Markup("")
    return marks.line(frame.at(point.x, point.low), frame.at(point.x, point.high), "whisker", series.name)


def _bars(frame: _Frame, series: Series, points: list[_Point], place: tuple[int, int]) -> list[Markup]:
    index, count = place
    width = max((frame.x.at(frame.x.low + frame.gap) - frame.x.start) * 0.86 / count, 0.6)
    parts = []
    for p in points:
        if p.x is not None and p.y is not None:
            x = frame.x.at(p.x) + (index - count / 2) * width
            title = marks.hint(series.name, p.place, p.y)
            parts.append(marks.bar((x, frame.y.at(0.0)), (x + width, frame.y.at(p.y)), title))
    return parts
