"""Dataclasses of `runner.model` to JSON and back, strictly: what does not fit is refused."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from runner.adapters.files import write_atomic
from runner.errors import InfrastructureError
from runner.model import StageReport
from runner.text import is_heavy, one_line

LIMIT = 64 * 2**20


def dump(value: Any) -> bytes:
    """JSON of a dataclass (or of a list or mapping of them); NaN and infinity become null."""
    return json.dumps(_plain(value), ensure_ascii=True, allow_nan=False).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, str):  # a lone surrogate has no place in JSON
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return _plain(asdict(value)) if hasattr(value, "__dataclass_fields__") else value


def load_report(path: Path) -> StageReport:
    """Read a stage's result.json; raises InfrastructureError where it is no such thing."""
    report: StageReport = load(path, StageReport)
    return report


def save(path: Path, value: Any) -> None:
    """Write a value as JSON, whole or not at all."""
    write_atomic(path, dump(value))


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _validation_error() -> Any:
    from pydantic import ValidationError

    return ValidationError


def load(path: Path, kind: Any) -> Any:
    """Read a JSON file as a dataclass; raises InfrastructureError where it is missing or does not fit."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(LIMIT + 1)
    except OSError as error:
        raise InfrastructureError(f"there is no {path.name}: {error.strerror}", where=str(path)) from None
    return loads(raw, kind, str(path))


def loads(raw: bytes, kind: Any, where: str) -> Any:
    """JSON as a dataclass; raises InfrastructureError where it does not fit."""
    try:
        if len(raw) > LIMIT or is_heavy(raw):
            raise ValueError(f"larger than {LIMIT >> 20} MiB, or of too many values")
        return _adapter(kind).validate_json(raw)
    except ValueError as error:
        name = where.rpartition("/")[2]
        raise InfrastructureError(f"{name} does not parse: {_first(error)}", where=where) from None


def _first(error: ValueError) -> str:
    """What is wrong first, and at which field: pydantic's first line counts its errors only."""
    told = error.errors(include_url=False) if isinstance(error, _validation_error()) else []
    if not told:
        return one_line(error)
    place = ".".join(map(str, told[0]["loc"]))
    return one_line(f"{place}: {told[0]['msg']}" if place else told[0]["msg"])
