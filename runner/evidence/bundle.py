"""`manifest.intoto.jsonl`: the manifest's own statement and each one that it pins, an envelope a line.

A bundle is not authenticated as a whole. So the manifest pins the set, the first envelope pins the manifest,
and the lines stand in the manifest's order: nothing can be left out, added, repeated or moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.errors import RefusedError
from runner.evidence import STATEMENT, statement, subject
from runner.evidence.bom import PREDICATE_TYPE as BOM
from runner.evidence.bom_read import check_bom
from runner.evidence.dsse import PublicKey, Signer, opened, sealed
from runner.evidence.statements import subjects
from runner.manifest.build import canonical, digest
from runner.manifest.read import ReadManifest, canonical_object, parse_manifest

BUNDLE = "manifest.intoto.jsonl"
LIMIT = 64 * 2**20
MAX_LINES = 1000
MANIFEST_TYPE = "urn:lockgate:manifest:1"
KINDS = ("development", "file", "aws-kms")


@dataclass(frozen=True, slots=True)
class Opened:
    """A bundle all of whose signatures hold, and which is whole: its key, its manifest, its statements."""

    keyid: str
    signer_kind: str
    manifest: ReadManifest
    statements: Mapping[str, Mapping[str, Any]]


def manifest_statement(manifest: ReadManifest, keyid: str, kind: str) -> bytes:
    """What is said of the manifest itself, as canonical bytes: whose run it is, and who signs."""
    fields = manifest.fields
    predicate = {
        "run_id": fields.run_id,
        "solution": fields.solution,
        "commit": fields.source.commit,
        "verdict": fields.verdict.status.value,
        "signer": {"kind": kind, "keyid": keyid},
    }
    return canonical(statement([subject("manifest.json", manifest.sha256)], MANIFEST_TYPE, predicate))


def bundle(manifest: ReadManifest, statements: Sequence[bytes], signer: Signer) -> bytes:
    """The lines of a bundle; `statements` in the manifest's order."""
    first = manifest_statement(manifest, signer.keyid, signer.kind)
    return b"".join(sealed(payload, signer) + b"\n" for payload in (first, *statements))


def open_bundle(raw: bytes, manifest_raw: bytes, keys: Mapping[str, PublicKey]) -> Opened:
    """Check everything that signatures and digests can show; `keys` by fingerprint.

    Nothing is parsed before its signature holds. Raises RefusedError."""
    payloads = _payloads(raw, keys)
    keyid, first = payloads[0]
    if any(other != keyid for other, _ in payloads):
        raise RefusedError("its envelopes are signed by more than one key")
    manifest, kind = _manifest(first, manifest_raw, keyid)
    found = _statements(manifest, [payload for _, payload in payloads[1:]])
    return Opened(keyid, kind, manifest, found)


def _payloads(raw: bytes, keys: Mapping[str, PublicKey]) -> list[tuple[str, bytes]]:
    """(keyid, payload) of each line."""
    if len(raw) > LIMIT or raw.count(b"\n") > MAX_LINES:
        raise RefusedError(f"more than {LIMIT >> 20} MiB or {MAX_LINES} envelopes", where=BUNDLE)
    if not raw:
        raise RefusedError("it is not signed", where=BUNDLE, hint="lockgate sign")
    if not raw.endswith(b"\n"):
        raise RefusedError("it does not end with a whole line", where=BUNDLE)
    found = []
    for number, line in enumerate(raw[:-1].split(b"\n"), 1):
        try:
            envelope = opened(line, keys)
        except RefusedError as error:
            raise RefusedError(error.what, where=f"{BUNDLE}:{number}") from None
        found.append((envelope.keyid, envelope.payload))
    return found


def _manifest(first: bytes, raw: bytes, keyid: str) -> tuple[ReadManifest, str]:
    """The manifest, if it is the one that the first statement is about, and the kind of the signer's key."""
    said = canonical_object(first, "the manifest's statement")
    if said.get("predicateType") != MANIFEST_TYPE:
        raise RefusedError("the first envelope is not the manifest's", where=f"{BUNDLE}:1")
    if said.get("subject") != [subject("manifest.json", digest(raw))]:
        raise RefusedError("the manifest is not the one that was signed", where="manifest.json")
    manifest = parse_manifest(raw)
    for kind in KINDS:
        if manifest_statement(manifest, keyid, kind) == first:
            return manifest, kind
    raise RefusedError("the manifest's statement does not say what the manifest does", where=f"{BUNDLE}:1")


def _statements(manifest: ReadManifest, payloads: Sequence[bytes]) -> dict[str, Mapping[str, Any]]:
    """The pinned statements by name, if these payloads are exactly they, in their order."""
    pins = manifest.fields.statements
    if len(pins) != len(payloads):
        raise RefusedError(f"it has {len(payloads)} statements, the manifest names {len(pins)}", where=BUNDLE)
    found = {}
    for number, (pin, payload) in enumerate(zip(pins, payloads, strict=True), 2):
        if digest(payload) != pin.sha256:
            raise RefusedError(f"it is not the statement {pin.name}", where=f"{BUNDLE}:{number}")
        found[pin.name] = coherent(payload, pin.predicate_type, manifest)
    return found


def coherent(payload: bytes, predicate_type: str, manifest: ReadManifest) -> Mapping[str, Any]:
    """A statement's content, if it is of that type and about artifacts of the manifest.

    Raises RefusedError."""
    said = canonical_object(payload, "a statement")
    if set(said) != {"_type", "subject", "predicateType", "predicate"}:
        raise RefusedError(f"it is no Statement: it has the fields {sorted(said)[:8]}")
    if (said["_type"], said["predicateType"]) != (STATEMENT, predicate_type):
        raise RefusedError(f"it is no Statement v1 of the type {predicate_type!r}")
    if not isinstance(said["predicate"], dict):
        raise RefusedError("its predicate is no object")
    known = subjects(manifest.fields)
    listed = said["subject"]
    if not isinstance(listed, list) or not listed or any(one not in known for one in listed):
        raise RefusedError("a statement is about something that is no artifact of the manifest")
    if predicate_type == BOM:
        check_bom(said["predicate"], listed)
    return said
