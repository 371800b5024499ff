"""Malformed envelopes and manifests (`verify`), and malformed SBOMs: in a run that is to be signed (`sign`),
and in one that somebody signed nevertheless (`verify`)."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from helpers.malformed.case import Case
from helpers.malformed.damage import altered, damaged
from helpers.signed_runs import a_run, key
from helpers.signed_runs import signed as signed_run

from runner.adapters.signing import FileKey
from runner.evidence.bom import with_serial
from runner.evidence.bundle import bundle
from runner.manifest.build import canonical
from runner.manifest.read import parse_manifest

MANIFEST, BUNDLE, RECORD, SBOM = "manifest.json", "manifest.intoto.jsonl", "result.json", "sbom-predict"
KEY = "key.pem"
VERIFY = ("verify", "{root}", "--key", "{root}/" + KEY)
REFUSED = frozenset({1})
Files = dict[str, bytes]


@cache
def genuine() -> tuple[Mapping[str, bytes], FileKey]:
    """A signed run's files, its signer's public key among them, and that key."""
    with TemporaryDirectory() as folder:
        signer = key(Path(folder))
        left = signed_run(Path(folder), signer)
        return {**_files(left.folder), KEY: signer.public.pem.encode()}, signer


@cache
def unsigned() -> Mapping[str, bytes]:
    """The files of a run that can be signed."""
    with TemporaryDirectory() as folder:
        return _files(a_run(Path(folder)).folder)


def _files(folder: Path) -> Files:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@cache
def sbom() -> Mapping[str, Any]:
    """The statement of a function's SBOM, which lists three packages."""
    whole = json.loads(unsigned()[f"statements/{SBOM}.json"])
    packages = [
        {"type": "library", "bom-ref": f"pkg:pypi/p{n}@1.0", "name": f"p{n}", "version": "1.0",
         "hashes": [{"alg": "SHA-256", "content": f"{n:064}"}]} for n in range(3)
    ]  # fmt: skip
    bom = {name: value for name, value in whole["predicate"].items() if name != "serialNumber"}
    return {**whole, "predicate": with_serial({**bom, "components": packages})}


def with_sbom(files: Mapping[str, bytes], raw: bytes) -> Files:
    """The run's files with another SBOM, which manifest and record name by its digest."""
    manifest = json.loads(files[MANIFEST])
    for pin in manifest["statements"]:
        if pin["name"] == SBOM:
            pin["sha256"] = hashlib.sha256(raw).hexdigest()
    record = json.loads(files[RECORD])
    record["manifest_sha256"] = hashlib.sha256(canonical(manifest)).hexdigest()
    told = {MANIFEST: canonical(manifest), RECORD: json.dumps(record).encode()}
    return {**files, **told, f"statements/{SBOM}.json": raw}


def signed_anyway(files: Mapping[str, bytes], signer: FileKey) -> Files:
    """What a signer that looks at nothing would make of the run."""
    manifest = parse_manifest(files[MANIFEST])
    payloads = [files[f"statements/{pin.name}.json"] for pin in manifest.fields.statements]
    told = {MANIFEST: files[MANIFEST], KEY: signer.public.pem.encode()}
    return {**told, BUNDLE: bundle(manifest, payloads, signer)}


def _envelopes(draw: random.Random) -> Case:
    files, _ = genuine()
    wrong = draw.choice([(MANIFEST,), (BUNDLE,), (BUNDLE,), (MANIFEST, BUNDLE)])
    edited = {name: damaged(draw, files[name]) for name in wrong}
    return Case("envelope", " and ".join(wrong), {**files, **edited}, VERIFY, REFUSED)


