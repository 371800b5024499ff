"""Keys: ECDSA over P-256 with SHA-256, in a PEM file or in AWS KMS. The only importer of cryptography.

A signature is DER, with the smaller of its two possible `s`: (r, s) and (r, n - s) both verify, and a second
spelling of the same signature is not wanted. KMS is asked through `runner.adapters.aws`, not by
securesystemslib's own boto3 client, which would take whatever credentials lie around (DESIGN rule 5).
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.adapters.aws import Aws
from runner.errors import InfrastructureError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

# https://www.secg.org/sec2-v2.pdf, secp256r1: the group's order.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
DEVELOPMENT, FILE, KMS = "development", "file", "aws-kms"
# Text before a PEM block is allowed (RFC 7468), and openssl reads over it.
MARK = "Lockgate development key: it lies on somebody's machine, do not trust it in production\n"
KMS_ARN = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:(?:key|alias)/[A-Za-z0-9/_-]{1,250}")
PEM_LIMIT = 64_000


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A P-256 public key; `keyid` is the sha256 of its DER SubjectPublicKeyInfo, in hex."""

    keyid: str
    is_development: bool
    pem: str = field(repr=False)
    _key: EllipticCurvePublicKey = field(repr=False)

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether it is this key's signature of the data, in its one accepted spelling."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        try:
            if low_s(signature) != signature:
                return False
            self._key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class FileKey:
    """A private key in a PEM file. `kind` is 'development' where the file is marked as one, else 'file'."""

    public: PublicKey
    kind: str
    _key: EllipticCurvePrivateKey = field(repr=False)

    @property
    def keyid(self) -> str:
        return self.public.keyid

    def sign(self, data: bytes) -> bytes:
        """The signature of the data."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        return low_s(self._key.sign(data, ec.ECDSA(hashes.SHA256())))


@dataclass(frozen=True, slots=True)
class KmsKey:
    """A key that never leaves AWS KMS: kms:GetPublicKey once, kms:Sign for each signature."""

    public: PublicKey
    arn: str
    _aws: Aws = field(repr=False)
    kind: str = KMS

    @property
    def keyid(self) -> str:
        return self.public.keyid

    def sign(self, data: bytes) -> bytes:
        """The signature of the data, of which KMS is sent the digest (RAW would take 4,096 bytes).

        Raises InfrastructureError where what comes back is not this key's."""
        digest = hashlib.sha256(data).digest()
        told = {"MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
        answer = self._aws.call("kms", "sign", KeyId=self.arn, Message=digest, **told)
        try:
            signature = low_s(bytes(answer["Signature"]))
        except (KeyError, TypeError, ValueError):
            signature = b""
        if not self.public.verify(signature, data):
            raise InfrastructureError("KMS answered a signature that is not the key's", where=self.arn)
        return signature


def low_s(signature: bytes) -> bytes:
    """A DER signature with the smaller s, in DER's one encoding; raises ValueError where it is none."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, ORDER - s))


def read_public_key(path: Path) -> PublicKey:
    """A public key in PEM (`openssl ec -pubout`); raises UsageError where the file holds anything else."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    raw = _pem(path)
    try:
        return _public(load_pem_public_key(raw), is_development=_is_marked(raw))
    except (ValueError, TypeError, UsageError, _unsupported()):
        raise UsageError("it is no P-256 public key in PEM", where=str(path)) from None


def read_private_key(path: Path) -> FileKey:
    """A private key in PEM, not encrypted, that nobody else may read; raises UsageError otherwise."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    raw = _pem(path)
    if path.stat().st_mode & 0o077:
        raise UsageError("others may read this private key", where=str(path), hint=f"chmod 600 {path}")
    try:
        key: Any = load_pem_private_key(raw, None)
        public = _public(key.public_key(), is_development=_is_marked(raw))
    except (ValueError, TypeError, AttributeError, UsageError, _unsupported()):
        raise UsageError("it is no P-256 private key in PEM without a password", where=str(path)) from None
    return FileKey(public, DEVELOPMENT if public.is_development else FILE, key)


def development_key(folder: Path) -> FileKey:
    """This user's development key, made on first use, its public half beside it (development.pub.pem)."""
    private = folder / "development.pem"
    if not private.is_file():
        _make(private)
    key = read_private_key(private)
    public = folder / "development.pub.pem"
    if not public.is_file():
        public.write_text(key.public.pem, encoding="ascii")
    return key


def _make(path: Path) -> None:
    """A new key whole or not at all; where another process was first, its key stays."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600, and nobody else's
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as sink:
            sink.write(MARK.encode() + pem)
        if not path.exists():
            os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink(missing_ok=True)


def kms_key(aws: Aws, arn: str) -> KmsKey:
    """A key in KMS by its ARN; raises UsageError where it is not one for ECDSA over P-256."""
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    told = aws.call("kms", "get_public_key", KeyId=arn)
    if (told.get("KeySpec"), told.get("KeyUsage")) != ("ECC_NIST_P256", "SIGN_VERIFY"):
        hint = "make one with KeySpec ECC_NIST_P256, KeyUsage SIGN_VERIFY"
        raise UsageError(f"it is a key of {told.get('KeySpec')}", where=arn, hint=hint)
    try:
        return KmsKey(_public(load_der_public_key(bytes(told["PublicKey"]))), arn, aws)
    except (ValueError, TypeError, KeyError, _unsupported()) as error:
        raise InfrastructureError(f"its public key does not parse: {error}", where=arn) from None


def region_of(arn: str) -> str:
    """The region of a KMS key; raises UsageError where it is no ARN of one."""
    match = KMS_ARN.fullmatch(arn)
    if match is None:
        raise UsageError(
            f"{arn[:200]!r} is no ARN of a KMS key", hint="awskms:arn:aws:kms:REGION:ACCOUNT:key/ID"
        )
    return match[1]


def _public(key: Any, *, is_development: bool = False) -> PublicKey:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UsageError("it is not a key on the curve P-256")
    kind = form.PublicFormat.SubjectPublicKeyInfo
    keyid = hashlib.sha256(key.public_bytes(form.Encoding.DER, kind)).hexdigest()
    pem = key.public_bytes(form.Encoding.PEM, kind).decode()
    return PublicKey(keyid, is_development, MARK * is_development + pem, key)


def _pem(path: Path) -> bytes:
    if not path.is_file():
        what = "it is no regular file" if path.exists() else "there is no such key"
        raise UsageError(what, where=str(path))
    with path.open("rb") as stream:
        return stream.read(PEM_LIMIT)


def _is_marked(pem: bytes) -> bool:
    """Wherever it stands, with whichever line ends: an editor or git does not take it away."""
    return MARK.strip().encode() in pem


def _unsupported() -> type[Exception]:
    """cryptography's word for a key of an algorithm that it does not know."""
    from cryptography.exceptions import UnsupportedAlgorithm

    return UnsupportedAlgorithm
