"""Requests and answers held against botocore's own service models, for doubles of AWS services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from botocore.model import Shape
from botocore.validate import ParamValidator


def problems(shape: Shape, value: Any) -> str:
    """Everything that is wrong with a request or an answer, '' if nothing is."""
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        return str(report.generate_report())
    return "; ".join(_limits(shape, value, ""))


def _limits(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """What botocore's validator leaves out: lengths, patterns, enumerations, unknown members."""
    check = CHECKS.get(shape.type_name)
    if check is not None:
        yield from check(shape, value, path)


def _structure(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    yield from (f"{path}.{name} is unknown" for name in set(value) - set(shape.members))
    for name, member in shape.members.items():
        if name in value:
            yield from _limits(member, value[name], f"{path}.{name}")


def _list(shape: Any, value: list[Any], path: str) -> Iterator[str]:
    for item in value:
        yield from _limits(shape.member, item, f"{path}[]")


def _map(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    yield from _length(shape, value, path)
    for key, item in value.items():
        yield from _limits(shape.key, key, f"{path}.key")
        yield from _limits(shape.value, item, f"{path}.{key}")


def _string(shape: Any, value: str, path: str) -> Iterator[str]:
    yield from _length(shape, value, path)
    pattern, allowed = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if pattern and not re.fullmatch(_readable(pattern), value):
        yield f"{path} does not fit {pattern}"
    if allowed and value not in allowed:
        yield f"{path} is none of {allowed}"


# Java's classes of characters as Python's, ASCII's punctuation and symbols for all of them.
CLASSES = {r"\p{L}": r"\w", r"\p{M}": r"\w", r"\p{N}": r"\w", r"\p{Z}": " ", r"\p{S}": "$+<=>^`|~"}
CLASSES[r"\uD800\uDC00-\uDBFF\uDFFF"] = r"\U00010000-\U0010FFFF"
CLASSES[r"\p{ASCII}"] = r"[\x00-\x7f]"
CLASSES[r"\p{P}"] = r"!-#%-*,\-./:;?@\[-\]_{}"


def _readable(pattern: str) -> str:
    """A pattern as Python's re reads it; '${1,256}' at the end of some is a length, told elsewhere."""
    for java, python in CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.sub(r"\$\{1,\d+\}$", "", pattern)


def _integer(shape: Any, value: int, path: str) -> Iterator[str]:
    if not shape.metadata.get("min", value) <= value <= shape.metadata.get("max", value):
        yield f"{path} is out of its range"


def _length(shape: Any, value: Any, path: str) -> Iterator[str]:
    size = len(value)
    if not shape.metadata.get("min", 0) <= size <= shape.metadata.get("max", size):
        yield f"{path} has a length of {size}"


CHECKS: dict[str, Any] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _integer,
    "long": _integer,
}
