"""The regular expressions that compilers write (regex.py, for RE2) as databases read them. Pure.

Compilers write characters as their codes, so that what is left to be read are few words, all of them known
here; a pattern of any other raises Uncompiled. What is written means the same to Python's re.search.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache

from runner.expect.literals import Uncompiled

Writer = Callable[[str], str]
WORD = re.compile(
    r"\\x\{(?P<code>[0-9a-f]+)\}|(?P<digit>\\p\{Nd\})|(?P<other>\\P\{Nd\})|(?P<begin>\\A)|(?P<end>\\z)"
    r"|(?P<line>\\n)|(?P<negated>\[\^)|\{(?P<low>\d+),(?P<high>\d*)\}|(?P<plain>\(\?:|[)|\[\]?-])"
)
CONTROLS = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\f": r"\f", "\v": r"\v"}
MOST_POSTGRES = 255  # https://www.postgresql.org/docs/15/functions-matching.html#POSIX-SYNTAX-DETAILS
SURROGATES = (0xD800, 0xDFFF)


def of_postgres(pattern: str) -> str:
    """PostgreSQL's advanced regular expressions; repeats of at most 255."""

    def repeat(low: int, high: int | None) -> str:
        if max(low, high or 0) > MOST_POSTGRES:
            raise Uncompiled("a long repeat in a pattern")
        return _repeat(low, high)

    return _rewritten(
        pattern, lambda code: f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}", repeat, r"\Z"
    )


def of_athena(pattern: str) -> str:
    r"""Trino's, which are Java's: there, \uHHHH would be one of two halves of a rarer character."""
    return _rewritten(pattern, _character, _repeat, r"\z")


def of_redshift(pattern: str) -> str:
    """Redshift's, which are PCRE's (option p). Whether its characters are bytes is not said: only what means
    the same either way, so ASCII, and no "anything but"."""

    def character(code: int) -> str:
        if code > 127:
            raise Uncompiled("a pattern beyond ASCII")
        return _character(code)

    if "[^" in pattern or r"\p{" in pattern or r"\P{" in pattern:
        raise Uncompiled("a pattern of what may be beyond ASCII")
    return _rewritten(pattern, character, _repeat, r"\z")


def _rewritten(
    pattern: str, character: Callable[[int], str], repeat: Callable[[int, int | None], str], end: str
) -> str:
    return "".join(_word(match, character, repeat, end) for match in _words(pattern))


def _words(pattern: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(pattern):
        match = WORD.match(pattern, at)
        if match is None:
            raise Uncompiled("a pattern of other words")
        yield match
        at = match.end()


def _word(
    match: re.Match[str], character: Callable[[int], str], repeat: Callable[[int, int | None], str], end: str
) -> str:
    kind = match.lastgroup
    if kind == "code":
        return character(int(match["code"], 16))
    if kind in ("low", "high"):
        return repeat(int(match["low"]), int(match["high"]) if match["high"] else None)
    if kind in ("digit", "other"):
        ranges = _digits() if kind == "digit" else _between(_digits())
        return "".join(f"{character(low)}-{character(high)}" for low, high in ranges)
    return {"begin": r"\A", "end": end, "line": character(10), "negated": "[^"}.get(str(kind), match[0])


def _repeat(low: int, high: int | None) -> str:
    return f"{{{low},{'' if high is None else high}}}"


def _character(code: int) -> str:
    """A character by itself, after a backslash where it might be a word of the pattern's."""
    one = chr(code)
    if one in CONTROLS:
        return CONTROLS[one]
    if code < 32 or code == 127:
        raise Uncompiled("a control character in a pattern")
    return one if code > 127 or one.isalnum() or one == "_" else f"\\{one}"


@cache
def _digits() -> tuple[tuple[int, int], ...]:
    r"""Python's \d, Unicode's category Nd, as ranges of codes."""
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    return tuple((match.start(), match.end() - 1) for match in re.finditer(r"\d+", every))


def _between(ranges: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, int]]:
    """All other characters; NUL and halves of pairs are none that a database holds."""
    low = 1
    for first, last in sorted((*ranges, SURROGATES)):
        yield low, first - 1
        low = last + 1
    yield low, sys.maxunicode
