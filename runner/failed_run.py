"""A run that did not pass, told: what its manifest says, what it left, where it is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from runner import keeping
from runner.adapters.files import sha256_file
from runner.config.schema import Notify
from runner.incident import Incident
from runner.incident.of_run import build_link, incident_of
from runner.incident.tell import Told, tell
from runner.kept import REPORT, uri_of
from runner.manifest.find import find_manifest
from runner.manifest.read import ReadManifest, read_manifest
from runner.notifying import caller, open_tools, target_in_use
from runner.report.layout import REPORT as REPORT_FILE
from runner.report.layout import stage_folder
from runner.tasks import open_store

RUNS = "LOCKGATE_RUNS"
SHOWN_LIMIT = 8 * 2**20  # bytes


@dataclass(frozen=True, slots=True)
class FailedRun:
    """Its manifest, the folder with what it left, the place where it is kept ('': nowhere but here), and
    whether a real AWS was asked for."""

    manifest: ReadManifest
    folder: Path
    place: str = ""
    real: bool = False

    def incident(self, environ: Mapping[str, str] = os.environ) -> Incident:
        """What is told of it, without what only AWS knows."""
        links = build_link(environ)
        if self.place:
            kept = f"{self.place}/{REPORT}/{self.manifest.sha256}"
            links |= {"report": f"{kept}/{REPORT_FILE}", "manifest": uri_of(self.place)}
        return incident_of(self.manifest.fields, self.folder, links)

    def upload(self, path: Path) -> str:
        """Put the bundle beside the kept run; a second one, which tells more, gets a name of its own."""
        store = open_store(self.place, self.real)
        key = f"{REPORT}/{self.manifest.sha256}/{path.name}"
        if not store.put(key, path):
            key = f"{key.removesuffix(path.suffix)}-{sha256_file(path)[:12]}{path.suffix}"
            store.put(key, path)  # where it is there already, it is these very bytes
        return f"{store.url}/{key}"

    def fetch_shown(self) -> None:
        """Beside what is evidence, which was fetched: the report and the log, which are for people. One
        that is not there, or too large, is not in the bundle."""
        store, place = open_store(self.place, self.real), f"{REPORT}/{self.manifest.sha256}"
        stage = self.incident({}).stage
        log = f"{stage_folder(stage)}/stage.log" if stage in self.manifest.fields.stages else ""
        for name in filter(None, (REPORT_FILE, log)):
            if 0 < (store.size(f"{place}/{name}") or 0) <= SHOWN_LIMIT:
                store.get(f"{place}/{name}", self.folder / name)

    def tell(self, notify: Notify) -> Told:
        """Tell it to everybody. Raises nothing."""
        target = target_in_use(self.real)
        tools = open_tools(notify, target, self.folder, self.upload if self.place else None)
        return tell(replace(self.incident(), role=caller(tools.aws)), tools)


@contextmanager
def failed_run(reference: str, root: Path, *, real: bool) -> Iterator[FailedRun]:
    """The run that a person means: a manifest, a run's folder, its id, or a kept run's URI.

    Raises UsageError where there is none, RefusedError where its manifest is none."""
    if keeping.is_kept(reference):
        with TemporaryDirectory(prefix="lockgate-notify-") as folder:
            path = keeping.fetched(reference, Path(folder), real=real)
            failed = FailedRun(read_manifest(path), path.parent, keeping.parse(reference).place, real)
            failed.fetch_shown()
            yield failed
        return
    path = find_manifest(reference, root)
    manifest, runs = read_manifest(path), os.environ.get(RUNS, "").rstrip("/")
    place = f"{runs}/{manifest.fields.run_id}" if runs else ""
    yield FailedRun(manifest, path.parent, place, real)
