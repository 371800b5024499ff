"""YAML as hostile input: plain data plus the line of every value.

Refused: duplicate keys (YAML keeps the last one silently), tags that construct objects, anchors
that expand without end ("billion laughs"), depth and size beyond any honest file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from runner.errors import ConfigError, LockgateError, Problem

MAX_BYTES, MAX_VALUES, MAX_DEPTH = 2**20, 20_000, 40
TAGS = {f"tag:yaml.org,2002:{t}" for t in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")}
Loc = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
    """Parsed data; `lines` maps a path such as ('stages', 'unit', 'timeout') to its 1-based line."""

    file: str
    data: Any = None
    lines: dict[Loc, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    values: int = 0

    def line(self, loc: Loc) -> int:
        """The line of a path, or of the nearest enclosing value that has one."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)

    def refuse(self, line: int, what: str, allowed: str = "") -> None:
        self.problems.append(Problem(self.file, line, what, allowed))


class _TooMuch(Exception):
    """The document expands beyond any honest file."""


def read_yaml(path: Path, shown: str = "") -> Document:
    """Read one YAML document; raises ConfigError with every problem found, UsageError-like codes (2)."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)  # whatever it is: a device never ends
    except OSError as error:
        raise _missing(path, error) from error
    document = Document(shown or path.name)
    if len(raw) > MAX_BYTES:
        document.refuse(0, f"larger than {MAX_BYTES >> 10} KiB")
    else:
        _load(document, raw)
    if document.problems:
        raise ConfigError(document.problems)
    return document


def _missing(path: Path, error: OSError) -> LockgateError:
    return ConfigError([Problem(str(path), 0, f"cannot be read: {error.strerror or error}")])


def _load(document: Document, raw: bytes) -> None:
    try:
        loader = yaml.SafeLoader(raw.decode("utf-8"))
        node = loader.get_single_node()
        document.data = _value(document, loader, node, ()) if node else None
    except UnicodeDecodeError as error:
        document.refuse(0, f"not UTF-8 (byte {error.start})")
    except _TooMuch as error:
        document.refuse(0, str(error))
    except RecursionError:
        document.refuse(0, "nested too deeply", f"at most {MAX_DEPTH} levels")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        document.refuse(mark.line + 1 if mark else 0, f"not YAML: {what}")


def _value(document: Document, loader: yaml.SafeLoader, node: yaml.Node, loc: Loc) -> Any:
    document.values += 1
    if document.values > MAX_VALUES:
        raise _TooMuch(f"expands to more than {MAX_VALUES} values (anchors that repeat each other?)")
    if len(loc) > MAX_DEPTH:
        raise _TooMuch(f"nested more than {MAX_DEPTH} levels deep (an anchor that contains itself?)")
    document.lines.setdefault(loc, node.start_mark.line + 1)
    if node.tag not in TAGS:
        document.refuse(
            node.start_mark.line + 1, f"tag {node.tag!r} is not allowed", "plain YAML values only"
        )
        return None
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(document, loader, node, loc))
    if isinstance(node, yaml.SequenceNode):
        return [_value(document, loader, child, (*loc, i)) for i, child in enumerate(node.value)]
    return _scalar(document, loader, node)


def _pairs(
    document: Document, loader: yaml.SafeLoader, node: yaml.MappingNode, loc: Loc
) -> Iterator[tuple[str, Any]]:
    seen: dict[str, int] = {}
    for key_node, value_node in node.value:
        key, line = _scalar(document, loader, key_node), key_node.start_mark.line + 1
        if not isinstance(key, str):
            document.refuse(line, f"key {key!r} is not a string", "quote it")
            key = str(key)
        if key in seen:
            document.refuse(line, f"duplicate key {key!r}, first on line {seen[key]}")
        seen.setdefault(key, line)
        document.lines[(*loc, key)] = line
        yield key, _value(document, loader, value_node, (*loc, key))


def _scalar(document: Document, loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.ScalarNode) or node.tag not in TAGS:
        document.refuse(line, "a key must be plain text")
        return f"<line {line}>"
    try:
        return loader.construct_object(node)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        document.refuse(line, f"cannot read {node.value[:40]!r}: {str(error).splitlines()[0]}")
        return None
