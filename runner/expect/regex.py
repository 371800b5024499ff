"""Python's regular expressions as RE2's: those that mean the same in both; the rest is left. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from re import _constants as op  # type: ignore[attr-defined]  # what the parser's tree consists of
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from runner.expect.literals import Uncompiled, text

# In RE2 of ASCII alone, in Python of every script: they mean the same only where Python says so itself.
REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)
MOST = 1000  # RE2's limit of counted repeats, of those within each other multiplied


def searched(column: str, pattern: Any) -> str:
    """SQL that is true where `re.search(pattern, value)` finds something.

    Raises Uncompiled for a pattern that RE2 lacks or reads otherwise."""
    if not isinstance(pattern, str):
        raise Uncompiled("a pattern is no text")
    try:
        tree = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        raise Uncompiled("no regular expression") from None
    if tree.state.flags & ~re.UNICODE:
        raise Uncompiled("flags in the pattern")
    if _times(tree) > MOST:
        raise Uncompiled("long repeats within repeats in a pattern")
    return f"regexp_matches({column}, {text(_sequence(tree))})"


def _times(tree: Any) -> int:
    """How often counted repeats within each other repeat something, which RE2 limits together."""
    return max((_deepest(code, value) for code, value in tree), default=1)


def _deepest(code: Any, value: Any) -> int:
    if code in REPEATS:
        low, high, inner = value
        return max(int(low if high is op.MAXREPEAT else high), 1) * _times(inner)
    inside = value[1] if code is op.BRANCH else [value[3]] if code is op.SUBPATTERN else []
    return max(map(_times, inside), default=1)


def _sequence(tree: Any) -> str:
    return "".join(_node(code, value) for code, value in tree)


def _node(code: Any, value: Any) -> str:
    if code in REPEATS:
        return _repeat(code, *value)
    write = NODES.get(code)
    if write is None:
        raise Uncompiled(f"{str(code).lower()} in a pattern")
    return write(value)


def _group(value: Any) -> str:
    _number, on, off, inner = value
    if on or off:
        raise Uncompiled("flags within the pattern")
    return f"(?:{_sequence(inner)})"


def _anchor(value: Any) -> str:
    """Python's $ matches before a newline at the end, too."""
    known = {
        op.AT_BEGINNING: r"\A",
        op.AT_BEGINNING_STRING: r"\A",
        op.AT_END: r"(?:\n?\z)",
        op.AT_END_STRING: r"\z",
    }
    if value not in known:
        raise Uncompiled("a word boundary in a pattern")
    return known[value]


def _repeat(code: Any, low: int, high: Any, inner: Any) -> str:
    most = "" if high is op.MAXREPEAT else str(int(high))
    return f"(?:{_sequence(inner)}){{{low},{most}}}"


def _class(items: Any) -> str:
    negated = bool(items) and items[0][0] is op.NEGATE
    parts = [_member(code, value) for code, value in items[negated:]]
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def _member(code: Any, value: Any) -> str:
    if code is op.LITERAL:
        return _character(value)
    if code is op.RANGE:
        return f"{_character(value[0])}-{_character(value[1])}"
    if code is op.CATEGORY and value is op.CATEGORY_DIGIT:
        return r"\p{Nd}"
    if code is op.CATEGORY and value is op.CATEGORY_NOT_DIGIT:
        return r"\P{Nd}"
    raise Uncompiled("a class of characters that RE2 reads otherwise")


def _character(code: int) -> str:
    if 0xD800 <= code <= 0xDFFF or code == 0:
        raise Uncompiled("a character that SQL cannot hold")
    return rf"\x{{{code:x}}}"


NODES: dict[Any, Callable[[Any], str]] = {
    op.LITERAL: _character,
    op.NOT_LITERAL: lambda value: f"[^{_character(value)}]",
    op.ANY: lambda value: r"[^\n]",
    op.IN: _class,
    op.SUBPATTERN: _group,
    op.BRANCH: lambda value: "(?:" + "|".join(_sequence(each) for each in value[1]) + ")",
    op.AT: _anchor,
}
