"""manifest.json as hostile input: bounded, canonical to the byte, of a version that is understood."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.config.json_strict import parse
from runner.errors import RefusedError, UsageError
from runner.manifest.build import canonical, digest
from runner.manifest.schema import Manifest
from runner.text import one_line

LIMIT = 8 * 2**20
MAJOR = "lockgate.manifest/1"


@dataclass(frozen=True, slots=True)
class ReadManifest:
    """A manifest: its fields, the same as plain data, its bytes and their sha256."""

    fields: Manifest
    data: dict[str, Any]
    raw: bytes
    sha256: str


def read_manifest(path: Path) -> ReadManifest:
    """Read a manifest. Raises UsageError where there is no such file, RefusedError where it is none."""
    return parse_manifest(read_bounded(path, LIMIT))


def parse_manifest(raw: bytes) -> ReadManifest:
    """Bytes as a manifest; raises RefusedError where they are anything else."""
    data = canonical_object(raw, "the manifest")
    version = data.get("schema")
    if not isinstance(version, str) or version.split(".")[:2] != MAJOR.split("."):
        shown = one_line(version, 60)
        raise RefusedError(f"its schema is {shown}, this Lockgate reads {MAJOR}", where="manifest.json")
    try:
        return ReadManifest(Manifest.model_validate(data), data, raw, digest(raw))
    except ValueError as error:
        lines = str(error).splitlines()
        raise RefusedError(one_line("; ".join(lines[1:3]) or error), where="manifest.json") from None


def canonical_object(raw: bytes, what: str) -> dict[str, Any]:
    """A JSON object whose bytes are its RFC 8785 form: the same content has no second spelling.

    Raises RefusedError, naming `what`."""
    try:
        data = parse(raw)
        is_canonical = isinstance(data, dict) and canonical(data) == raw
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{what} is no JSON: {one_line(error, 120)}") from None
    if not is_canonical:
        raise RefusedError(f"{what} is no JSON object in its canonical form (RFC 8785)")
    assert isinstance(data, dict)  # noqa: S101  just seen
    return data


def read_bounded(path: Path, limit: int) -> bytes:
    """A file's bytes; raises UsageError where there is none, RefusedError where it is beyond `limit`."""
    if not path.is_file():
        what = "it is no regular file" if path.exists() else "there is no such file"
        raise UsageError(what, where=str(path))
    with path.open("rb") as stream:
        raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise RefusedError(f"larger than {limit >> 20} MiB", where=str(path))
    return raw
