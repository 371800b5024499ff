"""Verification, offline: is a manifest authentic, whole, about these artifacts, and good enough?

Pure but for reading artifacts. What cannot be shown is refused; what could not be looked at is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

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
        made, is_it = manifest.source.commit or "none", manifest.source.commit == wanted.commit
        yield finding("commit", is_it, made if is_it else f"{made}, where {wanted.commit} was asked for")
    yield from _artifacts(manifest, wanted.artifacts)
    is_development = opened.signer_kind == "development" or opened.keyid in wanted.development
    if wanted.policy is not None:
        yield from judged_by(wanted.policy, opened, set(wanted.allowed), is_development, now)
    elif is_development:
        yield Finding("signer", Outcome.NOTE, "it is a development key: a policy would refuse it")


def _statements(opened: Opened) -> Iterator[Finding]:
    """What every signed run says of itself: how its artifacts came to be, and that their tests passed."""
    about = subjects(opened.manifest.fields)
    if not about:
        yield Finding("subjects", Outcome.NOTE, "a run without artifacts or a commit states nothing")
        return
    for kind in (TEST_RESULT, PROVENANCE):
        yield _statement(kind, opened, about)
    said = (s["predicate"] for s in opened.statements.values() if s["predicateType"] == TEST_RESULT)
    result = next((str(predicate.get("result")) for predicate in said), None)
    yield finding("test result", result == opened.manifest.fields.verdict.status, str(result))


def _statement(kind: str, opened: Opened, about: Sequence[Mapping[str, Any]]) -> Finding:
    """One of a kind, about every artifact of the run."""
    found = [said for said in opened.statements.values() if said["predicateType"] == kind]
    if len(found) != 1:
        return finding(
            "statement", False, f"{kind} is there {len(found)} times" if found else f"{kind} is missing"
        )
    whole = found[0]["subject"] == about
    return finding("statement", whole, kind if whole else f"{kind} is not about each artifact of the run")


def _artifacts(manifest: Manifest, folder: Path | None) -> Iterator[Finding]:
    if folder is None:
        yield Finding("artifacts", Outcome.NOTE, "not looked at (--artifacts DIR)")
        return
    for name in sorted(n for n, component in manifest.components.items() if not component.is_built):
        yield Finding(f"artifact {name}", Outcome.NOTE, "not built: there is its definition alone")
    built = dict(files_of(manifest))
    for name, component in built.items():
        yield _artifact(name, component, folder)
    if not built:
        yield Finding("artifacts", Outcome.UNKNOWN, "the manifest names none")


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
