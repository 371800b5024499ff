r"""A regular expression from the shapes of texts: 'N725MQ' is of shape 'A999AA', and `^N[0-9]{3}[A-Z]{2}$`
is read from it. Pure.

Shapes of the same runs of kinds are one alternative, each run as long as it was seen. Where there are too
many, the characters that are used and the lengths are said, if those are few. What is written means the same
in Python and in RE2: classes and counted repeats, anchored at both ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby, takewhile

CLASSES = {"A": "[A-Z]", "a": "[a-z]", "9": "[0-9]"}
ALTERNATIVES, LONGEST = 4, 60
YEARS = 20  # more of them are any four digits
SIGNS = 4  # signs beside letters and digits that an alphabet may have

Run = tuple[str, int]


def shape_of(text: str) -> str:
    """Each ASCII letter as A or a, each digit as 9; all else as itself."""
    return re.sub(r"[0-9]", "9", re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", text)))


def shape_sql(expression: str) -> str:
    """The same in SQL."""
    for pattern, sign in (("[A-Z]", "A"), ("[a-z]", "a"), ("[0-9]", "9")):
        expression = f"regexp_replace({expression}, '{pattern}', '{sign}', 'g')"
    return expression


def pattern_of(shapes: Iterable[str], first: str = "", last: str = "") -> str:
    """The pattern of shapes, '' where no few alternatives say them; `first` and `last` are the least and the
    greatest text, whose common beginning all texts have."""
    known = sorted(set(shapes))
    if not known or any(not shape or len(shape) > LONGEST or not _plain(shape) for shape in known):
        return ""
    if is_dated(first) and is_dated(last) and all(_plain(shape[10:]) for shape in known):
        return _dated(known, first, last)
    begin = _common(first, last) if first != last else ""
    grouped: dict[tuple[str, ...], list[list[Run]]] = {}
    for shape in known:
        runs = _runs(shape[len(begin) :])
        grouped.setdefault(tuple(sign for sign, _ in runs), []).append(runs)
    if len(grouped) > ALTERNATIVES:
        return _alphabet(known)
    said = [_alternative(each) for each in grouped.values()]
    body = said[0] if len(said) == 1 else f"(?:{'|'.join(said)})"
    return f"^{_literal(begin)}{body}$"


def is_dated(text: str) -> bool:
    """Whether a text begins as a date of ISO 8601 does: such texts go on, and are no closed set."""
    return re.match(r"[0-9]{4}-[01][0-9]-[0-3][0-9](?![0-9])", text) is not None


def _dated(shapes: Sequence[str], first: str, last: str) -> str:
    """Dates, of which the years may go on by one, and what follows them."""
    low, high = int(first[:4]), int(last[:4]) + 1
    years = (
        "[0-9]{4}"
        if high - low >= YEARS
        else f"(?:{'|'.join(f'{year:04}' for year in range(low, high + 1))})"
    )
    rests = sorted({_rest(shape[10:]) for shape in shapes})
    body = rests[0] if len(rests) == 1 else f"(?:{'|'.join(rests)})"
    return f"^{years}-[01][0-9]-[0-3][0-9]{body}$" if len(rests) <= ALTERNATIVES else ""


def _rest(shape: str) -> str:
    """After the date: T before the time, Z for its zone."""
    begun = shape.removeprefix("A")
    ended = begun.removesuffix("A")
    middle = _alternative([_runs(ended)]) if ended else ""
    return f"{'T' * (begun != shape)}{middle}{'Z' * (ended != begun)}"


def _common(first: str, last: str) -> str:
    """What all texts between two begin with."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(sign for sign, _ in same)


def _literal(text: str) -> str:
    """Escaped where it must be, so that it stays readable."""
    return re.sub(r"([\\^$.|?*+(){}\[\]])", r"\\\1", text)


def _plain(shape: str) -> bool:
    return shape.isascii() and shape.isprintable()


def _runs(shape: str) -> list[Run]:
    return [(sign, len(list(run))) for sign, run in groupby(shape)]


def _alternative(runs: Sequence[Sequence[Run]]) -> str:
    """Shapes of the same runs: each run as often as it was seen at least and at most."""
    return "".join(
        _repeated(CLASSES.get(run[0][0]) or _literal(run[0][0]), [n for _, n in run])
        for run in zip(*runs, strict=True)
    )


def _repeated(what: str, counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    if low == high:
        return what if low == 1 else f"{what}{{{low}}}"
    return f"{what}{{{low},{high}}}"


def _alphabet(shapes: Sequence[str]) -> str:
    """Which characters there are, in which numbers; '' where that says little."""
    signs = set("".join(shapes))
    classes, others = signs & set(CLASSES), sorted(signs - set(CLASSES))
    if len(classes) == len(CLASSES) or len(others) > SIGNS or " " in others:
        return ""
    inside = "".join(CLASSES[sign][1:-1] for sign in sorted(classes)) + "".join(re.escape(s) for s in others)
    lengths = [len(shape) for shape in shapes]
    return f"^[{inside}]{{{min(lengths)},{max(lengths)}}}$"
