"""Fetching a kept run into a folder, as `lockgate run` would have left it there, for who ran nothing of it.

A kept run is hostile input: its names are checked before they become paths, sizes before anything is
fetched. That its content holds is for `runner.evidence` to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner import wire
from runner.errors import InfrastructureError, RefusedError
from runner.evidence.bundle import LIMIT as BUNDLE_LIMIT
from runner.evidence.collect import FOLDER as STATEMENTS
from runner.evidence.dsse import PAYLOAD_LIMIT
from runner.evidence.left import LOCKS, RESULT, STAGES, inside, locks_of
from runner.evidence.lockfile import MAX_BYTES as LOCK_LIMIT
from runner.evidence.recheck import RECORD, files_of
from runner.kept import BUNDLE, COMPONENTS, CONFIGURATION, MANIFEST, REPORT, bundle_key, manifest_key
from runner.manifest.read import LIMIT as MANIFEST_LIMIT
from runner.manifest.read import ReadManifest, read_manifest
from runner.model import StageReport, Status
from runner.remote.send import LEFT_BYTES, LEFT_FILES
from runner.remote.store import Store, blob_key, get_blob

CONFIGURATION_LIMIT = 8 * 2**20


@dataclass(slots=True)
class _Fetching:
    """One run on its way into a folder; `room` is what a run's own files may still take, in bytes."""

    store: Store
    folder: Path
    room: int = LEFT_BYTES

    def get(self, key: str, name: str, limit: int) -> Path:
        """An object of at most `limit` bytes as the file of that name."""
        path = inside(self.folder, name)
        size = self.store.size(key)
        if size is None:
            raise InfrastructureError("no such object", where=f"{self.store.url}/{key}")
        if size > min(limit, self.room):
            raise RefusedError(f"it has {size:,} bytes, too many", where=f"{self.store.url}/{key}")
        self.room -= size
        try:
            self.store.get(key, path)
        except OSError as error:  # one name is another's folder, say
            raise RefusedError(f"no file can be of this name: {error.strerror}", where=key) from None
        return path


def fetch(store: Store, folder: Path, sha256: str = "") -> ReadManifest:
    """Everything that its manifest names, and its signatures where there are any, into `folder`.

    `sha256`: the only manifest that is accepted, '' for whichever stands. Raises RefusedError for one
    that is another's or is none, InfrastructureError where something is missing."""
    manifest = fetch_manifest(store, folder, sha256)
    at = _Fetching(store, folder)
    _report(at, manifest)
    if manifest.fields.verdict.status is Status.PASSED:
        _components(store, folder, manifest)
    if wanted := manifest.fields.configuration.sha256:
        _blob(store, wanted, folder / CONFIGURATION, CONFIGURATION_LIMIT)
    return manifest


def fetch_manifest(store: Store, folder: Path, sha256: str = "") -> ReadManifest:
    """The manifest alone, and its signatures where there are any. Raises as `fetch` does."""
    at = _Fetching(store, folder)
    manifest = read_manifest(at.get(manifest_key(), MANIFEST, MANIFEST_LIMIT))
    where = f"{store.url}/{manifest_key()}"
    if sha256 and manifest.sha256 != sha256:
        raise RefusedError(f"its sha256 is {manifest.sha256}, not {sha256[:64]}", where=where)
    if manifest.fields.run_id != store.url.rstrip("/").rpartition("/")[2]:
        raise RefusedError(f"it is the manifest of run {manifest.fields.run_id[:80]}", where=where)
    if store.has(bundle_key()):
        at.get(bundle_key(), BUNDLE, BUNDLE_LIMIT)
    return manifest


def _report(at: _Fetching, manifest: ReadManifest) -> None:
    """The run's record, statements, sealed results and the files that those name."""
    place = f"{REPORT}/{manifest.sha256}"
    for name, limit in _named(manifest):
        at.get(f"{place}/{name}", name, limit)
    for name in (f"{LOCKS}/{sha256}" for sha256 in locks_of(manifest.fields)):
        if at.store.has(f"{place}/{name}"):  # one with a secret in it was not kept
            at.get(f"{place}/{name}", name, LOCK_LIMIT)
    for stage, told in manifest.fields.stages.items():
        if told.result_sha256:
            for file in _of_stage(at.folder / STAGES / stage / RESULT, stage):
                at.get(f"{place}/{file}", file, LEFT_BYTES)


def _named(manifest: ReadManifest) -> Iterator[tuple[str, int]]:
    yield RECORD, wire.LIMIT
    for pin in manifest.fields.statements:
        yield f"{STATEMENTS}/{pin.name}.json", PAYLOAD_LIMIT
    for stage, told in manifest.fields.stages.items():
        if told.result_sha256:
            yield f"{STAGES}/{stage}/{RESULT}", wire.LIMIT


def _of_stage(result: Path, stage: str) -> list[str]:
    """The files that a stage's result names. A result that cannot be read is for the signer to refuse."""
    try:
        report: StageReport = wire.load(result, StageReport)
    except InfrastructureError as error:
        raise RefusedError(error.what, where=error.where) from None
    if len(report.evidence.files) > LEFT_FILES:
        raise RefusedError(f"its result names {len(report.evidence.files):,} files", where=stage)
    return [f"{STAGES}/{stage}/{file}" for file in report.evidence.files]


def _components(store: Store, folder: Path, manifest: ReadManifest) -> None:
    """What would be deployed, and what the tests ran where that differs."""
    for _, component in files_of(manifest.fields):
        for each in (component, component.executed):
            if each is not None and not (place := folder / COMPONENTS / each.sha256).exists():
                _blob(store, each.sha256, place, each.size)


def _blob(store: Store, sha256: str, path: Path, limit: int) -> None:
    """A blob of at most `limit` bytes, which has to be what its name says."""
    size = store.size(blob_key(sha256))
    if size is not None and size > limit:
        raise RefusedError(f"it has {size:,} bytes, too many", where=f"{store.url}/{blob_key(sha256)}")
    get_blob(store, sha256, path)
