"""What a run left in its folder, re-read by digest: the input of all its statements."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from runner import wire
from runner.adapters.files import sha256_file
from runner.errors import RefusedError
from runner.evidence.lockfile import MAX_BYTES
from runner.manifest.read import read_bounded
from runner.manifest.schema import Manifest
from runner.model import StageReport
from runner.text import one_line

STAGES, RESULT, LOCKS = "stages", "result.json", "locks"


@dataclass(frozen=True, slots=True)
class Left:
    """The manifest (its `statements` are not looked at), the sealed report of each stage that left one,
    the digests of the files that a report names ('STAGE/PATH' -> sha256), and the locks that components
    were built from (sha256 -> bytes; one with a secret in it was not kept)."""

    manifest: Manifest
    reports: Mapping[str, StageReport]
    files: Mapping[str, str]
    locks: Mapping[str, bytes]


def read_left(folder: Path, data: Mapping[str, Any]) -> Left:
    """Re-read a run's results; `data` is its manifest's.

    Raises RefusedError where one is missing or is not the one that the manifest names."""
    manifest = Manifest.model_validate(data)
    named = {name: stage.result_sha256 for name, stage in manifest.stages.items() if stage.result_sha256}
    reports = {name: _report(folder, name, sha256) for name, sha256 in sorted(named.items())}
    files = {
        f"{name}/{file}": _sha256_inside(folder, name, file)
        for name, report in reports.items()
        for file in report.evidence.files
    }
    return Left(manifest, reports, files, _locks(folder, manifest))


def locks_of(manifest: Manifest) -> list[str]:
    """The digests of the locks that components were built from: `locks/SHA256`, where it was kept."""
    named = {str(component.facts.get("lock_sha256", "")) for component in manifest.components.values()}
    return sorted(name for name in named if re.fullmatch("[0-9a-f]{64}", name))


def inside(folder: Path, name: str) -> Path:
    """Where a run's own file lies, if it is there or not. Raises RefusedError for a name that leads
    elsewhere, and for one in whose way a link is: what it leads to could change between two looks."""
    path, parts = folder / name, PurePosixPath(name).parts
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            path.lstat()
        is_own = bool(parts) and ".." not in parts and not name.startswith("/")
        if is_own and path.resolve() == folder.resolve().joinpath(*parts):
            return path
    except (OSError, RuntimeError, ValueError):  # too long, a circle of links, no name of a file
        pass
    raise RefusedError(f"{one_line(name, 80)!r} leads elsewhere, or is a link", where=str(folder))


def _locks(folder: Path, manifest: Manifest) -> dict[str, bytes]:
    kept = (inside(folder, f"{LOCKS}/{sha256}") for sha256 in locks_of(manifest))
    found = {path.name: read_bounded(path, MAX_BYTES) for path in kept if path.is_file()}
    for sha256, raw in found.items():
        if hashlib.sha256(raw).hexdigest() != sha256:
            raise RefusedError("the lock is not the one of its name", where=str(folder / LOCKS / sha256))
    return found


def _report(folder: Path, stage: str, sha256: str) -> StageReport:
    path = inside(folder, f"{STAGES}/{stage}/{RESULT}")
    if not path.is_file():
        raise RefusedError(f"the result of stage {stage} is missing", where=str(path))
    raw = read_bounded(path, wire.LIMIT)
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise RefusedError(f"the result of stage {stage} is not the one in the manifest", where=str(path))
    report: StageReport = wire.loads(raw, StageReport, str(path))
    return report


def _sha256_inside(folder: Path, stage: str, file: str) -> str:
    """The digest of a file that a stage's report names."""
    inside(folder / STAGES / stage, file)
    path = inside(folder, f"{STAGES}/{stage}/{file}")
    if not path.is_file():
        raise RefusedError(
            f"the file {one_line(file, 80)!r} that a stage names is not there", where=str(path)
        )
    return sha256_file(path)
