"""What a signer makes sure of before it signs: that a run's folder still holds what its manifest says.

It ran nothing of the run and believes nothing of it: results, artifacts and statements are re-read by digest,
the stages and the verdict are judged anew from the sealed results, and what follows from them is rebuilt and
compared. No code of the solution is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner import wire
from runner.adapters.files import sha256_file
from runner.config.json_strict import parse
from runner.errors import LockgateError, RefusedError
from runner.evidence.bundle import coherent
from runner.evidence.collect import FOLDER
from runner.evidence.dsse import PAYLOAD_LIMIT
from runner.evidence.left import Left, inside, read_left
from runner.evidence.statements import of_the_run
from runner.manifest.build import canonical, digest, judged_entries, stage_entry
from runner.manifest.read import ReadManifest, read_bounded
from runner.manifest.schema import Component, Manifest, Stage
from runner.model import StageReport, StageResult, Status
from runner.text import one_line
from runner.verdict import EXIT, Ending, Expected, judge, judge_stage

COMPONENTS, RECORD = "components", "result.json"


def recheck(folder: Path, manifest: ReadManifest) -> list[bytes]:
    """The run's statements in the manifest's order, all of it re-read and judged anew.

    Raises RefusedError with the first thing that does not hold."""
    _is_the_runs(folder, manifest)
    if manifest.fields.overrides:
        raise RefusedError("it has overrides, which this Lockgate does not know")
    left = read_left(folder, manifest.data)
    results = _judged_anew(left, manifest.data)
    _same_verdict(manifest.fields, results)
    if manifest.fields.verdict.status is Status.PASSED:
        _artifacts(folder, manifest.fields)
    return _statements(folder, manifest, left)


def _is_the_runs(folder: Path, manifest: ReadManifest) -> None:
    """What nothing else proves (a component's kind, which AWS) was not edited since, unless in two places."""
    path = inside(folder, RECORD)
    try:
        said = parse(read_bounded(path, wire.LIMIT)).get("manifest_sha256")
    except (LockgateError, ValueError, RecursionError, AttributeError):
        said = None
    if said != manifest.sha256:
        raise RefusedError("the manifest is not the one that the run wrote", where=str(path))


def _judged_anew(left: Left, data: Mapping[str, Any]) -> list[StageResult]:
    """Each step as the manifest tells it, each stage as its sealed result does."""
    found = [
        StageResult(name, "build", step.status, step.cause, blocked_by=step.blocked_by)
        for name, step in left.manifest.steps.items()
    ]
    for name, stage in left.manifest.stages.items():
        result = _stage(left.manifest.run_id, name, stage, left.reports.get(name))
        if canonical(stage_entry(result, stage.result_sha256, stage.min_checks)) != canonical(
            data["stages"][name]
        ):
            raise RefusedError(f"stage {name}: its sealed result says {result.status}, and not the same")
        found.append(result)
    judged = judged_entries([r for r in found if r.report])
    if canonical(judged) != canonical(data["judged"]):
        raise RefusedError("`judged` is not what the sealed results say")
    return found


def _stage(run_id: str, name: str, stage: Stage, report: StageReport | None) -> StageResult:
    """The stage judged from its report; one without a report cannot have passed."""
    seconds = stage.seconds
    if report is None:
        if stage.status is Status.PASSED:
            raise RefusedError(f"stage {name} is said to have passed, and left no result")
        told = (stage.status, stage.cause, seconds)
        return StageResult(name, stage.kind, *told, blocked_by=stage.blocked_by)
    expected = Expected(run_id, name, stage.kind, 0.0, None, stage.min_checks)
    ending = Ending(EXIT[report.status], report, sealed=True, sha256=stage.result_sha256)
    return replace(judge_stage(expected, ending), seconds=seconds)


def _same_verdict(manifest: Manifest, results: list[StageResult]) -> None:
    """A step that was skipped for another has to name one that did not pass."""
    bad = {r.name for r in results if r.status is not Status.PASSED}
    for result in results:
        blocker = result.blocked_by.removeprefix("stage:")
        if result.status is Status.SKIPPED and blocker not in bad | {"interrupt"}:
            raise RefusedError(f"{result.name} was skipped because of {blocker!r}, which passed")
    verdict = judge(results, list(manifest.stages))
    said = manifest.verdict
    if verdict.status is not said.status:
        raise RefusedError(
            f"its verdict is {said.status}, its results say {verdict.status}: {verdict.reason}"
        )
    if verdict.status is Status.PASSED and verdict.reason != said.reason:
        raise RefusedError(f"it says {said.reason!r}, its results {verdict.reason!r}")


def _artifacts(folder: Path, manifest: Manifest) -> None:
    for name, component in files_of(manifest):
        kept = inside(folder, f"{COMPONENTS}/{component.sha256}")
        if not kept.is_file():
            raise RefusedError(f"component {name} is missing", where=str(kept))
        if kept.stat().st_size != component.size or sha256_file(kept) != component.sha256:
            raise RefusedError(f"component {name} is not the one that was judged", where=str(kept))


def files_of(manifest: Manifest) -> Iterator[tuple[str, Component]]:
    """The components that have bytes; an image has its manifest's, whose digest a registry knows."""
    return ((n, c) for n, c in sorted(manifest.components.items()) if c.is_built)


def _statements(folder: Path, manifest: ReadManifest, left: Left) -> list[bytes]:
    """Exactly those that follow from what the run left: each is rebuilt and has to be the same."""
    pins = manifest.fields.statements
    names, own = [pin.name for pin in pins], {each.name: each.statement for each in of_the_run(left)}
    if names != sorted(own):
        raise RefusedError(f"its statements are {one_line(names)}, its results give {one_line(sorted(own))}")
    raw = {name: read_statement(folder, name) for name in names}
    for pin in pins:
        if digest(raw[pin.name]) != pin.sha256:
            raise RefusedError(f"statement {pin.name} is not the one in the manifest", where=str(folder))
        if raw[pin.name] != canonical(own[pin.name]):
            raise RefusedError(f"statement {pin.name} is not what the results say", where=str(folder))
        coherent(raw[pin.name], pin.predicate_type, manifest)
    return [raw[name] for name in names]


def read_statement(folder: Path, name: str) -> bytes:
    """The bytes of a statement of a run; raises RefusedError where it is missing."""
    path = inside(folder, f"{FOLDER}/{name}.json")
    if not path.is_file():
        raise RefusedError(f"statement {name} is missing", where=str(path))
    return read_bounded(path, PAYLOAD_LIMIT)
