"""Keeping a finished run: its folder, its components and its configuration, the manifest last."""

from __future__ import annotations

from pathlib import Path

from runner.errors import InfrastructureError
from runner.kept import COMPONENTS, MANIFEST, REPORT, manifest_key
from runner.remote.store import Store, put_blob
from runner.stages.child import HANDOVER

KEPT_ALREADY = "this run is concluded already"
AGAIN = "its manifest stands; to judge anew, start a new run"
# What lies in a run's folder and goes elsewhere, or is the build's scratch space.
NOT_HERE = (COMPONENTS, "artifacts")


def keep(store: Store, folder: Path, sha256: str) -> None:
    """The run's folder in the store, in a place of its own below its manifest's digest: one that was
    killed half-way is in nobody's way. Raises InfrastructureError where a manifest stands already."""
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != HANDOVER]
    for name in (p.relative_to(folder) for p in paths):
        if name.parts[0] not in NOT_HERE:
            store.put(f"{REPORT}/{sha256}/{name.as_posix()}", folder / name)
    if not store.put(manifest_key(), folder / MANIFEST):
        raise InfrastructureError(KEPT_ALREADY, where=store.url, hint=AGAIN)


def keep_blobs(store: Store, folder: Path, configuration: Path) -> None:
    """What `keep` leaves out, by digest: the components of a run that passed, and lockgate.yml."""
    components = folder / COMPONENTS
    for path in [*sorted(components.glob("*")), configuration]:
        if path.is_file():
            put_blob(store, path)
