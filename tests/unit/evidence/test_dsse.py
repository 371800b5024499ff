"""Envelopes: the standard's own encoding, one spelling, and other implementations agree."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode
from pathlib import Path

import pytest
from helpers.signed_runs import key, keys
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

from runner.errors import RefusedError
from runner.evidence import dsse
from runner.manifest.build import canonical


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


def test_the_encoding_is_the_standards() -> None:
    """The test vector of the DSSE specification."""
    found = dsse.pae(b"hello world", "http://example.com/HelloWorld")
    assert found == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


@given(payload=st.binary(max_size=300))
def test_what_is_sealed_can_be_opened(place: Path, payload: bytes) -> None:
    signer = key(place)
    if not payload:
        return
    envelope = dsse.sealed(payload, signer)
    assert dsse.opened(envelope, keys(signer)) == dsse.Opened(payload, signer.keyid)
    assert canonical(json.loads(envelope)) == envelope


def test_securesystemslib_verifies_it(place: Path) -> None:
    signer = key(place)
    envelope = Envelope.from_dict(json.loads(dsse.sealed(b'{"a":1}', signer)))
    public = SSlibKey(
        signer.keyid, "ecdsa", "ecdsa-sha2-nistp256", {"public": signer.public.pem.partition("\n")[2]}
    )
    assert envelope.verify([public], 1)
    envelope.payload = b'{"a":2}'
    with pytest.raises(Exception, match="ignature"):
        envelope.verify([public], 1)


def test_openssl_verifies_it(place: Path, tmp_path: Path) -> None:
    """As docs/evidence.md tells people to, with the marked public key as it lies there."""
    signer = key(place)
    envelope = json.loads(dsse.sealed(b"payload", signer))
    (tmp_path / "sig").write_bytes(b64decode(envelope["signatures"][0]["sig"]))
    public = place / "keys" / "development.pub.pem"
    verify = ["openssl", "dgst", "-sha256", "-verify", str(public), "-signature", str(tmp_path / "sig")]
    for text, code in ((b"payload", 0), (b"another", 1)):
        told = dsse.pae(text)
        assert subprocess.run(verify, input=told, capture_output=True).returncode == code


def test_a_key_that_does_not_bear_its_name_is_no_key(place: Path) -> None:
    one, two = key(place), key(place / "two")
    envelope = dsse.sealed(b"x", one).replace(one.keyid.encode(), two.keyid.encode())
    with pytest.raises(RefusedError, match="does not hold"):
        dsse.opened(envelope, keys(two))
    with pytest.raises(RefusedError, match="not given"):
        dsse.opened(envelope, {two.keyid: one.public})


def test_what_is_too_large_is_not_looked_at(place: Path) -> None:
    envelope = dsse.sealed(b"x" * (dsse.PAYLOAD_LIMIT + 1), key(place))
    with pytest.raises(RefusedError, match="larger"):
        dsse.opened(envelope, keys(key(place)))


@given(raw=st.binary(max_size=100))
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(RefusedError):
        dsse.opened(raw, {})
