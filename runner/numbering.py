"""A run's or a build's view of the history: which one is used, and what is written into it.

Which history: LOCKGATE_HISTORY, else `history:` in lockgate.yml, else `.lockgate/history`. The last is
only used without a real AWS: a number that one machine gave by itself would be another content's
elsewhere, and what goes into a real AWS is known by many machines. An s3:// history is that of the AWS
that was asked for by name (--aws, or a sandbox's URL); where none was, it is left alone.
"""

from __future__ import annotations

import getpass
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from runner.adapters.aws import Aws, real_target, sandbox_target
from runner.adapters.git import Source
from runner.adapters.output import SECRECY
from runner.adapters.privileges import hide
from runner.config.fields import S3_PREFIX
from runner.config.load import load
from runner.config.problems import did_you_mean
from runner.config.schema import Solution
from runner.errors import UsageError
from runner.history.history import History, Numbered, Origin
from runner.history.names import is_version
from runner.history.records import Judgement
from runner.history.store import FolderRecords, S3Records
from runner.history.table import NO_VERSIONS, Running, release_lines, version_entries, version_lines
from runner.model import Artifact
from runner.report.record import RunRecord

VARIABLE = "LOCKGATE_HISTORY"
DEFAULT = ".lockgate/history"
PLACES = "a folder, or for example s3://bucket/history"
NOWHERE: Mapping[str, Running] = {}  # component -> sha256 -> environments


class Unnumbered(UsageError):
    """There is no history that may be used here; it is nobody's fault."""


@dataclass(slots=True)
class Numbering:
    """Gives versions from a history, for one run or build. Called from the threads of the steps."""

    history: History
    run_id: str
    ask: Callable[[], Origin]
    given: dict[str, Numbered] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    known: Origin | None = None

    def version_of(self, artifact: Artifact) -> str:
        """The version of an artifact's content. Raises InfrastructureError where it cannot be written."""
        self.given[artifact.name] = self.history.number(artifact, self.run_id, self.origin)
        return self.given[artifact.name].record.version

    def origin(self) -> Origin:
        """Who builds what, asked once, and only for content that is new: AWS takes its time."""
        with self.lock:
            self.known = self.known or self.ask()
            return self.known

    def release(self, record: RunRecord) -> str:
        """The name of the release that a complete run which passed is."""
        components = {a.name: a.version for a in record.artifacts}
        return self.history.release(self.origin(), components).release

    def judge(self, record: RunRecord) -> None:
        """Remember the verdict of a complete run with the versions that it judged."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        begun = datetime.fromisoformat(record.started)
        for artifact in record.artifacts:
            if is_version(artifact.version):  # not by its digest, as what somebody altered is
                self.history.judge(
                    Judgement(
                        artifact.name, artifact.version, self.run_id, record.verdict.status, now,
                        self.origin().by, record.manifest_sha256, record.release,
                    ), begun,
                )  # fmt: skip


def open_numbering(
    root: Path,
    solution: Solution,
    run_id: str,
    at: Source,
    *,
    real: bool,
    sandbox: str = "",
    environ: Mapping[str, str] = os.environ,
) -> Numbering:
    """What numbers the components of a run or build, whose source is `at`. `real`, `sandbox`: the AWS
    that was asked for by name. Raises Unnumbered, or UsageError for a place that is none."""
    history = open_history(root, solution, real=real, sandbox=sandbox, environ=environ)
    if real:
        hide()  # a solution's commands run as this user, and may not read its credentials
    caller = _caller if real else None

    def ask() -> Origin:
        return Origin(run_id, at.commit, at.clean, by_whom(environ, caller))

    return Numbering(history, run_id, ask)


def open_history(
    root: Path, solution: Solution, *, real: bool, sandbox: str = "", environ: Mapping[str, str] = os.environ
) -> History:
    """The history of a solution. Raises Unnumbered, or UsageError for a place that is none."""
    named = environ.get(VARIABLE) or solution.history or ""
    if not named.startswith("s3://"):
        if not named and real:
            raise Unnumbered(
                "components have no versions in a real AWS until their history is named",
                hint=f"history: s3://BUCKET/PREFIX in lockgate.yml, or {VARIABLE}",
            )
        if "://" in named:
            raise UsageError(f"{named[:200]!r} is no place for a history", hint=PLACES)
        return History(FolderRecords(root / (named or DEFAULT)))
    match = S3_PREFIX.fullmatch(named)
    if match is None or ".." in named or "//" in match[2]:
        raise UsageError(f"{named[:200]!r} is no place for a history", hint=PLACES)
    if not (real or sandbox):
        raise Unnumbered(
            f"the history is {named}, and no AWS was asked for",
            hint="--aws, LOCKGATE_SANDBOX_URL, or a folder as LOCKGATE_HISTORY",
        )
    return History(S3Records(_aws(sandbox, real=real), match[1], match[2]))


def _aws(sandbox: str, *, real: bool) -> Aws:
    target = real_target() if real else sandbox_target(sandbox)
    SECRECY.learn(target.env() if real else {})
    return Aws(target)


def _caller() -> str:
    return str(Aws(real_target()).call("sts", "get_caller_identity")["Arn"])


def by_whom(environ: Mapping[str, str], caller: Callable[[], str] | None) -> str:
    """Who builds: what started the CodeBuild build, else the AWS caller, else who is logged in."""
    if initiator := environ.get("CODEBUILD_INITIATOR"):
        return initiator
    if caller is not None:
        return caller()
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return f"uid {os.getuid()}"


def listed(
    root: Path,
    component: str | None,
    *,
    real: bool,
    sandbox: str,
    as_json: bool,
    running: Mapping[str, Running] = NOWHERE,
) -> str:
    """What `lockgate versions` shows. `running`: component -> sha256 -> environments. Raises UsageError for a
    component that neither the solution nor its history has."""
    solution = load(root)
    history = open_history(root, solution, real=real, sandbox=sandbox)
    names = list(dict.fromkeys([*solution.components, *history.components()]))
    if component is not None and component not in names:
        raise UsageError(f"there is no component {component!r}", hint=did_you_mean(component, names))
    names = names if component is None else [component]
    shown = {
        name: (history.versions(name), history.judgements(name), running.get(name, {})) for name in names
    }
    releases = [] if component else history.releases()
    if as_json:
        entries = {name: version_entries(*of) for name, of in shown.items()}
        told = {"history": history.records.url, "components": entries}
        return json.dumps(
            told if component else {**told, "releases": [asdict(r) for r in reversed(releases)]}
        )
    parts = [[name, *(version_lines(*of) if of[0] else [NO_VERSIONS])] for name, of in shown.items()]
    parts += [["releases", *release_lines(releases)]] if releases else []
    return "\n\n".join("\n  ".join(part) for part in parts) or NO_VERSIONS
