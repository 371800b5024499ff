"""Hostile text made fit to be shown, on a terminal, in XML, in HTML: a leaf that every layer may use.

Check ids, causes and details come from the code under test. An escape sequence could repaint a
terminal, a lone surrogate stops an encoder, a bidirectional override makes a line read as another.
"""

from __future__ import annotations

import hashlib
import re

REPLACEMENT = "�"
# Strings that an escape introduces (titles, links) end in BEL or ST; an unterminated one is not
# removed, or a test could hide its own cause behind it.
_ANSI = re.compile(
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]{0,2048}(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"
    r"|\x1b[ -/]{0,8}[0-~]"
)
# What XML 1.0 forbids, the C1 controls, and the embeddings and overrides of bidirectional text.
_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_SCANNED = 1_000_000
# A parser makes up to 800 bytes of a list or an object that has two, and 100 of a number that has one.
_TOKEN = re.compile(rb'[{\[]|,|"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_CONTAINER, _WEIGHT = 8, 2_400_000


def clean(text: object) -> str:
    """Text without escape sequences; what may not be shown becomes U+FFFD, line ends become LF.

    Any other Unicode survives. At most a million characters are looked at."""
    plain = _ANSI.sub("", str(text)[:_SCANNED])
    return _FORBIDDEN.sub(REPLACEMENT, plain.replace("\r\n", "\n").replace("\r", "\n"))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, an ellipsis saying that there were more."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def one_line(text: object, limit: int = 300) -> str:
    """Clean text on one line of at most `limit` characters, all of them printable."""
    plain = "".join(c if c.isprintable() else " " for c in clean(text))
    return shorten(" ".join(plain.split()), limit)


def unique_line(text: object, limit: int) -> str:
    """As `one_line`, but what is cut off leaves a digest, so that two long names stay different."""
    line = " ".join(clean(text).split())
    if len(line) <= limit:
        return line
    digest = hashlib.sha256(line.encode()).hexdigest()[:8]
    return f"{line[: limit - 9]}…{digest}"


def block(text: object, limit: int = 20_000) -> str:
    """Clean text of several lines; of one that is too long the head and the tail are kept.

    A traceback says what failed at its end."""
    plain = clean(text).strip("\n")
    if len(plain) <= limit:
        return plain
    tail = limit // 4
    head = limit - tail - 60
    return f"{plain[:head]}\n… {len(plain) - head - tail:,} characters left out …\n{plain[-tail:]}"


def reason(error: BaseException) -> str:
    """An exception of somebody else's in one line: its type and its message."""
    return one_line(f"{type(error).__name__}: {error}")


def is_heavy(json: bytes) -> bool:
    """Whether JSON holds so many values that parsing it would take more than a few hundred MB: over
    300,000 objects and lists, or 2,400,000 values. What stands in strings does not count."""
    if _CONTAINER * (json.count(b"{") + json.count(b"[")) + json.count(b",") <= _WEIGHT:
        return False
    weight = 0
    for token in _TOKEN.finditer(json):
        first = json[token.start()]
        weight += _CONTAINER if first in b"{[" else first == 0x2C
        if weight > _WEIGHT:
            return True
    return False
