"""How a secret looks when something encoded it on its way into a text. Pure.

None of the forms holds a line break, so a line's end is never in the middle of one.
"""

from __future__ import annotations

import html
import json
import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

from runner.adapters.secret_pattern import canonical

# What an encoder does to each byte, or to each character, when it does it to all of them.
EACH_BYTE: tuple[Callable[[int], str], ...] = (
    lambda byte: f"%{byte:02X}",
    lambda byte: f"%{byte:02x}",
    lambda byte: f"\\x{byte:02x}",
    lambda byte: f"{byte:02x}",
    lambda byte: f"{byte:02X}",
)
EACH_CHARACTER: tuple[Callable[[str], str], ...] = (
    lambda c: "".join(f"\\u{unit:04x}" for unit in _utf16(c)),
    lambda c: "".join(f"\\u{unit:04X}" for unit in _utf16(c)),
    lambda c: f"&#{ord(c)};",
    lambda c: f"&#x{ord(c):x};",
    lambda c: f"&#x{ord(c):X};",
)


def forms(value: str) -> frozenset[bytes]:
    """Every form of a secret that is looked for, itself among them, in its canonical spelling: encoded
    once in any way, or twice in ways that differ."""
    once = {value, *_escaped(value), *_url(value), *_markup(value)}
    texts = once | {again for text in once for again in _again(text)}
    texts |= {"".join(map(each, value)) for each in EACH_CHARACTER}
    texts |= {"".join(map(each, _bytes(value))) for each in EACH_BYTE}
    encoded = {form for text in {value, *_escaped(value)} for form in _base64(_bytes(text))}
    return frozenset(map(canonical, {os.fsencode(value), *map(_bytes, texts), *encoded}))


def _again(text: str) -> Iterator[str]:
    raw = _bytes(text)
    yield from (*_json(text), quote(raw), quote(raw, safe=""), quote_plus(raw), html.escape(text))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _base64(raw: bytes) -> Iterator[bytes]:
    """Base64 of anything that has the secret in it: at each of three alignments the characters that
    the secret alone determines, in both alphabets."""
    for before in range(3):
        encoded = b64encode(bytes(before) + raw)
        first = -(-before * 8 // 6)  # a character that also holds bits of what stands before
        last = (before + len(raw)) * 8 // 6  # or after
        standard = encoded[first:last]
        yield standard
        yield standard.replace(b"+", b"-").replace(b"/", b"_")
        yield quote(standard.decode(), safe="").encode()
        yield standard.replace(b"+", b"\\u002b").replace(b"/", b"\\u002f")


def _url(text: str) -> Iterator[str]:
    raw = _bytes(text)
    for quoted in (quote(raw, safe=""), quote(raw), quote(raw, safe="/:?=&@!$'()*,;+"), quote_plus(raw)):
        yield quoted
        head, *rest = quoted.split("%")
        yield "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


def _escaped(value: str) -> Iterator[str]:
    """JSON, for HTML or not; Python's repr, of text and of bytes, and its escapes; a shell's quotes."""
    for once in _json(value):
        yield once
        yield once.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    yield repr(value)[1:-1]
    yield repr(_bytes(value))[2:-1]
    yield value.encode("unicode_escape").decode()
    yield value.replace("'", "'\\''")
    yield value.replace("'", "'\"'\"'")


def _json(text: str) -> tuple[str, str]:
    return json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]


def _markup(text: str) -> Iterator[str]:
    """XML and HTML, which differ in the quotes that they escape."""
    plain = html.escape(text, quote=False)
    for double in ("&quot;", "&#34;", '"'):
        for single in ("&#x27;", "&#39;", "&apos;", "'"):
            yield plain.replace('"', double).replace("'", single)


def _utf16(character: str) -> list[int]:
    data = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]
