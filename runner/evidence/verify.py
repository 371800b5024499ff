"""Verification, offline: is a manifest authentic, whole, about these artifacts, and good enough?

Pure but for reading artifacts. What cannot be shown is refused; what could not be looked at is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runner.adapters.files import sha256_file
from runner.errors import RefusedError
from runner.evidence.bundle import Opened, open_bundle
from runner.evidence.dsse import PublicKey
from runner.evidence.finding import Finding, Outcome, finding
from runner.evidence.policy import Policy, judged_by
from runner.evidence.recheck import files_of
from runner.evidence.statements import PROVENANCE, TEST_RESULT, subjects
from runner.manifest.schema import Component, Manifest
from runner.model import Status


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a verifier wants: keys by fingerprint, those of them (and others) that may sign, those that are
    known to be development keys, a policy, one commit, a folder with the artifacts."""

    keys: Mapping[str, PublicKey]
    allowed: frozenset[str]
    development: frozenset[str] = frozenset()
    policy: Policy | None = None
    commit: str = ""
    artifacts: Path | None = None


def verify(manifest: bytes, bundle: bytes, wanted: Expectations, now: datetime) -> list[Finding]:
    """Everything that was checked, in order; what is not authentic is not looked into any further."""
    try:
        opened = open_bundle(bundle, manifest, wanted.keys)
    except RefusedError as error:
        place = f"{error.where}: " if error.where else ""
        return [Finding("signatures", Outcome.REFUSED, f"{place}{error.what}")]
    return [*_authentic(opened), *_content(opened, wanted, now)]


def _authentic(opened: Opened) -> Iterator[Finding]:
    count = len(opened.statements)
    yield finding(
        "signatures", True, f"{count + 1} envelopes by {opened.signer_kind} key sha256:{opened.keyid}"
    )
    yield finding("manifest", True, f"sha256:{opened.manifest.sha256}, run {opened.manifest.fields.run_id}")
    yield finding("set", True, f"exactly the {count} statements that the manifest names")


def _content(opened: Opened, wanted: Expectations, now: datetime) -> Iterator[Finding]:
    manifest = opened.manifest.fields
    yield from _statements(opened)
    yield finding("verdict", manifest.verdict.status is Status.PASSED, str(manifest.verdict.status))
    if manifest.overrides:
        yield finding("overrides", False, "it has some, which this Lockgate does not know")
    if wanted.commit:
        yield finding("commit", manifest.source.commit == wanted.commit, manifest.source.commit or "none")
    yield from _artifacts(manifest, wanted.artifacts)
    is_development = opened.signer_kind == "development" or opened.keyid in wanted.development
    if wanted.policy is not None:
        yield from judged_by(wanted.policy, opened, set(wanted.allowed), is_development, now)
    elif is_development:
        yield Finding("signer", Outcome.NOTE, "it is a development key: a policy would refuse it")


def _statements(opened: Opened) -> Iterator[Finding]:
    """What every signed run says of itself: how its artifacts came to be, and that their tests passed."""
    if not subjects(opened.manifest.fields):
        yield Finding("subjects", Outcome.NOTE, "a run without artifacts or a commit states nothing")
        return
    said = {str(s["predicateType"]): s["predicate"] for s in opened.statements.values()}
    for kind in (TEST_RESULT, PROVENANCE):
        yield finding("statement", kind in said, kind if kind in said else f"{kind} is missing")
    result = said[TEST_RESULT].get("result") if TEST_RESULT in said else None
    yield finding("test result", result == opened.manifest.fields.verdict.status, str(result))


def _artifacts(manifest: Manifest, folder: Path | None) -> Iterator[Finding]:
    if folder is None:
        yield Finding("artifacts", Outcome.NOTE, "not looked at (--artifacts DIR)")
        return
    for name, component in files_of(manifest):
        yield _artifact(name, component, folder)


def _artifact(name: str, component: Component, folder: Path) -> Finding:
    """A file of the folder that has the component's digest, by whatever name."""
    what = f"artifact {name}"
    named = folder / component.sha256
    try:
        if named.is_file():
            return finding(what, sha256_file(named) == component.sha256, f"sha256:{component.sha256}")
        if found := _by_digest(component, folder):
            return finding(what, True, f"sha256:{component.sha256}, {found.name}")
    except OSError as error:
        return Finding(what, Outcome.UNKNOWN, f"cannot be read: {error.strerror}")
    return Finding(what, Outcome.UNKNOWN, f"no file in {folder} is sha256:{component.sha256}")


def _by_digest(component: Component, folder: Path) -> Path | None:
    sized = (p for p in sorted(folder.iterdir()) if p.is_file() and p.stat().st_size == component.size)
    return next((p for p in sized if sha256_file(p) == component.sha256), None)
