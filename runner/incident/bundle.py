"""The bundle of evidence: one zip with deterministic names, an index of what it has and what it lacks.

Everything goes through the redactor: what one knows (this process's secrets), and what has the shape of one.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from runner.adapters.aws import Aws
from runner.adapters.cloudwatch_logs import LogLine
from runner.adapters.redact import Redactor
from runner.incident import Incident
from runner.incident.gather import BYTES, SECONDS, Gathered, Piece, gather
from runner.incident.sources import sources

SCHEMA = "lockgate.incident/1"
NAME = "incident.zip"
INDEX = "index.json"
EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip's first moment: the same evidence gives the same bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """The zip's bytes, and its index as data."""

    data: bytes
    index: Mapping[str, Any]

    @property
    def lacks(self) -> tuple[str, ...]:
        """What could not be collected, 'source: why' each."""
        bad = ("partial", "failed")
        return tuple(f"{s['source']}: {s['why']}" for s in self.index["sources"] if s["outcome"] in bad)


def collect(
    incident: Incident, aws: Aws | None, redactor: Redactor, *, seconds: float = SECONDS, limit: int = BYTES
) -> Bundle:
    """Everything about an incident that can be had in `seconds`, at most `limit` bytes of each source."""
    files, gathered = evidence(incident, aws, redactor, (), seconds, limit)
    index = redactor.value(_index(incident, gathered, files))
    files[INDEX] = json.dumps(index, indent=1, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")
    return Bundle(_zip(files), index)


def evidence(
    incident: Incident, aws: Aws | None, redactor: Redactor, chosen: tuple[str, ...], seconds: float,
    limit: int = BYTES,
) -> tuple[dict[str, bytes], list[Gathered]]:  # fmt: skip
    """The files of the `chosen` sources (none: of all), by name and without secrets, and how each ended."""
    asked = {n: s for n, s in sources(incident, aws).items() if not chosen or n in chosen}
    gathered = gather(asked, seconds=seconds, limit=limit)
    return {n: data for one in gathered for n, data in _files(one.pieces, redactor).items()}, gathered


def _files(pieces: Sequence[Piece], redactor: Redactor) -> dict[str, bytes]:
    found: dict[str, list[Any]] = {}
    for piece in pieces:
        found.setdefault(piece.file, []).append(piece.value)
    return {name: _content(values, redactor) for name, values in found.items()}


def _content(values: list[Any], redactor: Redactor) -> bytes:
    if isinstance(values[0], bytes):
        return redactor.data(values[0])
    if isinstance(values[0], LogLine):
        return _log(values, redactor)
    lines = (json.dumps(redactor.value(value), sort_keys=True, ensure_ascii=False) for value in values)
    return redactor.data("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))


def _log(events: list[LogLine], redactor: Redactor) -> bytes:
    """The lines in time's order, stream by stream. A secret of several lines is seen only where they stand
    together; where it was, the lines that are left no longer have times of their own."""
    told = []
    for stream in sorted({event.stream for event in events}):
        own = sorted((e for e in events if e.stream == stream), key=lambda e: e.time)
        lines = [(e.time, line) for e in own for line in e.message.rstrip("\n").splitlines() or [""]]
        raw = "\n".join(line for _, line in lines).encode("utf-8", "replace")
        clean = redactor.data(raw).decode("utf-8", "replace").split("\n")
        whole = len(clean) == len(lines)
        times = [_time(when) for when, _ in lines] if whole else [""] * len(clean)
        told += [f"==> {stream} <==", *(f"{t} {line}".strip() for t, line in zip(times, clean, strict=True))]
    return ("\n".join(told) + "\n").encode("utf-8", "replace")


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def _index(incident: Incident, gathered: Sequence[Gathered], files: Mapping[str, bytes]) -> dict[str, Any]:
    facts = ("what", "id", "solution", "commit", "environment", "release", "stage", "status", "cause")
    window = {"start": incident.start.isoformat(), "end": incident.end.isoformat()}
    return {
        "schema": SCHEMA,
        "incident": {**{name: getattr(incident, name) for name in facts}, **window, "dedup": incident.dedup},
        "sources": [
            {"source": one.source, "outcome": one.outcome, "why": one.why,
             "files": sorted({piece.file for piece in one.pieces})}
            for one in gathered
        ],
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(files.items())
        },
    }  # fmt: skip


def _zip(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, files[name])
    return stream.getvalue()
