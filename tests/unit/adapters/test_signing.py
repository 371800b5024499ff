"""Keys: made once, kept private, marked; what is no P-256 key is refused with a reason."""

from __future__ import annotations

import hashlib
import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.adapters.aws import Aws, sandbox_target
from runner.adapters.signing import (
    MARK,
    ORDER,
    FileKey,
    development_key,
    kms_key,
    low_s,
    read_private_key,
    read_public_key,
    region_of,
)
from runner.errors import InfrastructureError, UsageError

ARN = "arn:aws:kms:eu-central-1:111122223333:key/0f2c"


def pem(key: Any, password: bytes | None = None) -> bytes:
    lock = form.BestAvailableEncryption(password) if password else form.NoEncryption()
    raw: bytes = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, lock)
    return raw


def written(path: Path, raw: bytes) -> Path:
    path.write_bytes(raw)
    path.chmod(0o600)
    return path


def test_a_development_key_is_made_once(tmp_path: Path) -> None:
    place = tmp_path / "config" / "lockgate"
    one, two = development_key(place), development_key(place)
    assert one.keyid == two.keyid and one.kind == "development"
    assert stat.S_IMODE((place / "development.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert sorted(p.name for p in place.iterdir()) == ["development.pem", "development.pub.pem"]


def test_its_public_half_is_marked_and_the_same_key(tmp_path: Path) -> None:
    key = development_key(tmp_path)
    public = read_public_key(tmp_path / "development.pub.pem")
    assert public.is_development and public.keyid == key.keyid and public.pem.startswith(MARK)
    assert public.verify(key.sign(b"data"), b"data") and not public.verify(key.sign(b"data"), b"other")


def test_many_at_once_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len({k.keyid for k in pool.map(lambda _: development_key(tmp_path), range(16))}) == 1


def test_the_keyid_is_the_fingerprint_that_openssl_tells(tmp_path: Path) -> None:
    key = development_key(tmp_path)
    argv = ["openssl", "pkey", "-pubin", "-in", str(tmp_path / "development.pub.pem"), "-outform", "DER"]
    der = subprocess.run(argv, capture_output=True, check=True).stdout
    assert hashlib.sha256(der).hexdigest() == key.keyid


def _crlf(raw: bytes) -> bytes:
    return raw.replace(b"\n", b"\r\n")


def _indented(raw: bytes) -> bytes:
    return b"\xef\xbb\xbf# ours\n  " + raw


@pytest.mark.parametrize("edit", [_crlf, _indented])
def test_an_editor_or_git_does_not_take_the_mark_away(tmp_path: Path, edit: Callable[[bytes], bytes]) -> None:
    development_key(tmp_path)
    private, public = tmp_path / "development.pem", tmp_path / "development.pub.pem"
    written(private, edit(private.read_bytes()))
    public.write_bytes(edit(public.read_bytes()))
    assert read_private_key(private).kind == "development"
    assert read_public_key(public).is_development


def test_a_key_of_ones_own_is_not_marked(tmp_path: Path) -> None:
    made = subprocess.run(
        ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"], capture_output=True, check=True
    )
    key = read_private_key(written(tmp_path / "k.pem", made.stdout))
    assert key.kind == "file" and not key.public.is_development


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    development_key(tmp_path)
    (tmp_path / "development.pem").chmod(0o640)
    with pytest.raises(UsageError, match="others may read"):
        development_key(tmp_path)


OTHERS = {
    "P-384": lambda: pem(ec.generate_private_key(ec.SECP384R1())),
    "secp256k1": lambda: pem(ec.generate_private_key(ec.SECP256K1())),
    "RSA": lambda: pem(rsa.generate_private_key(65537, 2048)),
    "Ed25519": lambda: pem(ed25519.Ed25519PrivateKey.generate()),
    "a password": lambda: pem(ec.generate_private_key(ec.SECP256R1()), b"secret"),
    "empty": lambda: b"",
    "no PEM": lambda: b"\xff\x00 junk",
    "broken": lambda: b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_key_is_refused(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "k.pem", OTHERS[name]())
    with pytest.raises(UsageError, match="no P-256 private key"):
        read_private_key(path)
    with pytest.raises(UsageError, match="no P-256 public key"):
        read_public_key(path)


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    for read in (read_private_key, read_public_key):
        with pytest.raises(UsageError, match="no such key"):
            read(tmp_path / "nowhere.pem")


@settings(deadline=None, max_examples=30)
@given(data=st.binary(max_size=64))
def test_a_signature_has_one_spelling(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    key = _shared(tmp_path_factory)
    signature = key.sign(data)
    r, s = utils.decode_dss_signature(signature)
    other = utils.encode_dss_signature(r, ORDER - s)
    assert s <= ORDER // 2 and low_s(other) == signature
    assert key.public.verify(signature, data)
    key.public._key.verify(other, data, ec.ECDSA(hashes.SHA256()))  # any other library takes it
    assert not key.public.verify(other, data)
    assert not key.public.verify(signature + b"\0", data) and not key.public.verify(b"", data)


def _shared(factory: pytest.TempPathFactory, kept: dict[str, FileKey] = {}) -> FileKey:  # noqa: B006
    if not kept:
        kept["key"] = development_key(factory.mktemp("key"))
    return kept["key"]


class Kms:
    """KMS with one key, which signs what it is told to."""

    def __init__(self, curve: Any = None, **told: Any) -> None:
        self.key, self.told, self.asked = ec.generate_private_key(curve or ec.SECP256R1()), told, []

    def get_public_key(self, **asked: Any) -> dict[str, Any]:
        der = self.key.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
        return {"PublicKey": der, "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"} | self.told

    def sign(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        raw = self.key.sign(asked["Message"], ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        return {"Signature": self.told.get("Signature", raw)}


def kms(client: Kms) -> Any:
    return kms_key(Aws(sandbox_target("http://127.0.0.1:1"), lambda service: client), ARN)


def test_kms_is_sent_the_digest_and_gives_the_small_s() -> None:
    client = Kms()
    key = kms(client)
    for n in range(20):
        assert key.public.verify(key.sign(b"%d" % n), b"%d" % n)
    assert key.kind == "aws-kms" and not key.public.is_development
    asked = client.asked[0]
    assert asked["Message"] == hashlib.sha256(b"0").digest() and asked["KeyId"] == ARN
    assert (asked["MessageType"], asked["SigningAlgorithm"]) == ("DIGEST", "ECDSA_SHA_256")


@pytest.mark.parametrize("signature", [b"", b"junk", development_key], ids=["none", "junk", "another key's"])
def test_what_kms_answers_is_not_believed(tmp_path: Path, signature: Any) -> None:
    raw = signature if isinstance(signature, bytes) else signature(tmp_path).sign(b"data")
    with pytest.raises(InfrastructureError, match="not the key's"):
        kms(Kms(Signature=raw)).sign(b"data")


@pytest.mark.parametrize(
    "told", [{"KeySpec": "RSA_2048"}, {"KeySpec": "ECC_NIST_P384"}, {"KeyUsage": "ENCRYPT_DECRYPT"}]
)
def test_a_kms_key_of_another_kind_is_refused(told: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="it is a key of"):
        kms(Kms(**told))


def test_a_kms_key_that_is_not_what_it_says() -> None:
    with pytest.raises(UsageError, match="P-256"):
        kms(Kms(ec.SECP384R1()))
    with pytest.raises(InfrastructureError, match="does not parse"):
        kms(Kms(PublicKey=b"junk"))


def test_arns() -> None:
    assert region_of(ARN) == "eu-central-1"
    assert region_of("arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/lockgate/prod") == "us-gov-west-1"
    for junk in ("", "alias/x", "arn:aws:s3:::bucket", ARN + " ", ARN.replace("key/", "key:")):
        with pytest.raises(UsageError, match="no ARN"):
            region_of(junk)
