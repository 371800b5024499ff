"""The inside of a stage's process: run the kind, write result.json, seal it, answer with a status.

Whatever happens in here becomes a report with a cause; what cannot even be written is found out by
the parent, because then there is no seal. The seal, the report's digest, is the last line on this
process's stdout, a pipe that the tests never hold: a test that rewrites result.json breaks it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from runner import wire
from runner.adapters.files import sha256_file
from runner.errors import InfrastructureError, LockgateError, SolutionError
from runner.model import NOT_HANDED, Artifact, Check, DataChoices, Earlier, StageReport, Status
from runner.stages import StageJob, stage_kind
from runner.stages.sharding import Shard
from runner.verdict import EXIT, Ending, Expected, judge_stage

RESULT, HANDOVER = "result.json", "job.json"
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Handover:
    """What a parent hands to a stage's process, as a file: artifacts by digest, never to be rebuilt.

    Not `golden`: the rows are left out, since they are another model's than the one that was handed over."""

    run_id: str
    python: str
    artifacts: Mapping[str, Artifact]
    is_sandbox: bool = True
    commit: str = ""
    shard: Shard | None = None
    golden: bool = True
    data: DataChoices = field(default_factory=DataChoices)
    earlier: Earlier = NOT_HANDED


def read_handover(path: Path) -> Handover:
    """Read the parent's file; raises InfrastructureError where it is none."""
    handover: Handover = wire.load(path, Handover)
    return handover


def _verify(artifacts: Mapping[str, Artifact]) -> None:
    """Every artifact's bytes are what the parent says they are. An image's definition has none."""
    for artifact in artifacts.values():
        for variant in (artifact, artifact.executed):
            if variant is not None and artifact.facts.get("built", True):
                _same(variant.path, variant.sha256)


def _same(path: str, sha256: str) -> None:
    found = sha256_file(Path(path)) if Path(path).is_file() else "no file"
    if found != sha256:
        raise InfrastructureError(
            f"artifact has sha256 {found[:12]}, {sha256[:12]} was handed over",
            where=path,
            hint="something changed it after it was built; run again",
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """A stage that ran in this process: its report as it was sealed, and the exit status that agrees."""

    report: StageReport
    code: int


def run_stage(job: StageJob) -> Ended:
    """Run a stage to its sealed report. No earlier report can stand in for it."""
    (job.out / RESULT).unlink(missing_ok=True)
    before = {number: signal.signal(number, _interrupt) for number in SIGNALS}
    try:
        begun = time.monotonic()
        report = _coherent(job, replace(_report(job), seconds=time.monotonic() - begun))
        _quiet()  # half a report would be worse than a late one
        wire.save(job.out / RESULT, report)
        _say({"seal": job.run_id, "sha256": sha256_file(job.out / RESULT)})
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return Ended(report, EXIT[report.status])


def _coherent(job: StageJob, report: StageReport) -> StageReport:
    """The report with the status that a parent will give it: who runs one stage by hand, or in a
    build step, has no parent to doubt a pass on too few checks."""
    stage = job.stage
    least = 0 if job.shard else stage.min_checks  # a shard's is for who puts the shards together
    expected = Expected(job.run_id, job.name, stage.kind, stage.timeout, stage.memory, least)
    result = judge_stage(expected, Ending(EXIT[report.status], report, sealed=True))
    if result.status is report.status:
        return report
    return replace(report, status=result.status, cause=result.cause)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Once is enough: cleaning up is not to be interrupted by the second signal."""
    _quiet()
    raise KeyboardInterrupt


def _quiet() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _report(job: StageJob) -> StageReport:
    kind = job.stage.kind
    try:
        _verify(job.artifacts)
        return stage_kind(kind)(job)
    except SolutionError as error:
        check = Check(f"{job.name} (stage)", Status.FAILED, job.name, cause=_line(error))
        return StageReport(job.run_id, job.name, kind, Status.FAILED, (check.id,), (check,), 0.0)
    except LockgateError as error:
        cause = _line(error)
    except KeyboardInterrupt:
        cause = "interrupted by a signal before it ended"
    except BaseException as error:  # a bug of ours, a library's, no memory: told, not thrown
        traceback.print_exc(file=sys.stderr)
        cause = f"{type(error).__name__}: {_line(error)}"
    return StageReport(job.run_id, job.name, kind, Status.ERROR, (), (), 0.0, cause)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or "no message"


def tell(check: Check) -> None:
    """One finished check as a line on stdout, for the parent's live view only."""
    _say({"id": check.id, "status": check.status, "seconds": check.seconds})


def _say(line: Mapping[str, object]) -> None:
    """Nobody listening is no reason to fail: the parent is gone, or a person closed the pipe."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(line).encode() + b"\n")


def read_ending(out: Path, seal: Mapping[str, object]) -> tuple[StageReport | None, str, bool]:
    """What a stage's process left: (report or None, why there is none, whether the seal fits it)."""
    try:
        report = wire.load_report(out / RESULT)
        sha256 = sha256_file(out / RESULT)
    except InfrastructureError as error:
        return None, error.what, False
    except OSError as error:
        return None, f"{RESULT} vanished: {error}", False
    return report, "", seal == {"seal": report.run_id, "sha256": sha256}
