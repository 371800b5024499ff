"""The incident that a run is which did not pass: from what its manifest says, and what lies beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from runner.adapters.files import walk
from runner.incident import Finding, Incident
from runner.manifest.schema import Manifest, Step
from runner.model import Status
from runner.report.layout import MANIFEST, REPORT, stage_folder
from runner.text import one_line

BAD = (Status.ERROR, Status.FAILED)
STAGE_FILES = 100
NAME = re.compile(r"([a-z]+:)?[a-z][a-z0-9-]{0,62}", re.ASCII)
BUILD_URL = "CODEBUILD_BUILD_URL"


def incident_of(manifest: Manifest, folder: Path, links: Mapping[str, str]) -> Incident:
    """The incident of a run; `folder` has what it left, `links` come before those of the folder."""
    bad = _bad(manifest)
    first = bad[0] if bad else ""
    place = first if NAME.fullmatch(first) else ""  # a step's name in a manifest can be anything
    verdict = manifest.verdict
    return Incident(
        "run", manifest.run_id, manifest.solution, verdict.status, verdict.reason, manifest.started,
        manifest.started + timedelta(seconds=max(0.0, manifest.seconds)), manifest.source.commit, first,
        failed=tuple(found for name in bad for found in _findings(manifest, name)),
        links={**links, **_links(folder, place, links)}, files=dict(_files(folder, place)),
    )  # fmt: skip


def build_link(environ: Mapping[str, str]) -> dict[str, str]:
    """The link to the log of the build in which this runs, as CodeBuild names it; {} elsewhere."""
    url = environ.get(BUILD_URL, "")
    return {"log": url} if url.startswith("https://") else {}


def _bad(manifest: Manifest) -> list[str]:
    """Stages and steps that did not pass, in the order in which the verdict names them."""
    reason = manifest.verdict.reason
    every: dict[str, Step] = {**manifest.steps, **manifest.stages}
    found = [name for name, step in every.items() if step.status in BAD]
    places = {name: f"| {reason}".find(f"| {name}: ") for name in found}
    return sorted(found, key=lambda n: (places[n] < 0, places[n], every[n].status is not Status.ERROR))


def _findings(manifest: Manifest, name: str) -> Iterator[Finding]:
    """A stage's checks that did not pass; itself, where none of them shows why it ended so."""
    stage = manifest.stages.get(name)
    step = stage or manifest.steps[name]
    checks = stage.failed if stage else []
    if not any(check.get("status") == step.status for check in checks):
        yield Finding(name, "", step.status, step.cause)
    for check in checks:
        told = {key: str(check.get(key, "")) for key in ("id", "cause", "measured", "limit")}
        yield Finding(
            name, told["id"], _status(check.get("status")), told["cause"], told["measured"], told["limit"]
        )


def _status(word: object) -> Status:
    return Status(str(word)) if word in list(Status) else Status.ERROR


def _log(folder: Path, name: str) -> Path:
    """The log of a stage, or of a step by its id."""
    stage = folder / stage_folder(name) / "stage.log"
    return stage if stage.parent.is_dir() else folder / "logs" / f"{name.replace(':', '-')}.log"


def _links(folder: Path, name: str, given: Mapping[str, str]) -> dict[str, str]:
    places = {"log": _log(folder, name), "report": folder / REPORT, "manifest": folder / MANIFEST}
    return {n: str(path) for n, path in places.items() if n not in given and path.is_file()}


def _files(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """Manifest, report, log, and what the stage left, by their names in the bundle."""
    chosen = [folder / MANIFEST, folder / REPORT, _log(folder, name)]
    left = folder / stage_folder(name)
    chosen += (
        list(walk(left, links=False))[:STAGE_FILES]
        if name and left.is_dir() and not left.is_symlink()
        else []
    )
    for path in dict.fromkeys(p for p in chosen if p.is_file()):
        yield one_line(f"run/{path.relative_to(folder).as_posix()}", 200), path
