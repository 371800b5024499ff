"""The marks that plots are made of, as escaped SVG elements.

Colours and fonts are the style sheet's (classes, and a colour per series in `--c`), so that dark
mode and print change them; nothing carries a style attribute, which the page's policy forbids.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from runner.report.numbers import number
from runner.text import one_line

COLOURS = 8
Position = tuple[float, float]


def tag(name: str, *children: str, **attributes: str | float) -> Markup:
    """An element; attribute names lose a trailing '_' and turn '_' into '-', text is cleaned
    and escaped."""
    pairs = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _value(value))
        for key, value in attributes.items()
    )
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), pairs, join(children))  # noqa: S704  our tag names


def join(parts: Iterable[str]) -> Markup:
    """Elements one after the other; a part that is not Markup is cleaned and escaped."""
    return Markup("").join(part if isinstance(part, Markup) else one_line(part, 500) for part in parts)


def _value(value: str | float) -> str:
    return one_line(value, 20_000) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def label(text: object, x: float, y: float, css: str = "", anchor: str = "start", limit: int = 60) -> Markup:
    """A line of text; what had to be cut off can be read by hovering over it."""
    full = one_line(text, 500)
    short = one_line(text, limit)
    title = [tag("title", full)] if short != full else []
    return tag("text", *title, short, x=x, y=y, class_=f"t {css}".strip(), text_anchor=anchor)


def line(start: Position, end: Position, css: str, title: str = "") -> Markup:
    """A straight line; `title` is shown by hovering over it."""
    inner = [tag("title", title)] if title else []
    return tag("line", *inner, x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=css)


def path(points: list[Position], css: str) -> Markup:
    """An open line through points."""
    steps = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return tag("path", d=f"M{steps}", class_=css)


def dot(at: Position, css: str, title: str, radius: float = 4.0) -> Markup:
    """A round mark; `title` is shown by hovering over it."""
    return tag("circle", tag("title", title), cx=at[0], cy=at[1], r=radius, class_=css)


def bar(start: Position, end: Position, title: str) -> Markup:
    """A bar between two opposite corners, at least half a unit thick so that a zero is seen."""
    x, y = min(start[0], end[0]), min(start[1], end[1])
    width, height = abs(end[0] - start[0]), abs(end[1] - start[1])
    return tag(
        "rect", tag("title", title), x=x, y=y, width=max(width, 0.5), height=max(height, 0.5), class_="b"
    )


def hint(series: str, x: object, y: float, low: float | None = None, high: float | None = None) -> str:
    """What hovering over a mark says: 'candidate: 0.25 → 0.61 (0.58 to 0.64)'."""
    place = number(x) if isinstance(x, int | float) else one_line(x, 120)
    reach = f" ({number(low)} to {number(high)})" if low is not None or high is not None else ""
    return f"{one_line(series, 60)}: {place} → {number(y)}{reach}"


def colour(index: int) -> str:
    """The class that gives a series its colour."""
    return f"s{index % COLOURS}"


def drawing(title: str, width: float, height: float, parts: Iterable[str]) -> Markup:
    """The svg element itself, named for a screen reader."""
    box = f"0 0 {width:g} {height:g}"
    return Markup('<svg viewBox="{}" role="img" aria-label="{}">{}</svg>').format(
        box, one_line(title, 200), join(parts)
    )
