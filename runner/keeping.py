"""The composition root of kept runs: which store, which AWS; a run is kept, fetched, signed.

A kept run is named by its place or its manifest's, s3://BUCKET/runs/ID[/report/manifest.json] or a folder.
Where `#sha256=HEX` follows, it is that manifest or none.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from runner import attest
from runner.adapters.signing import FileKey, KmsKey
from runner.errors import UsageError
from runner.evidence.sign import Signed
from runner.kept import BUNDLE, MANIFEST, bundle_key, manifest_key
from runner.kept.get import fetch, fetch_manifest
from runner.kept.put import keep, keep_blobs
from runner.remote.store import Store
from runner.tasks import open_store

PINNED = re.compile(r"(?P<place>[^#]+?)(/report/manifest\.json)?/?(#sha256=(?P<sha256>[0-9a-f]{64}))?")


@dataclass(frozen=True, slots=True)
class Reference:
    """A kept run: the run's place, and the only manifest that is accepted ('' for whichever stands)."""

    place: str
    sha256: str = ""


def parse(text: str) -> Reference:
    """A reference as a person or a pipeline writes it; raises UsageError for anything else."""
    match = PINNED.fullmatch(text)
    if match is None or not text.removeprefix("s3://").strip("/"):
        hint = "s3://BUCKET/runs/ID/report/manifest.json, or with #sha256=HEX behind it"
        raise UsageError(f"{text[:300]!r} is no kept run", hint=hint)
    place = match["place"] if text.startswith("s3://") else os.path.abspath(match["place"])  # noqa: PTH100
    return Reference(place, match["sha256"] or "")


def is_kept(text: str) -> bool:
    """Whether a text can only be a kept run's reference, and no file's, folder's or run's name."""
    if text.startswith("s3://"):
        return True
    return bool(text) and os.path.isfile(f"{parse(text).place}/{manifest_key()}")  # noqa: PTH113  no name is too long


def keep_run(place: str, folder: Path, sha256: str, configuration: Path, *, real: bool) -> None:
    """Keep a run that was not spread. Raises InfrastructureError where it cannot be kept, whole: a URI
    that leads nowhere would be handed on."""
    store = open_store(place, real)
    keep_blobs(store, folder, configuration)
    keep(store, folder, sha256)


def fetched(reference: str, folder: Path, *, real: bool = False) -> Path:
    """A kept run in `folder`, as it was left: manifest.json (whose path this is), its signatures, results,
    statements, components/SHA256, lockgate.yml. Nothing is verified but digests and the run's name.

    Raises as `runner.kept.get.fetch` does."""
    wanted = parse(reference)
    fetch(open_store(wanted.place, real), folder, wanted.sha256)
    return folder / MANIFEST


def fetched_manifest(reference: str, folder: Path, *, real: bool = False) -> Path:
    """The manifest of a kept run and its signatures, alone; as `fetched` otherwise."""
    wanted = parse(reference)
    fetch_manifest(open_store(wanted.place, real), folder, wanted.sha256)
    return folder / MANIFEST


def sign(reference: str, key: str, *, real: bool, failed: bool) -> tuple[Signed, FileKey | KmsKey, str]:
    """Check a kept run anew, sign it, leave the signatures beside its manifest; and where they lie.

    Raises RefusedError where something does not hold."""
    wanted = parse(reference)
    store = open_store(wanted.place, real)
    with tempfile.TemporaryDirectory(prefix="lockgate-sign-") as name:
        folder = Path(name)
        fetch(store, folder, wanted.sha256)
        signed, signer = attest.sign(folder, key, real=real, failed=failed)
        if signed.is_new and not store.put(bundle_key(), signed.path):
            signed = _anothers(store, folder, key, real=real, failed=failed)
    return signed, signer, f"{store.url}/{bundle_key()}"


def _anothers(store: Store, folder: Path, key: str, *, real: bool, failed: bool) -> Signed:
    """Who came second looks at what the first one left: it stands if it is this key's, and whole."""
    (folder / BUNDLE).unlink()
    store.get(bundle_key(), folder / BUNDLE)
    return attest.sign(folder, key, real=real, failed=failed)[0]
