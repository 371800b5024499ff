"""The composition root of signing and verifying: which run, which key, which AWS, which policy."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runner.adapters.aws import Aws, real_target, sandbox_target
from runner.adapters.output import say
from runner.adapters.signing import (
    FileKey,
    KmsKey,
    PublicKey,
    development_key,
    kms_key,
    read_private_key,
    read_public_key,
    region_of,
)
from runner.errors import InfrastructureError, RefusedError, UsageError
from runner.evidence.bundle import BUNDLE, LIMIT
from runner.evidence.finding import Finding, Outcome, exit_code
from runner.evidence.policy import fingerprints, key_files, read_policy
from runner.evidence.sign import MANIFEST, Signed, sign_run
from runner.evidence.verify import Expectations, verify
from runner.manifest.read import LIMIT as MANIFEST_LIMIT
from runner.manifest.read import ReadManifest, parse_manifest, read_bounded
from runner.sandbox.choose import URL, is_real
from runner.text import one_line

KMS_SCHEME = "awskms:"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked `lockgate verify` for."""

    manifest: Path
    keys: tuple[Path, ...] = ()
    policy: Path | None = None
    artifacts: Path | None = None
    commit: str = ""
    given: tuple[PublicKey, ...] = ()  # beside `keys`, those that are no files


def signing_key(name: str, *, real: bool) -> FileKey | KmsKey:
    """The key that --key names: a PEM file, awskms:ARN, or '' for this user's development key."""
    if not name:
        return development_key(config_folder())
    if not name.startswith(KMS_SCHEME):
        return read_private_key(Path(name))
    arn = name.removeprefix(KMS_SCHEME)
    return kms_key(_aws(region_of(arn), real=real), arn)


def public_key(name: str, *, real: bool) -> PublicKey:
    """The key that verifies, as --key names it: a PEM file, or awskms:ARN (KMS is asked for it)."""
    if name.startswith(KMS_SCHEME):
        return signing_key(name, real=real).public
    return read_public_key(Path(name))


def public_half() -> Path:
    """Where the public half of this user's development key lies, once there is one."""
    return config_folder() / "development.pub.pem"


def config_folder() -> Path:
    """Where this user's own things of Lockgate lie."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base, "lockgate")


def _aws(region: str, *, real: bool) -> Aws:
    if is_real(real):
        return _told(Aws(real_target(region)))
    if sandbox := os.environ.get(URL):
        return _told(Aws(sandbox_target(sandbox, region)))
    raise UsageError("which KMS is meant?", where="--key", hint=f"--aws, or {URL} for a sandbox")


def _told(aws: Aws) -> Aws:
    say(sys.stderr, aws.target.description)
    return aws


def run_folder(folder: Path | None, run_id: str, root: Path) -> Path:
    """The run that is to be signed: its folder, or its id in a solution."""
    if (folder is None) == (not run_id):
        raise UsageError("which run?", hint="name its folder, or its id with --run")
    found = folder or root / ".lockgate" / "runs" / run_id
    if Path(run_id).name != run_id or not found.is_dir():
        raise UsageError("there is no such run", where=str(found))
    return found


def sign(folder: Path, key: str, *, real: bool, failed: bool) -> tuple[Signed, FileKey | KmsKey]:
    """Check a run anew and sign it. Raises RefusedError where something does not hold."""
    if not (folder / MANIFEST).is_file():
        raise UsageError(f"there is no {MANIFEST}: no run has ended here", where=str(folder))
    signer = signing_key(key, real=real)
    return sign_run(folder, signer, signer.public, failed=failed), signer


def check(asked: Asked) -> list[Finding]:
    """Verify a manifest (or the run's folder that it lies in) and what lies beside it."""
    return _check(asked)[0]


def verified(asked: Asked) -> ReadManifest:
    """The manifest, for who acts on it: the very bytes that were verified, by whichever of its two files
    (or its run's folder) it is named.

    Raises RefusedError with all that does not hold, InfrastructureError with what could not be told."""
    findings, raw = _check(asked)
    code = exit_code(findings)
    if code == 0:
        return parse_manifest(raw)
    wrong = [f for f in findings if f.outcome is (Outcome.REFUSED if code == 1 else Outcome.UNKNOWN)]
    what = "; ".join(f"{f.what}: {one_line(f.detail)}" for f in wrong)
    kind = RefusedError if code == 1 else InfrastructureError
    raise kind(f"it does not verify: {what}", where=str(asked.manifest), hint="nothing was changed")


def _check(asked: Asked) -> tuple[list[Finding], bytes]:
    path = asked.manifest / MANIFEST if asked.manifest.is_dir() else asked.manifest
    path = path.with_name(MANIFEST) if path.name == BUNDLE else path
    wanted = _expectations(asked)
    manifest, bundle = read_bounded(path, MANIFEST_LIMIT), path.with_name(BUNDLE)
    signed = read_bounded(bundle, LIMIT) if bundle.is_file() else b""
    return verify(manifest, signed, wanted, datetime.now(UTC)), manifest


def _expectations(asked: Asked) -> Expectations:
    policy = read_policy(asked.policy) if asked.policy else None
    files = key_files(policy, asked.policy) if policy and asked.policy else []
    theirs = [read_public_key(path) for path in files]
    given = [*asked.given, *(read_public_key(path) for path in asked.keys)]
    keys = _by_id([*theirs, *given])
    if not keys:
        own = public_half()
        mine = f"; your development key's public half is {own}" if own.is_file() else ""
        raise UsageError("whose signature is it to be?", hint=f"--key PUB.pem, or --policy FILE{mine}")
    allowed = {k.keyid for k in theirs} | fingerprints(policy) if policy else set(keys)
    development = frozenset(k.keyid for k in (*theirs, *given) if k.is_development)
    return Expectations(keys, frozenset(allowed), development, policy, asked.commit, asked.artifacts)


def _by_id(keys: list[PublicKey]) -> dict[str, PublicKey]:
    return {key.keyid: key for key in keys}
