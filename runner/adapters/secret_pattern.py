"""One expression for many forms of secrets, however often they were escaped over. Pure.

JSON in JSON, HTML of HTML, a quoted URL in a quoted URL: each time the escapes themselves are escaped,
so backslashes double, `&` becomes `&amp;` and `%` becomes `%25`. Forms are kept in a canonical spelling,
with one of each, and the expression takes any depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

# A byte of a canonical form -> what is taken for it; a depth of five, and of two for URLs.
LOOSE = {
    b"\\": rb"\\{1,32}",
    b"&": rb"&(?:amp;){0,4}",
    b"%": rb"%(?:25){0,2}",
    **{quote: rb"\\{0,31}" + quote for quote in (b"'", b'"', b"/")},
}
LONGEST = 32  # bytes that stand for one of these
DEPTHS = {
    b"&": [b"&" + b"amp;" * n for n in range(5)],
    b"%": [b"%" + b"25" * n for n in range(3)],
}
PIECES = re.compile(rb"[^\\'\"/&%]+")


def canonical(data: bytes) -> bytes:
    """A form, or what the expression found, with one backslash for many, `&` for `&amp;`, `%` for
    `%25`, and no backslash before a quote or a slash."""
    data = re.sub(rb"\\+(?=['\"/])", b"", data)
    data = re.sub(rb"\\+", rb"\\", data)
    return re.sub(rb"%(?:25)+", b"%", re.sub(rb"&(?:amp;)+", b"&", data))


def expression(forms: Iterable[bytes]) -> re.Pattern[bytes]:
    """Finds canonical forms, the longest first; it looks at each byte once."""
    words = sorted(forms)
    return re.compile(_trie(words) if words else rb"(?!)")


def reach(form: bytes) -> int:
    """The most bytes that can stand for a canonical form."""
    return len(form) + (LONGEST - 1) * sum(form.count(byte) for byte in LOOSE)


class Probe:
    """Whether any of some canonical forms can be in a text at all: a few searches for plain bytes, many
    times faster than the expression, and nearly always the answer is no. It may say yes in vain."""

    def __init__(self, forms: Iterable[bytes]) -> None:
        found: dict[bytes, set[bytes]] = {}
        for form in forms:
            found.setdefault(_gate(form), set()).update(_probes(form))
        self.gated = [(re.compile(gate), tuple(probes)) for gate, probes in found.items()]

    def __call__(self, data: bytes) -> bool:
        return any(gate.search(data) and any(p in data for p in probes) for gate, probes in self.gated)


def _gate(form: bytes) -> bytes:
    """What is in a text wherever the form is, as an expression that begins with a rare byte."""
    if (at := form.find(b"\\")) >= 0 and form[at + 1 : at + 2].isalnum():
        return re.escape(form[at : at + 2])
    if b";&" in form:
        return b";&"
    return rb"%[0-9A-Fa-f]{2,6}%" if re.fullmatch(rb"(%..)+", form) else b""


def _probes(form: bytes) -> Sequence[bytes]:
    """Bytes of which one is there wherever the form is."""
    pieces = list(PIECES.finditer(form))
    longest = max((piece[0] for piece in pieces), key=len, default=b"")
    if len(longest) >= 3:
        return (longest[:32],)
    for one, other in pairwise(pieces):
        between = form[one.end() : other.start()]
        if between in DEPTHS:
            return [one[0] + depth + other[0] for depth in DEPTHS[between]]
    return (b"",)


def _trie(words: list[bytes]) -> bytes:
    """An expression for sorted words, each beginning looked at once."""
    if len(words) == 1:
        return _loose(words[0])
    common = _common(words[0], words[-1])
    rest: dict[bytes, list[bytes]] = {}
    for word in (word[common:] for word in words):
        rest.setdefault(word[:1], []).append(word)
    branches = [_trie(group) for first, group in rest.items() if first]
    return _loose(words[0][:common]) + b"(?:" + b"|".join(branches) + b"|" * (b"" in rest) + b")"


def _loose(word: bytes) -> bytes:
    return b"".join(LOOSE.get(word[i : i + 1]) or re.escape(word[i : i + 1]) for i in range(len(word)))


def _common(one: bytes, other: bytes) -> int:
    """How many bytes two words begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
