"""Ways to tamper with a signed run: each gives a manifest and a bundle that must not be accepted."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.signed_runs import Left

from runner.adapters.signing import ORDER, FileKey
from runner.evidence.bundle import bundle
from runner.evidence.dsse import sealed
from runner.manifest.build import canonical
from runner.manifest.read import parse_manifest

SAMPLE = 10_000


@dataclass(frozen=True)
class Tampered:
    """What was done, and what a verifier would be shown."""

    how: str
    manifest: bytes
    bundle: bytes


@dataclass(frozen=True)
class Signed:
    """A genuine run's manifest and envelopes."""

    manifest: bytes
    lines: tuple[bytes, ...]

    @classmethod
    def of(cls, left: Left) -> Signed:
        return cls(left.manifest.read_bytes(), tuple(left.bundle.read_bytes().splitlines()))

    def shown(self, how: str, lines: tuple[bytes, ...], manifest: bytes = b"") -> Tampered:
        return Tampered(how, manifest or self.manifest, b"".join(line + b"\n" for line in lines))

    def line(self, how: str, number: int, line: bytes) -> Tampered:
        return self.shown(how, (*self.lines[:number], line, *self.lines[number + 1 :]))


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def bits(data: bytes, sample: int, dice: random.Random) -> Iterator[int]:
    """Every bit, or so many of them."""
    every = range(len(data) * 8)
    yield from every if len(every) <= sample else sorted(dice.sample(every, sample))


def flips(run: Signed, sample: int = SAMPLE, seed: int = 1) -> Iterator[Tampered]:
    """Single bits of the manifest, of each envelope (the line end too), and of what lies in the base64."""
    dice = random.Random(seed)  # noqa: S311  not for a secret
    genuine = b"".join(line + b"\n" for line in run.lines)
    for bit in bits(run.manifest, sample, dice):
        yield Tampered("a bit of the manifest", flipped(run.manifest, bit), genuine)
    for number, line in enumerate(run.lines):
        for bit in bits(line + b"\n", sample, dice):
            changed = flipped(line + b"\n", bit)
            others = b"".join(each + b"\n" for each in run.lines[number + 1 :])
            before = b"".join(each + b"\n" for each in run.lines[:number])
            yield Tampered("a bit of an envelope", run.manifest, before + changed + others)


def inner_flips(run: Signed, sample: int, seed: int = 2) -> Iterator[Tampered]:
    """Single bits of each payload and each signature, encoded anew."""
    dice = random.Random(seed)  # noqa: S311  not for a secret
    for number, line in enumerate(run.lines):
        envelope = json.loads(line)
        payload = payload_of(line)
        signature = base64.b64decode(envelope["signatures"][0]["sig"])
        for bit in bits(payload, sample, dice):
            yield run.line("a bit of a payload", number, with_payload(line, flipped(payload, bit)))
        for bit in bits(signature, sample, dice):
            yield run.line("a bit of a signature", number, with_signature(line, flipped(signature, bit)))


def payload_of(line: bytes) -> bytes:
    return base64.b64decode(json.loads(line)["payload"])


def with_payload(line: bytes, payload: bytes) -> bytes:
    envelope = json.loads(line)
    envelope["payload"] = base64.b64encode(payload).decode()
    return canonical(envelope)


def with_signature(line: bytes, signature: bytes) -> bytes:
    envelope = json.loads(line)
    envelope["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    return canonical(envelope)


def sets(run: Signed, other: Signed, key: FileKey) -> Iterator[Tampered]:
    """Statements removed, added, repeated, moved, taken from another run of the same key."""
    lines = run.lines
    for number in range(len(lines)):
        yield run.shown("a statement removed", (*lines[:number], *lines[number + 1 :]))
        yield run.shown("an envelope repeated", (*lines[: number + 1], *lines[number:]))
        if payload_of(other.lines[number]) != payload_of(lines[number]):  # two runs' SBOMs may be the same
            yield run.line("another run's statement", number, other.lines[number])
    for number in range(len(lines) - 1):
        moved = (*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :])
        yield run.shown("lines moved", moved)
    yield run.shown("a statement added", (*lines, other.lines[-1]))
    yield run.shown("a statement added", (*lines, sealed(b"{}", key)))
    yield run.shown("another run's manifest", lines, other.manifest)
    yield run.shown("no envelope", ())
    yield run.shown("the manifest's alone", lines[:1])


