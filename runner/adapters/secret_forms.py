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

# What an encoder does to each character when it does it to all of them.
EACH: tuple[Callable[[int], str], ...] = (
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
    """Every form of a secret that is looked for, itself among them."""
    raw = os.fsencode(value)
    found = {raw, *_base64(raw)}
    found |= {"".join(map(each, raw)).encode() for each in EACH}
    texts = {*_url(raw), *_escaped(value), *_markup(value)}
    texts |= {"".join(map(each, value)) for each in EACH_CHARACTER}
    found |= {text.encode("utf-8", "surrogatepass") for text in texts}
    return frozenset(found)


def _base64(raw: bytes) -> Iterator[bytes]:
    """Base64 of anything that has the secret in it: at each of three alignments the characters that
    the secret alone determines, in both alphabets."""
    for before in range(3):
        encoded = b64encode(bytes(before) + raw).rstrip(b"=")
        first = -(-before * 8 // 6)  # a character that also holds bits of what stands before
        last = (before + len(raw)) * 8 // 6  # or after
        standard = encoded[first:last]
        yield standard
        yield standard.replace(b"+", b"-").replace(b"/", b"_")
        yield standard.replace(b"/", b"\\/")  # in JSON of PHP and JavaScript
        yield quote(standard.decode(), safe="").encode()


def _url(raw: bytes) -> Iterator[str]:
    for quoted in (quote(raw, safe=""), quote(raw), quote(raw, safe="/:?=&@!$'()*,;+"), quote_plus(raw)):
        yield quoted
        yield quoted.replace("%", "%25")  # a URL within a URL
        yield _lower_escapes(quoted)


def _lower_escapes(quoted: str) -> str:
    head, *rest = quoted.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


def _escaped(value: str) -> Iterator[str]:
    """JSON in ASCII or not, with or without `\\/`, JSON within JSON; Python's repr; a shell's quotes."""
    for ascii_only in (True, False):
        once = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield from (once, once.replace("/", "\\/"), json.dumps(once)[1:-1])
        yield once.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    yield repr(value)[1:-1]
    yield repr(value.encode("utf-8", "surrogatepass"))[2:-1]
    yield value.replace("\\", "\\\\").replace("'", "\\'")
    yield value.replace("'", "'\\''")
    yield value.replace("'", "'\"'\"'")


def _markup(value: str) -> Iterator[str]:
    """XML and HTML, which differ in the quotes that they escape."""
    plain = html.escape(value, quote=False)
    for double in ("&quot;", "&#34;", '"'):
        for single in ("&#x27;", "&#39;", "&apos;", "'"):
            yield plain.replace('"', double).replace("'", single)


def _utf16(character: str) -> list[int]:
    data = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]
