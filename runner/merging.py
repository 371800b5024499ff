"""The flow of `lockgate merge`: a verified manifest -> its commit -> what the host has -> merged, or refused.

Nothing is asked of a host before the manifest holds, and nothing is changed before the decision is made.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from runner import attest, keeping
from runner.adapters import git, git_remote
from runner.adapters.aws import Aws, real_target, sandbox_target
from runner.adapters.output import SECRECY, say
from runner.config.load import load
from runner.errors import RefusedError, UsageError
from runner.history.records import Release
from runner.manifest.find import RUNS, find_manifest
from runner.manifest.read import ReadManifest, read_manifest
from runner.merge.codecommit import CodeCommitHost
from runner.merge.decide import is_needed
from runner.merge.git_host import GitHost
from runner.merge.place import CodeCommitPlace, place_of
from runner.merge.records import SHORT, Host, Merged, Reverted, Seen, Strategy, Undoing, Wanted
from runner.merge.repository import Repository
from runner.model import Status
from runner.numbering import open_history
from runner.sandbox.choose import URL, is_real

REPOSITORY, COMMIT, MANIFEST_SHA256 = "LOCKGATE_REPOSITORY", "LOCKGATE_COMMIT", "LOCKGATE_MANIFEST_SHA256"
FULL = re.compile("[0-9a-f]{40}")
REMOTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
CONFIGURATION = "lockgate.yml"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked `lockgate merge` for. `tested` is a manifest, a run, a kept run's URI, or a
    commit of 40 digits whose run is in the solution at `root`."""

    root: Path
    tested: str = ""
    manifest: str = ""
    source: str = "dev"
    target: str = "main"
    repository: str = ""
    strategy: Strategy = Strategy.FAST_FORWARD
    keys: tuple[str, ...] = ()
    policy: Path | None = None
    commit: str = ""
    real: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it. merged: None where there was nothing to do, or it was a dry run."""

    wanted: Wanted
    place: str
    seen: Seen
    needed: bool
    merged: Merged | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offered:
    """What came of --revert. reverted: None where there was nothing to take back, or it was a dry run."""

    undoing: Undoing
    place: str
    paths: tuple[str, ...]
    reverted: Reverted | None = None


def merge(asked: Asked, environ: Mapping[str, str] = os.environ) -> Told:
    """Merge the tested commit, or say what would be done. Raises LockgateError; then nothing was merged,
    unless its message says that this could not be told."""
    _require_branches(asked.source, asked.target)
    manifest = _evidence(asked, environ)
    wanted, notes = _wanted(asked, manifest), _notes(manifest)
    with _host(asked, environ) as host:
        seen = host.see(wanted)
        needed = is_needed(wanted, seen, host.place)
        done = host.merge(wanted, seen) if needed and not asked.dry_run else None
        return Told(wanted, host.place, seen, needed, done, (*notes, *(done.notes if done else ())))


def revert(asked: Asked, name: str, since: str, environ: Mapping[str, str] = os.environ) -> Offered:
    """Offer a commit that takes back what a release (or a commit) brought since another one."""
    _require_branches(asked.source, asked.target)
    undoing = _undoing(asked, name, since, environ)
    with _host(asked, environ) as host:
        paths = tuple(change.path for change in host.undoable(undoing))
        done = host.revert(undoing) if paths and not asked.dry_run else None
        return Offered(undoing, host.place, paths, done)


def _require_branches(*names: str) -> None:
    for name in names:
        if not git.BRANCH_NAME.fullmatch(name) or ".." in name or name.endswith((".lock", "/", ".")):
            raise UsageError(f"{name[:80]!r} is no branch", hint="a name such as dev")
    if len(set(names)) != len(names):
        raise UsageError(f"{names[0]} cannot be merged into itself", hint="--from dev --into main")


def _evidence(asked: Asked, environ: Mapping[str, str]) -> ReadManifest:
    """The manifest, after everything that it has to fulfil; raises RefusedError for what it does not."""
    commit = asked.commit or (asked.tested if FULL.fullmatch(asked.tested) else "") or environ.get(COMMIT, "")
    keys = tuple(attest.public_key(name, real=asked.real) for name in asked.keys)
    with TemporaryDirectory(prefix="lockgate-merge-") as folder:
        path = _manifest(asked, Path(folder))
        manifest = attest.verified(attest.Asked(path, (), asked.policy, None, commit, keys))
    for what in _lacks(asked, manifest, environ.get(MANIFEST_SHA256, "")):
        raise RefusedError(f"{what}; nothing was changed", where=asked.manifest or asked.tested)
    return manifest


def _manifest(asked: Asked, folder: Path) -> Path:
    """Where the manifest lies; `folder` is for one that has to be fetched."""
    named = asked.manifest or asked.tested
    if not named:
        hint = "a manifest, a run's folder or id, a kept run's URI, or the commit of a run that is here"
        raise UsageError("what was tested?", hint=hint)
    if keeping.is_kept(named):
        return keeping.fetched_manifest(named, folder, real=asked.real)
    return find_manifest(named, asked.root) if asked.manifest or not FULL.fullmatch(named) else _run_of(asked)


def _run_of(asked: Asked) -> Path:
    """The newest complete run of a commit that passed; what it says is verified afterwards."""
    for path in sorted((asked.root / RUNS).glob("*/manifest.json"), reverse=True):
        try:
            found = read_manifest(path).fields
        except RefusedError:
            continue
        passed = found.verdict.status is Status.PASSED and found.complete
        if passed and found.source.commit == asked.tested:
            return path
    raise UsageError(
        f"no run of {asked.tested[:SHORT]} passed here",
        where=str(asked.root / RUNS),
        hint="test it first, or name its manifest with --manifest",
    )


def _lacks(asked: Asked, manifest: ReadManifest, sha256: str) -> Iterator[str]:
    """What a genuine manifest may lack and a merge needs, whatever the policy says."""
    fields = manifest.fields
    if sha256 and manifest.sha256 != sha256:
        yield f"it is not the manifest that {MANIFEST_SHA256} names"
    if not FULL.fullmatch(fields.source.commit):
        yield "it is of no commit, so there is none to merge"
    if not fields.complete:
        yield "a part of the stages was left out, so the commit was not tested whole"
    if fields.source.clean is False:
        yield "files differed from the commit, so it was not the commit that was tested"
    if (asked.root / CONFIGURATION).is_file() and fields.solution != load(asked.root).solution:
        yield f"it is of the solution {fields.solution!r}, not of the one here"


def _notes(manifest: ReadManifest) -> tuple[str, ...]:
    if manifest.fields.source.clean is None:
        return ("that the files were the commit's is the word of who started the run: git was not asked",)
    return ()


def _wanted(asked: Asked, manifest: ReadManifest) -> Wanted:
    fields = manifest.fields
    commit = fields.source.commit
    title = f"Merge {commit[:SHORT]} of {asked.source} into {asked.target}"
    description = (
        f"Lockgate tested {commit} of {fields.solution}: {fields.verdict.status}.\n"
        f"Run {fields.run_id}, release {fields.release or 'none'}, manifest sha256:{manifest.sha256}."
    )
    return Wanted(commit, asked.source, asked.target, asked.strategy, title, description)


def _undoing(asked: Asked, name: str, since: str, environ: Mapping[str, str]) -> Undoing:
    """Which commits. Of a release alone, `since` is the release before; of a commit it has to be said."""
    if FULL.fullmatch(name) and FULL.fullmatch(since):
        return Undoing(name, since, name[:SHORT], asked.target)
    if FULL.fullmatch(name) and not since:
        raise UsageError("since when?", where="--revert", hint="--since COMMIT: what was good before it")
    releases = _releases(asked, environ)
    commit = name if FULL.fullmatch(name) else _release(releases, name).commit
    before = since if FULL.fullmatch(since) else _before(releases, name, since)
    return Undoing(commit, before, name, asked.target)


def _releases(asked: Asked, environ: Mapping[str, str]) -> list[Release]:
    real, sandbox = is_real(asked.real, environ), environ.get(URL, "")
    history = open_history(asked.root, load(asked.root), real=real, sandbox=sandbox, environ=environ)
    return [release for release in history.releases() if FULL.fullmatch(release.commit)]


def _release(releases: list[Release], name: str) -> Release:
    for release in reversed(releases):
        if name == release.release:
            return release
    known = ", ".join(r.release for r in releases[-3:]) or "none"
    raise UsageError(f"there is no release {name[:80]!r} of a commit", hint=f"the newest are: {known}")


def _before(releases: list[Release], name: str, since: str) -> str:
    if since:
        return _release(releases, since).commit
    this = _release(releases, name)
    for release in reversed(releases):
        if release.number < this.number and release.commit != this.commit:
            return release.commit
    raise UsageError(f"there is no release before {name[:80]}", hint="--since COMMIT")


@contextmanager
def _host(asked: Asked, environ: Mapping[str, str]) -> Iterator[Host]:
    place = place_of(_url(asked, environ))
    if isinstance(place, CodeCommitPlace):
        yield CodeCommitHost(Repository(_aws(place.region, asked, environ), place.name))
    else:
        with git_remote.opened(place.url, place.shown) as remote:
            yield GitHost(remote)


def _url(asked: Asked, environ: Mapping[str, str]) -> str:
    """The repository: as asked, else the environment's, else lockgate.yml's, else the checkout's origin."""
    named = asked.repository or environ.get(REPOSITORY, "")
    if not named and (asked.root / CONFIGURATION).is_file():
        named = load(asked.root).repository or ""
    if named and not REMOTE.fullmatch(named):
        return named
    if url := git.remote_url(asked.root, named or "origin"):
        return url
    missing = f"there is no remote {named!r} in this checkout" if named else "which repository?"
    raise UsageError(missing, hint=f"--repository URL, {REPOSITORY}, or repository: in {CONFIGURATION}")


def _aws(region: str, asked: Asked, environ: Mapping[str, str]) -> Aws:
    if is_real(asked.real, environ):
        target = real_target(region or None)
    elif sandbox := environ.get(URL):
        target = sandbox_target(sandbox, region or None)
    else:
        raise UsageError(
            "the repository is in CodeCommit: in which AWS?", hint=f"--aws, or {URL} for a sandbox"
        )
    SECRECY.learn(target.env())
    say(sys.stderr, target.description)
    return Aws(target)
