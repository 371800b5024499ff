"""Golden rows: reading them, and comparing what was served with what training gave."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import UsageError
from runner.text import one_line

GROUP = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded row; `number` counts lines from 1."""

    number: int
    event: Any
    expected: Any


@dataclass(frozen=True, slots=True)
class Compared:
    """One pair of numbers: field, and |served - expected| / max(1, |expected|)."""

    field: str
    size: float


@dataclass(frozen=True, slots=True)
class Differences:
    """What a comparison found: every pair of numbers, and the problems in words."""

    compared: tuple[Compared, ...]
    problems: tuple[str, ...]


def read_rows(root: str, name: str) -> list[Row]:
    """The rows of a JSON-lines file. Raises UsageError for a missing, empty or malformed one, and
    where a row expects no value at any depth: it could not fail."""
    path = Path(root, name)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the golden rows cannot be read: {error}", where=name) from None
    rows = [_row(number, line, name) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise UsageError("there are no golden rows", where=name, hint="record some, or drop `golden`")
    return rows


def _row(number: int, line: str, name: str) -> Row:
    try:
        told = json.loads(line)
        row = Row(number, told["event"], told["expected"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"not {{event, expected}}: {error!r}", where=f"{name}:{number}") from None
    if not _has_value(row.expected):
        what = "`expected` holds no value, so nothing would be compared"
        raise UsageError(what, where=f"{name}:{number}")
    return row


def _has_value(expected: Any) -> bool:
    """Whether there is a value in it at any depth; not recursive, since its depth is the file's."""
    waiting = [] if expected is None else [expected]
    while waiting:
        item = waiting.pop()
        if not isinstance(item, dict | list):
            return True
        waiting += item.values() if isinstance(item, dict) else item
    return False


def groups(rows: Sequence[Row], size: int = GROUP) -> list[tuple[Row, ...]]:
    """Rows in groups, each to be one check."""
    return [tuple(rows[i : i + size]) for i in range(0, len(rows), size)]


def differences(expected: Any, served: Any, tolerance: float) -> Differences:
    """Compare recursively: every field of `expected` must be served, numbers within the tolerance."""
    compared: list[Compared] = []
    problems = list(_Comparison(tolerance, compared).of("answer", expected, served))
    return Differences(tuple(compared), tuple(problems))


@dataclass(frozen=True, slots=True)
class _Comparison:
    tolerance: float
    compared: list[Compared]

    def of(self, field: str, expected: Any, served: Any) -> Iterator[str]:
        if isinstance(expected, dict) and isinstance(served, dict):
            yield from self._fields(field, expected, served)
        elif isinstance(expected, list) and isinstance(served, list):
            yield from self._items(field, expected, served)
        elif _is_number(expected) and _is_number(served):
            yield from self._numbers(field, expected, served)
        elif type(expected) is not type(served) or expected != served:
            yield f"{field}: served {_short(served)}, training gave {_short(expected)}"

    def _fields(self, field: str, expected: dict[str, Any], served: dict[str, Any]) -> Iterator[str]:
        for key, value in expected.items():
            if key in served:
                yield from self.of(f"{field}.{key}", value, served[key])
            else:
                yield f"{field}.{key} is not served"

    def _items(self, field: str, expected: list[Any], served: list[Any]) -> Iterator[str]:
        if len(expected) != len(served):
            yield f"{field}: served {len(served)} items, training gave {len(expected)}"
            return
        for i, (value, got) in enumerate(zip(expected, served, strict=True)):
            yield from self.of(f"{field}[{i}]", value, got)

    def _numbers(self, field: str, expected: float, served: float) -> Iterator[str]:
        size = abs(served - expected) / max(1.0, abs(expected))
        self.compared.append(Compared(field, size))
        # Written so that NaN, which is neither, is a difference.
        if not size <= self.tolerance:
            yield f"{field}: served {served!r}, training gave {expected!r} (tolerance {self.tolerance:g})"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: Any) -> str:
    return one_line(repr(value), 80)
