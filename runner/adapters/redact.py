"""Taking secrets out of bytes, texts and values, whole or as a stream. Pure.

Two filters one after the other: the known secrets in all their forms, and then shapes that are
secrets whoever's they are (keys of AWS, GitHub, GitLab and Slack, JWTs, private keys, passwords in
URLs and assignments). The result never holds a part of the value, only `[redacted NAME]`.

A filter sees a stream through a window: it lets bytes go as soon as nothing that follows could
still make them part of a secret, so any way of splitting gives what the whole would give.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from runner.adapters.secret_cuts import Cuts
from runner.adapters.secret_forms import forms
from runner.adapters.secret_names import SHORTEST, Secret
from runner.adapters.secret_pattern import Probe, canonical, expression, reach
from runner.adapters.secret_shapes import PRIVATE_KEY, REACH, shapes

Replace = Callable[["re.Match[bytes]"], bytes]


@dataclass(slots=True)
class _Filter:
    """One pass over a stream: what `search` finds is replaced; `held` bytes decide any match."""

    search: Callable[[bytes, int], Iterable[re.Match[bytes]]]
    replace: Replace
    held: int
    waits: bytes = b""  # while this is in the window, a line's end decides nothing
    window: bytes = b""
    done: int = 0  # bytes of the window that went out already: one is kept, for look-behinds

    def feed(self, data: bytes) -> bytes:
        self.window += data
        cut = self._line_end()
        if len(self.window) - max(cut, self.done) > 2 * self.held:
            cut = len(self.window) - self.held
        return self._up_to(cut)

    def close(self) -> bytes:
        return self._up_to(len(self.window))

    def _line_end(self) -> int:
        if self.waits and self.waits in self.window[self.done :] and not self._key_ended():
            return 0
        return max(self.window.rfind(b"\n"), self.window.rfind(b"\r")) + 1

    def _key_ended(self) -> bool:
        begun, ended = self.window.rfind(b"-----BEGIN "), self.window.rfind(b"-----END ")
        return begun < ended < self.window.rfind(self.waits)

    def _up_to(self, cut: int) -> bytes:
        if cut <= self.done:
            return b""
        out, at = [], self.done
        for match in self.search(self.window, self.done):
            if match.start() >= cut:
                break
            out += [self.window[at : match.start()], self.replace(match)]
            at = match.end()
        cut = max(cut, at)
        out.append(self.window[at:cut])
        kept = max(0, cut - 1)
        self.window, self.done = self.window[kept:], cut - kept
        return b"".join(out)


class Stream:
    """A redactor over a stream: `feed` answers what may go out, `close` the rest."""

    def __init__(self, redactor: Redactor) -> None:
        known = _Filter(redactor.search, redactor.name_of, redactor.longest)
        self.passes = (known, _Filter(shapes, _name_of_shape, REACH, PRIVATE_KEY))

    def feed(self, data: bytes) -> bytes:
        """Take bytes in; those that nothing can turn into a secret any more."""
        for one in self.passes:
            data = one.feed(data)
        return data

    def close(self) -> bytes:
        """What was held back; the stream is at its end."""
        first, second = self.passes
        return second.feed(first.close()) + second.close()


class Redactor:
    """Hides a set of secrets, in every form, and everything that has the shape of one."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self.secrets = tuple(s for s in secrets if len(s.value) >= SHORTEST)
        self.names: Mapping[bytes, str] = {
            form: secret.name for secret in self.secrets for form in forms(secret.value)
        }
        self.longest = max(map(reach, self.names), default=1)
        self.may_hold = Probe(self.names)

    @cached_property
    def known(self) -> re.Pattern[bytes]:
        """One expression for every form of every secret."""
        return expression(self.names)

    def search(self, data: bytes, start: int = 0) -> Iterable[re.Match[bytes]]:
        """The known secrets in it, from `start` on; nearly always there are none, which is soon seen."""
        return self.known.finditer(data, start) if self.may_hold(data) else ()

    @cached_property
    def cuts(self) -> Cuts:
        """Finds what is left of a secret that was cut."""
        return Cuts({form: _shown(name) for form, name in self.names.items()})

    def name_of(self, match: re.Match[bytes]) -> bytes:
        """What stands in the place of a known secret."""
        return _shown(self.names[canonical(match[0])])

    def _without_known(self, data: bytes) -> bytes:
        return self.known.sub(self.name_of, data) if self.search(data) else data

    def stream(self) -> Stream:
        """A filter for bytes that come in pieces."""
        return Stream(self)

    def data(self, data: bytes) -> bytes:
        """Bytes without their secrets."""
        return _without_shapes(self._without_known(data))

    def text(self, text: str) -> str:
        """A text without its secrets, and without the part of one that a cut left at an ellipsis
        or at either end."""
        if len(text) < SHORTEST:
            return text
        data = text.encode("utf-8", "surrogatepass")
        found = _without_shapes(self.cuts.clean(self._without_known(data)))
        return text if found == data else found.decode("utf-8", "surrogatepass")

    def value(self, value: Any) -> Any:
        """Dataclasses, mappings (keys too), lists and tuples of texts without their secrets."""
        if isinstance(value, str):
            return value if isinstance(value, Enum) else self.text(value)
        if isinstance(value, Mapping):
            return {self.value(key): self.value(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.value(inner) for inner in value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value if (text := str(value)) == (clean := self.text(text)) else clean
        if is_dataclass(value) and not isinstance(value, type):
            return type(value)(**{f.name: self.value(getattr(value, f.name)) for f in fields(value)})
        return value


def _shown(name: str) -> bytes:
    return f"[redacted {name}]".encode()


def _without_shapes(data: bytes) -> bytes:
    out, at = [], 0
    for match in shapes(data):
        out += [data[at : match.start()], _name_of_shape(match)]
        at = match.end()
    return b"".join([*out, data[at:]]) if out else data


def _name_of_shape(match: re.Match[bytes]) -> bytes:
    """The match with its secret replaced; what stands around it (`password=`) is kept."""
    kind = str(match.lastgroup)
    whole, (begin, end) = match[0], match.span(kind)
    offset = match.start()
    return whole[: begin - offset] + _shown(kind.replace("_", " ")) + whole[end - offset :]
