"""A contract's file: the agreed columns, in their order, as JSON.

{"columns": [{"name": "year", "type": "int64", "nullable": false}, ...]}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.config.json_strict import read_json
from runner.config.problems import did_you_mean
from runner.contract.types import NAMES, is_type
from runner.errors import ConfigError, Problem
from runner.text import one_line

FIELDS = ("name", "type", "nullable")
TYPES = ", ".join((*NAMES, "decimal(p,s)", "other(...)"))


@dataclass(frozen=True, slots=True)
class Agreed:
    """One column that readers rely on; `nullable`: they bear nulls in it."""

    name: str
    type: str
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract's file: `path` as configured, sha256 of its bytes, its columns in their order."""

    path: str
    sha256: str
    columns: tuple[Agreed, ...]


def read_contract(root: Path, path: str) -> Contract:
    """Read a contract of a solution; raises ConfigError with every problem found in it."""
    file = read_json(root / path, path)
    found = [Problem(path, 0, what, allowed) for what, allowed in _problems(file.data)]
    if found:
        raise ConfigError(found)
    columns = tuple(Agreed(c["name"], c["type"], c.get("nullable", True)) for c in file.data["columns"])
    return Contract(path, hashlib.sha256(file.raw).hexdigest(), columns)


def written(columns: Sequence[Agreed]) -> str:
    """The text of a contract's file, a line a column."""
    told = ({"name": c.name, "type": c.type, "nullable": c.nullable} for c in columns)
    lines = ",\n".join(f"    {json.dumps(each, ensure_ascii=False)}" for each in told)
    return '{\n  "columns": [\n' + lines + "\n  ]\n}\n"


def _problems(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in data.keys() - {"columns"}:
        yield f"unknown field {one_line(key, 80)!r}", "columns"
    columns = data.get("columns")
    if not isinstance(columns, list) or not columns:
        yield "columns: must be a list that is not empty", '[{"name": ..., "type": ...}]'
        return
    names = set[str]()
    for n, column in enumerate(columns):
        place = f"columns[{n}]"
        yield from _of_column(place, column)
        name = column.get("name") if isinstance(column, dict) else None
        if isinstance(name, str) and name in names:
            yield f"{place}: {one_line(name, 80)!r} is there twice", "each column once"
        names.add(str(name))


def _of_column(place: str, column: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(column, dict):
        yield f"{place}: must be an object", '{"name": ..., "type": ...}'
        return
    for key in column.keys() - set(FIELDS):
        yield f"{place}: unknown field {one_line(key, 80)!r}", did_you_mean(key, FIELDS)
    if not isinstance(column.get("name"), str) or not column["name"]:
        yield f"{place}.name: must be a text that is not empty", "a column's name"
    if not isinstance(column.get("type"), str) or not is_type(column["type"]):
        told = one_line(json.dumps(column.get("type")), 80)
        yield f"{place}.type: {told} is no type", TYPES
    if not isinstance(column.get("nullable", True), bool):
        yield f"{place}.nullable: must be true or false", "true, false"
