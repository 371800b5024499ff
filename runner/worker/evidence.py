"""What a run left, judged: success is what everything agrees on. Missing evidence is a failure.

The child's word is a claim. Its exit status, what it printed, the manifest's bytes, their digest and
the verdict in them have to agree, the manifest has to be of the whole plan (or of the stages that
the action names), and each of its stages has to have passed.
"""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.adapters.files import sha256_file
from runner.text import one_line
from runner.worker.child import Ended
from runner.worker.outcome import FailureType, JobError

STATUS = {0: "PASSED", 1: "FAILED", 3: "ERROR"}
KIND: dict[int, FailureType] = {1: "JobFailed", 2: "ConfigurationError"}
MANIFEST, VARIABLES = "manifest.json", "variables.env"
KEPT = (MANIFEST, VARIABLES, "report.html", "result.json")
MAX_FILE, MAX_FILES = 256 * 2**20, 512 * 2**20


@dataclass(frozen=True, slots=True)
class Evidence:
    """A run whose manifest was found and is what the run said it is."""

    folder: Path
    manifest: Mapping[str, Any]
    digest: str

    @property
    def run_id(self) -> str:
        return str(self.manifest.get("run_id", ""))

    @property
    def reason(self) -> str:
        return str(self.manifest["verdict"].get("reason", ""))


def read(ended: Ended, solution: Path) -> Evidence:
    """The evidence of a run that came to a verdict. Raises JobError for one that did not, or whose
    manifest is missing or another than it said."""
    told = _told(ended)
    if "error" in told:
        raise JobError(KIND.get(ended.code, "SystemUnavailable"), str(told["error"]))
    folder = Path(str(told.get("folder", "")))
    runs = solution / ".lockgate" / "runs"
    if folder.parent.resolve() != runs.resolve() or folder.is_symlink():
        raise _doubt(ended, "its results are not where they belong")
    path, digest = folder / MANIFEST, str(told.get("manifest_sha256", ""))
    if not path.is_file() or path.is_symlink() or sha256_file(path) != digest:
        raise _doubt(ended, "its manifest is missing, or another than it says")
    manifest = _object(path.read_bytes())
    if manifest is None or manifest != told.get("manifest"):
        raise _doubt(ended, "its manifest is not what it printed")
    if _status(manifest) != STATUS.get(ended.code):
        raise _doubt(ended, f"its manifest says {one_line(_status(manifest), 20) or 'nothing'}")
    return Evidence(folder, manifest, digest)


def require_passed(evidence: Evidence, stages: tuple[str, ...]) -> None:
    """Raises JobError unless the verdict is PASSED, on every stage that was asked for."""
    status = _status(evidence.manifest)
    if status != "PASSED":
        kind: FailureType = "JobFailed" if status == "FAILED" else "SystemUnavailable"
        raise JobError(kind, f"{status}: {evidence.reason}", run_id=evidence.run_id)
    found = evidence.manifest.get("stages")
    judged = {n: s.get("status") for n, s in found.items()} if isinstance(found, dict) else {}
    missing = sorted(name for name in {*stages, *judged} if judged.get(name) != "PASSED")
    if missing or not judged or not (stages or evidence.manifest.get("complete") is True):
        what = f"stage {missing[0]} did not" if missing else "it is not of the whole plan"
        raise JobError("SystemUnavailable", f"the manifest says PASSED, but {what}", run_id=evidence.run_id)


def files(evidence: Evidence) -> dict[str, Path]:
    """Name in the output artifact -> file: manifest, variables, JUnit, report, result.

    Raises JobError where one is missing, is a link (the solution's code could have put it there to
    have another file sent) or is too large."""
    names = [*KEPT, *(f"junit/{p.name}" for p in sorted((evidence.folder / "junit").glob("*.xml")))]
    found = {name: evidence.folder / name for name in names}
    if (evidence.folder / "junit").is_symlink():
        raise JobError("SystemUnavailable", "the run's junit folder is a link", run_id=evidence.run_id)
    for name, path in found.items():
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_FILE:
            what = f"the run's {name} is missing, a link or over {MAX_FILE >> 20} MiB"
            raise JobError("SystemUnavailable", what, run_id=evidence.run_id)
    if sum(path.stat().st_size for path in found.values()) > MAX_FILES:
        what = f"the run's results are over {MAX_FILES >> 20} MiB"
        raise JobError("SystemUnavailable", what, run_id=evidence.run_id)
    return found


def variables(evidence: Evidence, uri: str) -> dict[str, str]:
    """The variables that the run left for any CI, with where the manifest is. Raises JobError where
    they are of another manifest."""
    text = (evidence.folder / VARIABLES).read_text(encoding="utf-8", errors="replace")
    try:
        words = [line.partition("=") for line in shlex.split(text)]
    except ValueError:
        words = []
    found = {name: value for name, _, value in words}
    if found.get("LOCKGATE_MANIFEST_SHA256") != evidence.digest or found.get("LOCKGATE_VERDICT") != "PASSED":
        raise JobError("SystemUnavailable", "the run's variables are of another run", run_id=evidence.run_id)
    version = {"LOCKGATE_VERSION": f"0+sha256.{evidence.digest[:12]}"}
    return {**version, **found, "LOCKGATE_MANIFEST_URI": uri}


def _told(ended: Ended) -> dict[str, Any]:
    if ended.cut:
        raise JobError("SystemUnavailable", ended.cut)
    if ended.code < 0:
        raise JobError("SystemUnavailable", f"the run was killed by {_signal(-ended.code)}")
    told = _object(ended.output)
    if told is None:
        raise _doubt(ended, "it printed nothing that can be read")
    if told.get("exit_code") != ended.code or (ended.code == 0 and "error" in told):
        raise _doubt(ended, "what it printed says otherwise")
    return told


def _doubt(ended: Ended, what: str) -> JobError:
    return JobError("SystemUnavailable", f"the run's exit status is {ended.code}, but {what}")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _status(manifest: Mapping[str, Any]) -> str:
    verdict = manifest.get("verdict")
    return str(verdict.get("status", "")) if isinstance(verdict, dict) else ""
