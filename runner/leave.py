"""What a finished run leaves: the record, manifest, JUnit, report and variables, and the last lines."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner import wire
from runner.adapters.files import sha256_file, write_atomic
from runner.adapters.output import SECRECY, say
from runner.adapters.shell import INTERRUPTED
from runner.config.load import FILE
from runner.config.schema import LambdaZip, Solution
from runner.errors import LockgateError
from runner.evidence.collect import collect, keep_locks, write
from runner.interrupts import EXIT_INTERRUPTED
from runner.manifest.build import build_manifest, canonical, digest
from runner.model import Artifact, Plan, StageResult, Status, Verdict
from runner.report.html import write_report
from runner.report.junit import stage_junit
from runner.report.record import RunRecord
from runner.report.summary import last_lines
from runner.report.variables import write_env
from runner.stages.child import RESULT
from runner.text import one_line, reason
from runner.verdict import EXIT, judge

COMPONENTS = "components"


def verdict_of(plan: Plan, results: tuple[StageResult, ...], moved: str) -> Verdict:
    """The verdict over a run's results, unless the run itself is in doubt: it was interrupted, or
    the source is no longer the one that its manifest would name."""
    if INTERRUPTED.is_set():
        return Verdict(Status.ERROR, "interrupted before every stage had ended")
    if moved:
        return Verdict(Status.ERROR, f"the source changed while it was judged: {moved}")
    return judge(results, [step.name for step in plan.steps if step.kind == "stage"])


def leave(
    record: RunRecord,
    folder: Path,
    solution: Solution,
    root: Path,
    release: Callable[[RunRecord], str] | None = None,
) -> RunRecord:
    """Write everything into the run's folder, the manifest last: where it stands, all else does.

    Returns the record with the manifest's digest. What passed is kept there by digest, for whoever
    deploys it; where its bytes are no longer those that were judged, the verdict is ERROR. A complete
    run that passed gets its name from `release`; where that cannot be had, the verdict is ERROR too."""
    if record.verdict.status is Status.PASSED and (lost := _keep(record.artifacts, folder, root)):
        record = replace(record, verdict=Verdict(Status.ERROR, lost))
    record = _released(SECRECY.redactor().value(record), release)
    record, told = _attested(record, folder, solution, root)
    manifest = canonical(told)
    record = replace(record, manifest_sha256=digest(manifest))
    for result in (r for r in record.results if r.is_stage):
        write_atomic(folder / "junit" / f"{result.name}.xml", stage_junit(result, record.run_id))
    write_env(record, folder / "variables.env")
    wire.save(folder / "result.json", record)
    write_report(record, folder / "report.html")
    write_atomic(folder / "manifest.json", manifest)
    return record


def _released(record: RunRecord, release: Callable[[RunRecord], str] | None) -> RunRecord:
    if release is None or record.verdict.status is not Status.PASSED or not record.complete:
        return record
    try:
        return replace(record, release=release(record))
    except LockgateError as error:
        why = f"its release cannot be written into the history: {one_line(str(error))}"
        return replace(record, verdict=Verdict(Status.ERROR, why))


def _attested(
    record: RunRecord, folder: Path, solution: Solution, root: Path
) -> tuple[RunRecord, dict[str, Any]]:
    """Write the run's statements; the record and the manifest that pins them. A statement that cannot be
    made is missing evidence: the verdict is ERROR then, and nothing is stated."""
    manifest = _manifest(record, folder, solution, root)
    try:
        keep_locks(record.artifacts, solution, root, folder)
        return record, write(manifest, collect(manifest, folder), folder)
    except Exception as error:  # whatever it is, a run's results are not lost for it
        if record.verdict.status is Status.ERROR:  # its cause is the first one
            return record, manifest
        known = error.what if isinstance(error, LockgateError) else reason(error)
        record = replace(
            record, verdict=Verdict(Status.ERROR, f"its evidence cannot be stated: {known}"), release=""
        )
        return record, _manifest(record, folder, solution, root)


def _manifest(record: RunRecord, folder: Path, solution: Solution, root: Path) -> dict[str, Any]:
    stages = [result.name for result in record.results if result.is_stage]
    left = {name: folder / "stages" / name / RESULT for name in stages}
    sealed = {name: sha256_file(path) for name, path in left.items() if path.is_file()}
    least = {name: stage.min_checks for name, stage in solution.stages.items()}
    configuration = sha256_file(root / FILE) if (root / FILE).is_file() else ""
    return build_manifest(record, sealed, _locks(solution, root), least, configuration)


def _keep(artifacts: tuple[Artifact, ...], folder: Path, root: Path) -> str:
    """Each component's bytes as a file named by their sha256, and those that the tests executed instead;
    what is wrong with one, '' if nothing is. An image's definition has no bytes of its own."""
    for artifact in artifacts:
        ran = artifact.executed
        variants = [(artifact.path, artifact.sha256), *([(ran.path, ran.sha256)] if ran else [])]
        for path, sha256 in variants if artifact.facts.get("built", True) else []:
            if lost := _kept(artifact.name, Path(path), folder / COMPONENTS / sha256, root):
                return lost
    return ""


def _kept(name: str, source: Path, kept: Path, root: Path) -> str:
    """Keep one file; what is wrong with it."""
    if not source.is_file():
        return f"component {name} is gone: there is no file {source}"
    _place(source, kept, linked=not source.is_relative_to(root))
    if sha256_file(kept) != kept.name:
        kept.unlink()
        return f"component {name} was changed after it was judged: {source}"
    return ""


def _place(source: Path, kept: Path, *, linked: bool) -> None:
    """What lies in the cache is never written in place, and a link costs nothing."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.unlink(missing_ok=True)  # two components may have the same bytes
    if linked:
        try:
            os.link(source, kept)
            return
        except OSError:  # another file system
            pass
    shutil.copyfile(source, kept)


def _locks(solution: Solution, root: Path) -> Mapping[str, str]:
    functions = [c for c in solution.components.values() if isinstance(c, LambdaZip)]
    names = {solution.python.lock, *(f.lock for f in functions if f.lock)}
    return {n: sha256_file(root / n) for n in sorted(names) if (root / n).is_file()}


def conclude(record: RunRecord, folder: Path, *, as_json: bool) -> int:
    """Say how it ended, the machine form or the closing lines on stdout; the exit status."""
    code = EXIT_INTERRUPTED if INTERRUPTED.is_set() else EXIT[record.verdict.status]
    if not as_json:
        say(sys.stdout, "\n".join(last_lines(record, _shown(folder / "report.html"))))
        return code
    manifest = json.loads((folder / "manifest.json").read_bytes())
    told = {"exit_code": code, "manifest": manifest, "manifest_sha256": record.manifest_sha256}
    say(sys.stdout, json.dumps({**told, "folder": str(folder), "report": str(folder / "report.html")}))
    return code


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
