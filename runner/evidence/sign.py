"""Signing a run: checked anew, then one envelope for the manifest and one for each of its statements."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from runner.adapters.files import write_new
from runner.errors import RefusedError
from runner.evidence.bundle import BUNDLE, LIMIT, bundle, open_bundle
from runner.evidence.dsse import PublicKey, Signer
from runner.evidence.left import inside
from runner.evidence.recheck import recheck
from runner.manifest.read import ReadManifest, read_bounded, read_manifest
from runner.model import Status

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed run; `is_new` is False where this key's signatures stood there already."""

    path: Path
    manifest: ReadManifest
    is_new: bool


def sign_run(folder: Path, signer: Signer, public: PublicKey, *, failed: bool = False) -> Signed:
    """Check a run's folder and sign it. A FAILED run is signed where `failed` asks for it: it is evidence
    too, and never one for a release. ERROR is no evidence.

    Signatures of this key that stand are kept: ECDSA would give others each time. Nothing is ever
    written over. Raises RefusedError where something does not hold."""
    manifest = read_manifest(inside(folder, MANIFEST))
    _worth_signing(manifest, failed)
    statements = recheck(folder, manifest)
    path = folder / BUNDLE
    if not path.exists():
        data = bundle(manifest, statements, signer)
        open_bundle(data, manifest.raw, {public.keyid: public})  # what is not verifiable is not left
        if write_new(path, io.BytesIO(data)):
            return Signed(path, manifest, is_new=True)
    _standing(path, manifest, signer, public)
    return Signed(path, manifest, is_new=False)


def _worth_signing(manifest: ReadManifest, failed: bool) -> None:
    verdict = manifest.fields.verdict
    if verdict.status is Status.FAILED and not failed:
        raise RefusedError(f"the run FAILED: {verdict.reason}", hint="--failed signs it as evidence")
    if verdict.status not in (Status.PASSED, Status.FAILED):
        raise RefusedError(f"the verdict is {verdict.status}, which is no evidence: {verdict.reason}")


def _standing(path: Path, manifest: ReadManifest, signer: Signer, public: PublicKey) -> None:
    """The bundle that lies there has to be this key's, of this run, whole."""
    try:
        found = open_bundle(read_bounded(path, LIMIT), manifest.raw, {public.keyid: public})
    except RefusedError as error:
        raise RefusedError(
            f"there is one that is not this key's, whole and of this run: {error}",
            where=str(path),
            hint="look at it, then remove it to sign anew",
        ) from None
    if found.signer_kind != signer.kind:
        raise RefusedError(f"it was signed as {found.signer_kind}, not {signer.kind}", where=str(path))
