"""What is wrong with a line of JSON, and what Arrow would take without a word. Pure.

Arrow recurses as deep as a line nests, reads NaN, which JSON has not, and whole numbers beyond 64 bits as
floats. Only what may have such things is looked at line by line.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

DEEPEST = 64
SUSPECT = re.compile(rb"\d{19}|NaN|Inf")
LEAST, GREATEST = -(2**63), 2**63 - 1
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """The kinds of values that lines have had, by where they stand."""

    kinds: dict[Key, str] = field(default_factory=dict)

    @classmethod
    def of(cls, schema: pa.Schema) -> Seen:
        """What a schema says of the lines that it was made of."""
        return cls({key: kind for each in schema for key, kind in _kinds_of((each.name,), each.type)})

    def take(self, key: Key, value: Any) -> None:
        """Raises ValueError for a value of another kind than those before."""
        kind = _kind(value)
        if kind == "null":
            return
        if (before := self.kinds.setdefault(key, kind)) != kind:
            raise ValueError(f"{'.'.join(key)} is {kind}, and before it was {before}")
        parts = value.items() if isinstance(value, dict) else []
        parts = [("[]", each) for each in value] if isinstance(value, list) else parts
        for name, part in parts:
            self.take((*key, name), part)


def require_fit(block: bytes, number: int) -> int:
    """How many lines of a block are no blank ones; `number` is the first line's. Raises ValueError, naming
    the line, for what Arrow would not refuse."""
    if b"\0" in block:
        raise ValueError("there is a NUL")
    block.decode("utf-8")
    lines = block.split(b"\n")
    if block.count(b"{") + block.count(b"[") > len(lines) + DEEPEST:
        for at, line in enumerate(lines, number):
            if line.count(b"{") + line.count(b"[") > DEEPEST and _depth(line) > DEEPEST:
                raise ValueError(f"line {at} nests deeper than {DEEPEST}")
    return sum(1 for line in lines if line.strip())


def require_numbers(block: bytes, number: int) -> None:
    """Raises ValueError, naming the line, for a number that is no JSON or has no room. Only asked for blocks
    in which Arrow has found what may come of such: it is slow."""
    for at, line in enumerate(block.split(b"\n"), number):
        if SUSPECT.search(line):
            _object(line, at)


def where_wrong(block: bytes, number: int, seen: Seen) -> str:
    """The first line that is wrong, and what is; '' where none is found."""
    try:
        for at, line in enumerate(block.split(b"\n"), number):
            if line.strip():
                _take(_object(line, at), at, seen)
    except ValueError as error:
        return str(error)
    return ""


def _take(found: Mapping[str, Any], at: int, seen: Seen) -> None:
    try:
        for name, value in found.items():
            seen.take((name,), value)
    except ValueError as error:
        raise ValueError(f"line {at}: {error}") from None


def _object(line: bytes, at: int) -> dict[str, Any]:
    """A line's object. Raises ValueError, naming the line."""
    try:
        text = line.decode("utf-8-sig" if at == 1 else "utf-8")
        if _depth(line) > DEEPEST:
            raise ValueError(f"it nests deeper than {DEEPEST}")
        found = json.loads(
            text, object_pairs_hook=_once, parse_constant=_constant, parse_int=_whole, parse_float=_float
        )
    except UnicodeDecodeError:
        raise ValueError(f"line {at} is not UTF-8") from None
    except ValueError as error:
        raise ValueError(f"line {at}: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"line {at} is no object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(n for n in names if names.count(n) > 1)!r} is there twice")
    return found


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _float(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise ValueError(f"the number {digits[:30]} is beyond a float")
    return number


def _whole(digits: str) -> int:
    if len(digits) > 20 or not LEAST <= int(digits) <= GREATEST:
        raise ValueError(f"the number {digits[:30]} is beyond 64 bits")
    return int(digits)


def _depth(line: bytes) -> int:
    """How deep a line nests; brackets in texts count, too, where its quotes are wrong."""
    deepest = depth = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', line):
        depth += {b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(token[0], 0)
        deepest = max(deepest, depth)
    return deepest


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    kinds: dict[object, str] = {str: "text", list: "list", dict: "object"}
    return kinds.get(type(value), "null")


def _kinds_of(key: Key, type: pa.DataType) -> Iterator[tuple[Key, str]]:
    import pyarrow as pa

    if pa.types.is_null(type):
        return
    if pa.types.is_struct(type):
        yield key, "object"
        for each in type:
            yield from _kinds_of((*key, each.name), each.type)
    elif pa.types.is_list(type):
        yield key, "list"
        yield from _kinds_of((*key, "[]"), type.value_type)
    else:
        yield key, {"bool": "boolean", "string": "text"}.get(str(type), "number")
