"""How a text can be encoded on its way into a log; and a search that undoes all of it again."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus, unquote_plus
from xml.sax.saxutils import escape, quoteattr

ENCODERS: dict[str, Callable[[str], str]] = {
    "raw": lambda s: s,
    "base64, alignment 0": lambda s: base64.b64encode(s.encode() + b"...").decode(),
    "base64, alignment 1": lambda s: base64.b64encode(b"." + s.encode() + b"...").decode(),
    "base64, alignment 2": lambda s: base64.b64encode(b".." + s.encode() + b"...").decode(),
    "base64, padded": lambda s: base64.b64encode(s.encode()).decode(),
    "url-safe base64, alignment 0": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "url-safe base64, alignment 1": lambda s: base64.urlsafe_b64encode(b"~" + s.encode()).decode(),
    "url-safe base64, alignment 2": lambda s: base64.urlsafe_b64encode(b"~~" + s.encode()).decode(),
    "base64, then percent": lambda s: quote(base64.b64encode(s.encode()).decode(), safe=""),
    "quote": quote,
    "quote everything": lambda s: quote(s, safe=""),
    "quote, lower case": lambda s: re.sub("%..", lambda m: m[0].lower(), quote(s, safe="")),
    "quote twice": lambda s: quote(quote(s, safe=""), safe=""),
    "quote_plus": quote_plus,
    "percent, each byte": lambda s: "".join(f"%{b:02X}" for b in s.encode()),
    "percent, each byte, lower": lambda s: "".join(f"%{b:02x}" for b in s.encode()),
    "json": json.dumps,
    "json, not ascii": lambda s: json.dumps(s, ensure_ascii=False),
    "json, slashes": lambda s: json.dumps(s).replace("/", "\\/"),
    "json in json": lambda s: json.dumps(json.dumps(s)),
    "\\u, each": lambda s: "".join(f"\\u{ord(c):04x}" for c in s),
    "\\U, each": lambda s: "".join(f"\\u{ord(c):04X}" for c in s),
    "repr": repr,
    "repr of bytes": lambda s: repr(s.encode()),
    "\\x, each byte": lambda s: "".join(f"\\x{b:02x}" for b in s.encode()),
    "hex": lambda s: s.encode().hex(),
    "HEX": lambda s: s.encode().hex().upper(),
    "html": html.escape,
    "xml": escape,
    "xml attribute": quoteattr,
    "html, each": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "html, each, hex": lambda s: "".join(f"&#x{ord(c):x};" for c in s),
}
RUN = re.compile(rb"[A-Za-z0-9+/_-]{10,}")
ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(["\\/\']))')


def decoded(data: bytes) -> Iterator[str]:
    """The text, and what it becomes when each encoding is taken off it, up to three times."""
    text = data.decode("utf-8", "replace")
    for _ in range(3):
        yield text
        yield unquote_plus(text)
        yield html.unescape(text)
        text = ESCAPE.sub(_unescaped, text)
        text = text.encode("latin-1", "replace").decode("utf-8", "ignore") + text  # bytes as \xNN
    for run in (r.translate(bytes.maketrans(b"-_", b"+/")) for r in RUN.findall(data)):
        for start in range(4):
            whole = run[start:]
            yield base64.b64decode(whole[: len(whole) // 4 * 4]).decode("utf-8", "ignore")
        if re.fullmatch(rb"[0-9a-fA-F]+", run):
            yield bytes.fromhex(run[: len(run) // 2 * 2].decode()).decode("utf-8", "ignore")


def _unescaped(match: re.Match[str]) -> str:
    return match[3] or chr(int(match[1] or match[2], 16))
