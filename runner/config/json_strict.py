"""JSON as hostile input: bounded in size, no duplicate keys (JSON keeps the last in silence), no NaN."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import ConfigError, Problem
from runner.text import is_heavy, one_line

MAX_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class JsonFile:
    """A JSON object and the bytes that it was read from."""

    data: dict[str, Any]
    raw: bytes


def read_json(path: Path, shown: str) -> JsonFile:
    """Read a JSON object; raises ConfigError, naming `shown`, where the file holds anything else."""
    raw = _bytes(path, shown)
    try:
        data = parse(raw)
    except json.JSONDecodeError as error:
        raise ConfigError([Problem(shown, error.lineno, f"not JSON: {error.msg}")]) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError([Problem(shown, 0, f"not acceptable as JSON: {one_line(error)}")]) from None
    if not isinstance(data, dict):
        raise ConfigError([Problem(shown, 0, "must be a JSON object", "{...} at the top")])
    return JsonFile(data, raw)


def parse(raw: bytes) -> Any:
    """JSON as data; raises ValueError (JSONDecodeError where it is no JSON) or RecursionError."""
    if is_heavy(raw):
        raise ValueError("it has too many values")
    return json.loads(raw, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)


def _bytes(path: Path, shown: str) -> bytes:
    try:
        if not path.is_file():
            raise ConfigError([Problem(shown, 0, "there is no such file")])
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError([Problem(shown, 0, f"larger than {MAX_BYTES >> 20} MiB")])
        return path.read_bytes()
    except OSError as error:
        raise ConfigError([Problem(shown, 0, f"cannot be read: {error.strerror}")]) from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    double = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    if double:
        raise ValueError(f"duplicate key {double[0]!r}")
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