def _absurd_envelopes(draw: random.Random) -> Case:
    files, _ = genuine()
    manifest, lines = files[MANIFEST], files[BUNDLE]
    deep, wide = b"[" * 200_000, b"[" + b"{}," * 2_000_000 + b"{}]"
    absurd = [
        (deep, lines), (wide, lines), (manifest, deep), (manifest, wide), (b"", b""),
        (manifest, b"\n" * 1_000_000), (manifest, b"\0" * 1_000_000), (b" " * 9_000_000, lines),
        (manifest, lines.split(b"\n")[0] + b"=" * 60_000_000), (manifest, lines * 200),
        (canonical({"schema": "lockgate.manifest/1", "a": "\u2028" * 100_000}), lines),
        (manifest, b'{"payload":"' + b"A" * 60_000_000), (manifest, b"A" * 65 * 2**20),
    ]  # fmt: skip
    edited = dict(zip((MANIFEST, BUNDLE), draw.choice(absurd), strict=True))
    return Case("envelope", "absurd", {**files, **edited}, VERIFY, REFUSED)


def _absurd_manifests(draw: random.Random) -> Case:
    """Canonical, near the limit of 8 MiB, a million mistakes: by a command that asks for no signature."""
    files = unsigned()
    absurd: dict[str, Any] = {
        "statements": [{}] * 2_600_000,
        "overrides": [1] * 4_000_000,
        "components": {str(n): {} for n in range(600_000)},
        "stages": {f"s{n}": {} for n in range(600_000)},
        "steps": {str(n): {} for n in range(600_000)},
        "judged": {"suite": dict.fromkeys(map(str, range(700_000)), 1)},
        "locks": dict.fromkeys(map(str, range(700_000)), 1),
    }
    name = draw.choice(list(absurd))
    edited = canonical({**json.loads(files[MANIFEST]), name: absurd[name]})
    argv = ("diff", "{root}/one.json", "{root}/other.json")
    manifests = {"one.json": files[MANIFEST], "other.json": edited}
    return Case("envelope", f"manifest: absurd {name}", manifests, argv, frozenset({3}))


def _malformed_sbom(draw: random.Random) -> tuple[str, bytes]:
    """A statement whose digest will be right, and whose content is not."""
    whole = sbom()
    how = draw.randrange(4)
    if how == 0:
        return "damaged", damaged(draw, canonical(whole))
    if how == 1:
        return "altered statement", canonical(altered(draw, whole))
    if how == 2:
        return "altered BOM", canonical({**whole, "predicate": altered(draw, whole["predicate"])})
    # Whoever alters it can also give it the serial number that it should have.
    return "absurd", canonical(
        {**whole, "predicate": with_serial(draw.choice(_absurd_boms(whole["predicate"])))}
    )


def _absurd_boms(whole: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Documents of the right shape, more or less, that are too much or about something else."""
    bom = {name: value for name, value in whole.items() if name != "serialNumber"}
    deep: list[Any] = []
    for _ in range(400):
        deep = [deep]
    main = bom["metadata"]["component"]
    other = {**main, "hashes": [{"alg": "SHA-256", "content": "0" * 64}]}
    return [
        {},
        {**bom, "components": deep},
        {**bom, "components": [{}] * 1_000_000},
        {**bom, "components": bom["components"][:1] * 40_000, "bomFormat": "SPDX"},
        {**bom, "specVersion": "9" * 1_000_000},
        {**bom, "dependencies": "x"},
        {**bom, "metadata": {**bom["metadata"], "component": other}},
        {**bom, "metadata": {**bom["metadata"], "component": {**main, "hashes": []}}},
    ]


def _sbom_to_sign(draw: random.Random) -> Case:
    what, raw = _malformed_sbom(draw)
    return Case("sbom", f"to sign: {what}", with_sbom(unsigned(), raw), ("sign", "{root}"), REFUSED)


def _sbom_that_is_signed(draw: random.Random) -> Case:
    what, raw = _malformed_sbom(draw)
    files = signed_anyway(with_sbom(unsigned(), raw), genuine()[1])
    return Case("sbom", f"signed: {what}", files, VERIFY, REFUSED)


ENVELOPES = (_envelopes, _envelopes, _absurd_envelopes, _envelopes, _envelopes, _absurd_manifests)
SBOMS = (_sbom_to_sign, _sbom_that_is_signed)
