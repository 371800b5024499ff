"""DSSE 1.0.2 envelopes (https://github.com/secure-systems-lab/dsse), in one spelling only.

DSSE leaves room: white space and further fields in the JSON, bits of base64 that decode to nothing, hints
in `keyid`, any number of signatures. Here an envelope is its RFC 8785 form with one signature, byte for
byte, and its keyid is the sha256 of the DER SubjectPublicKeyInfo of the key that verifies it. So an envelope
has one spelling, and nothing but a payload whose signature holds is looked into.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from runner.errors import RefusedError

PAYLOAD_TYPE = "application/vnd.in-toto+json"
PAYLOAD_LIMIT = 8 * 2**20
# JSON in RFC 8785's order and spacing; none of these values has anything to escape.
_FORM = (
    b'{"payload":"%b","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"%b","sig":"%b"}]}'
)
_BASE64 = rb"([A-Za-z0-9+/]+={0,2})"
_ENVELOPE = re.compile(re.escape(_FORM) % (_BASE64, rb"([0-9a-f]{64})", _BASE64))


class Signer(Protocol):
    """A private key, wherever it lies. `kind`: 'development' | 'file' | 'aws-kms'."""

    @property
    def keyid(self) -> str: ...
    @property
    def kind(self) -> str: ...
    def sign(self, data: bytes) -> bytes: ...


class PublicKey(Protocol):
    """A key that verifies; `keyid` is its fingerprint."""

    @property
    def keyid(self) -> str: ...
    def verify(self, signature: bytes, data: bytes) -> bool: ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A payload whose signature holds, and the fingerprint of the key that made it."""

    payload: bytes
    keyid: str


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """What is signed: the pre-authentication encoding of type and body."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sealed(payload: bytes, signer: Signer) -> bytes:
    """The envelope of a payload, without a line end."""
    signature = signer.sign(pae(payload))
    return _FORM % (base64.b64encode(payload), signer.keyid.encode(), base64.b64encode(signature))


def opened(envelope: bytes, keys: Mapping[str, PublicKey]) -> Opened:
    """The verified payload of an envelope; `keys` by fingerprint. Raises RefusedError."""
    match = _ENVELOPE.fullmatch(envelope)
    if match is None:
        raise RefusedError("it is no DSSE envelope in canonical form with one signature")
    payload, keyid, signature = _decoded(match[1]), match[2].decode(), _decoded(match[3])
    if len(payload) > PAYLOAD_LIMIT:
        raise RefusedError(f"its payload is larger than {PAYLOAD_LIMIT >> 20} MiB")
    key = keys.get(keyid)
    if key is None or key.keyid != keyid:
        raise RefusedError(f"it is signed by a key that was not given: sha256:{keyid}")
    if not key.verify(signature, pae(payload)):
        raise RefusedError(f"its signature does not hold under sha256:{keyid}")
    return Opened(payload, keyid)


def _decoded(text: bytes) -> bytes:
    """base64 that is exactly what encoding its value gives: no spare bits, no missing padding."""
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        value = b""
    if base64.b64encode(value) != text:
        raise RefusedError("its base64 is not in canonical form")
    return value
