"""What is left of a secret where a text was cut: at either end, or at an ellipsis in the middle. Pure.

Causes and details have limits, and a limit knows nothing of what it cuts in two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from runner.adapters.secret_pattern import Probe, canonical, expression

LEAST = 8  # bytes of a form that are worth hiding
ELLIPSIS = re.compile(rb"(\.{3}|\xe2\x80\xa6)")


class Cuts:
    """Finds beginnings of forms at an end, and ends of them at a beginning; `shown` stands for each."""

    def __init__(self, shown: Mapping[bytes, bytes]) -> None:
        self.shown = {form: name for form, name in shown.items() if len(form) > LEAST}
        self.heads = _Edge(form[:LEAST] for form in self.shown)
        self.tails = _Edge(form[-LEAST:] for form in self.shown)

    def clean(self, data: bytes) -> bytes:
        """The text without what is left of a secret."""
        if not (self.heads.may_hold(data) or self.tails.may_hold(data)):
            return data
        return b"".join(self._begin(self._end(part)) for part in ELLIPSIS.split(data))

    def _end(self, data: bytes) -> bytes:
        for match in self.heads.find(data):
            left = canonical(data[match.start() :])
            if name := next((n for form, n in self.shown.items() if form.startswith(left)), b""):
                return data[: match.start()] + name
        return data

    def _begin(self, data: bytes) -> bytes:
        for match in self.tails.find(data):
            left = canonical(data[: match.end()])
            if name := next((n for form, n in self.shown.items() if form.endswith(left)), b""):
                return name + data[match.end() :]
        return data


class _Edge:
    """Finds the first or the last bytes of forms."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        words = frozenset(parts)
        self.may_hold, self.pattern = Probe(words), expression(words)

    def find(self, data: bytes) -> Iterable[re.Match[bytes]]:
        return self.pattern.finditer(data)
