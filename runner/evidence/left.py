"""What a run left in its folder, re-read by digest: the input of the statements that follow from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner import wire
from runner.adapters.files import sha256_file
from runner.errors import RefusedError
from runner.manifest.read import read_bounded
from runner.manifest.schema import Manifest
from runner.model import StageReport

STAGES, RESULT = "stages", "result.json"


@dataclass(frozen=True, slots=True)
class Left:
    """The manifest (its `statements` are not looked at), the sealed report of each stage that left one,
    and the digests of the files that a report names: 'STAGE/PATH' -> sha256."""

    manifest: Manifest
    reports: Mapping[str, StageReport]
    files: Mapping[str, str]


def read_left(folder: Path, data: Mapping[str, Any]) -> Left:
    """Re-read a run's results; `data` is its manifest's.

    Raises RefusedError where one is missing or is not the one that the manifest names."""
    manifest = Manifest.model_validate(data)
    named = {name: stage.result_sha256 for name, stage in manifest.stages.items() if stage.result_sha256}
    reports = {name: _report(folder, name, sha256) for name, sha256 in sorted(named.items())}
    files = {
        f"{name}/{file}": _sha256_inside(folder / STAGES / name, file)
        for name, report in reports.items()
        for file in report.evidence.files
    }
    return Left(manifest, reports, files)


def _report(folder: Path, stage: str, sha256: str) -> StageReport:
    path = folder / STAGES / stage / RESULT
    if not path.is_file():
        raise RefusedError(f"the result of stage {stage} is missing", where=str(path))
    raw = read_bounded(path, wire.LIMIT)
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise RefusedError(f"the result of stage {stage} is not the one in the manifest", where=str(path))
    report: StageReport = wire.loads(raw, StageReport, str(path))
    return report


def _sha256_inside(folder: Path, name: str) -> str:
    """The digest of a file that a report names, which may not lead out of its stage's folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise RefusedError(f"the file {name!r} that a stage names is not there", where=str(folder))
    return sha256_file(path)