def spellings(run: Signed) -> Iterator[Tampered]:
    """The same content spelled otherwise: what plain DSSE and JSON would let pass."""
    genuine = b"".join(line + b"\n" for line in run.lines)
    manifest = json.loads(run.manifest)
    for how, raw in {
        "manifest indented": json.dumps(manifest, indent=1).encode(),
        "manifest with a line end": run.manifest + b"\n",
        "manifest with a BOM": b"\xef\xbb\xbf" + run.manifest,
        "manifest in UTF-16": run.manifest.decode().encode("utf-16"),
        "manifest with a field twice": run.manifest[:-1] + b',"verdict":{}}',
    }.items():
        yield Tampered(how, raw, genuine)
    for how, raw in {
        "CRLF": genuine.replace(b"\n", b"\r\n"),
        "no line end": genuine[:-1],
        "an empty line": genuine + b"\n",
        "an empty line first": b"\n" + genuine,
        "trailing bytes": genuine + b"{}",
        "a NUL": genuine + b"\x00",
        "a BOM": b"\xef\xbb\xbf" + genuine,
        "a space": genuine.replace(b'":', b'": ', 1),
        "escaped": genuine.replace(b'"payload"', b'"\\u0070ayload"', 1),
    }.items():
        yield Tampered(how, run.manifest, raw)
    for number, line in enumerate(run.lines):
        yield from _spellings_of(run, number, line)


def _spellings_of(run: Signed, number: int, line: bytes) -> Iterator[Tampered]:
    envelope = json.loads(line)
    (only,) = envelope["signatures"]
    raw = base64.b64decode(only["sig"])
    url_safe = base64.urlsafe_b64encode(raw).decode()
    edits = {
        "a further field": {**envelope, "more": 1},
        "two signatures": {**envelope, "signatures": [only, only]},
        "no signature": {**envelope, "signatures": []},
        "another payload type": {**envelope, "payloadType": "application/json"},
        "a wrong keyid": {**envelope, "signatures": [{**only, "keyid": "0" * 64}]},
        "an upper-case keyid": {**envelope, "signatures": [{**only, "keyid": only["keyid"].upper()}]},
        "no keyid": {**envelope, "signatures": [{"sig": only["sig"]}]},
        "URL-safe base64": {**envelope, "signatures": [{**only, "sig": url_safe}]},
        "an empty signature": {**envelope, "signatures": [{**only, "sig": ""}]},
        "an empty payload": {**envelope, "payload": ""},
    }  # fmt: skip
    for how, edited in edits.items():
        if canonical(edited) != line:
            yield run.line(how, number, canonical(edited))
    yield run.line("the other s", number, with_signature(line, other_s(raw)))
    yield run.line("a longer DER", number, with_signature(line, longer(raw)))
    yield run.line("bytes after the DER", number, with_signature(line, raw + b"\x00"))
    yield run.line("keys in another order", number, json.dumps(dict(reversed(envelope.items()))).encode())
    yield run.line("a field twice", number, line[:-1] + b',"payload":"e30="}')
    if padded := loose_base64(line):
        yield run.line("spare bits of base64", number, padded)


def other_s(signature: bytes) -> bytes:
    """(r, n - s), which any ECDSA library verifies too."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, ORDER - s)


def longer(signature: bytes) -> bytes:
    """The outer length in BER's long form."""
    return signature[:1] + b"\x81" + signature[1:]


def loose_base64(line: bytes) -> bytes:
    """The envelope with bits set that base64 does not use; b'' where there are none."""
    text = json.loads(line)["payload"]
    if not text.endswith("="):
        return b""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(text.rstrip("=")) - 1
    loose = text[:at] + alphabet[alphabet.index(text[at]) + 1] + text[at + 1 :]
    return line.replace(text.encode(), loose.encode())


def subjects_swapped(run: Signed, key: FileKey) -> Iterator[Tampered]:
    """What a statement is about exchanged, its payload signed anew by a key; and each type renamed."""
    for number, line in enumerate(run.lines):
        payload = json.loads(payload_of(line))
        about = payload["subject"]
        for edit in (
            {"subject": about[::-1]},
            {"subject": about[:1]},
            {"subject": []},
            {"predicateType": "https://example.com/x"},
            {"predicate": {}},
        ):
            edited = canonical({**payload, **edit})
            if edited != canonical(payload):
                yield run.line("subjects swapped, signed anew", number, sealed(edited, key))
        swapped = canonical({**payload, "subject": [{"name": "x", "digest": {"sha256": "0" * 64}}]})
        yield run.line("subjects swapped, not signed", number, with_payload(line, swapped))


def signed_by(run: Signed, stranger: FileKey, keyid: str) -> Iterator[Tampered]:
    """All of it signed by another key: under its own name, and under the name of the trusted one."""
    manifest = parse_manifest(run.manifest)
    payloads = [payload_of(line) for line in run.lines]
    yield Tampered("another key", run.manifest, bundle(manifest, payloads[1:], stranger))
    renamed = tuple(sealed(p, stranger).replace(stranger.keyid.encode(), keyid.encode()) for p in payloads)
    yield run.shown("another key under the trusted name", renamed)
    for number, payload in enumerate(payloads):
        yield run.line("one envelope by another key", number, sealed(payload, stranger))
