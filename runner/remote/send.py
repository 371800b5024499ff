"""The near side of a stage elsewhere: what is sent there, and what is believed of what comes back."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from runner import wire
from runner.adapters.files import IGNORED, sha256_file, walk
from runner.adapters.git import ignored, listed
from runner.errors import InfrastructureError, UsageError
from runner.hosts import Order, Remote
from runner.model import Artifact, StageReport
from runner.remote.bundle import pack, unpack
from runner.remote.job import RemoteJob, Told, ending_key, exit_status, unseal
from runner.remote.store import Store, get_blob, put_blob
from runner.stages.child import Handover, read_ending, read_handover
from runner.verdict import Ending

CA = "LOCKGATE_CA"
CACHES = IGNORED | {".hypothesis", "node_modules", "venv", ".DS_Store"}
LEFT_FILES, LEFT_BYTES = 20_000, 2 * 2**30


def send(order: Order, remote: Remote, store: Store) -> str:
    """Put a stage's job and all that it names into the store; the job's digest."""
    handover = read_handover(order.handover)
    if left := left_out(order.root, remote.files):
        remote.say(f"not sent, as tests there will not find them: {left}")
    source, files = send_solution(order.root, handover, remote.files, remote.folders, store)
    job = RemoteJob(
        remote.run_id, order.stage, remote.part, source, files, relocated(handover, order.root),
        remote.needs_python, remote.needs_aws, remote.target.region if remote.target else "", _ca(store),
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="lockgate-send-") as folder:
        wire.save(Path(folder, "job.json"), job)
        return put_blob(store, Path(folder, "job.json"))


def send_solution(
    root: Path, handover: Handover, made: tuple[str, ...], folders: tuple[str, ...], store: Store
) -> tuple[str, dict[str, str]]:
    """The solution's source, with what commands made, as one blob, and each artifact as one: (the source's
    digest, path below the root -> digest)."""
    files = {
        _place(root, path, sha256): put_blob(store, _checked(root / path, sha256))
        for path, sha256 in _stored(handover)
    }
    with tempfile.TemporaryDirectory(prefix="lockgate-send-") as folder:
        bundle = Path(folder, "source.tar.gz")
        pack(root, _sources(root, made), bundle, [name for name in folders if (root / name).is_dir()])
        return put_blob(store, bundle), files


def left_out(root: Path, made: tuple[str, ...]) -> str:
    """What lies in the solution's folder and is not sent: what git ignores and no command made, and links
    that lead nowhere or to folders; '' for nothing, or the first few."""
    names = [n for n in ignored(root) if not CACHES & set(Path(n).parts) and not _holds(n, made)]
    links = (p.relative_to(root).as_posix() for p in root.iterdir() if p.is_symlink() and not p.is_file())
    found = sorted({*names, *links})
    return ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")


def _holds(name: str, made: tuple[str, ...]) -> bool:
    return any(m == name or m.startswith(f"{name}/") or name.startswith(f"{m}/") for m in made)


def _stored(handover: Handover) -> list[tuple[str, str]]:
    """Path and digest of each artifact's bytes; an image's definition has none."""
    built = [a for a in handover.artifacts.values() if a.facts.get("built", True)]
    return [(v.path, v.sha256) for a in built for v in (a, a.executed) if v is not None]


def _checked(path: Path, sha256: str) -> Path:
    if not path.is_file() or sha256_file(path) != sha256:
        raise InfrastructureError(
            "an artifact is not what was built", where=str(path), hint="something changed it; run again"
        )
    return path


def _sources(root: Path, made: tuple[str, ...]) -> list[str]:
    """What version control knows, or everything where there is none, and what commands have made."""
    known = listed(root)
    if known is None:
        known = tuple(p.relative_to(root).as_posix() for p in walk(root))
    outputs = [p for name in made if (root / name).exists() for p in walk(root / name)]
    return [*known, *(p.relative_to(root).as_posix() for p in outputs)]


def _place(root: Path, path: str, sha256: str) -> str:
    """Where a file lies below the root over there: as here, or, if it came from a cache, by its digest."""
    full = root / path
    if full.is_relative_to(root):
        return full.relative_to(root).as_posix()
    return f".lockgate/artifacts/{sha256}/{full.name}"


def relocated(handover: Handover, root: Path) -> Handover:
    """The handover with its paths as they will be below the root over there."""
    moved = {name: _artifact(artifact, root) for name, artifact in handover.artifacts.items()}
    return replace(handover, artifacts=moved, python="")


def _artifact(artifact: Artifact, root: Path) -> Artifact:
    executed = artifact.executed
    if executed is not None:
        executed = replace(executed, path=_place(root, executed.path, executed.sha256))
    return replace(artifact, path=_place(root, artifact.path, artifact.sha256), executed=executed)


def _ca(store: Store) -> str:
    """The CA bundle with which the package index is reached, where one is named (as for the image)."""
    named = os.environ.get(CA)
    if not named:
        return ""
    if not Path(named).is_file():
        raise UsageError(f"there is no CA bundle {named!r}", where=CA)
    return put_blob(store, Path(named))


Code = int | tuple[int, ...] | None


def receive(order: Order, remote: Remote, store: Store, key: str, code: Code, why: str) -> Ending:
    """How the stage ended. `code` is its container's exit status, < 0 for a signal (or those which it may
    have been, where only success or failure is told); None, and `why`, where it has none that counts.
    It has to agree with the ending that the agent left in the store."""
    codes = code if isinstance(code, tuple) else () if code is None else (code,)
    lone = codes[0] if len(codes) == 1 else None
    with tempfile.TemporaryDirectory(prefix="lockgate-back-") as folder:
        try:
            store.get(ending_key(order.stage, remote.part), Path(folder, "ending.json"))
            told = unseal(Path(folder, "ending.json"), key)
        except InfrastructureError as error:
            return Ending(lone, damage="; ".join(filter(None, (why, f"no ending was left ({error.what})"))))
        doubt = why or _contradiction(told, order, remote, codes)
        try:
            report, damage, sealed = _outputs(order, store, told, Path(folder))
        except InfrastructureError as error:
            report, damage, sealed = None, str(error), False
    known = told.code if not doubt else lone if lone is not None and lone < 0 else None
    return Ending(
        known, report, doubt or told.damage or damage, sealed, told.result, told.timed_out,
        told.over_memory, told.cancelled and not doubt, told.seconds, told.peak_bytes,
    )  # fmt: skip


def _contradiction(told: Told, order: Order, remote: Remote, codes: tuple[int, ...]) -> str:
    if (told.run_id, told.stage, told.part) != (remote.run_id, order.stage, remote.part):
        return f"the ending is of another run or stage ({told.run_id}, {told.stage} {told.part})"
    if exit_status(told) not in codes:
        ended = " or ".join(map(str, codes)) or "none"
        return f"its container ended with status {ended}, its ending says {exit_status(told)}"
    return ""


def _outputs(order: Order, store: Store, told: Told, folder: Path) -> tuple[StageReport | None, str, bool]:
    """Unpack what the stage left beside what was handed over; its report, if it is the sealed one."""
    if not told.outputs:
        return None, told.damage or "nothing was left", False
    bundle = get_blob(store, told.outputs, folder / "outputs.tar.gz", "results")
    unpack(bundle, order.out, LEFT_FILES, LEFT_BYTES)
    return read_ending(order.out, {"seal": told.run_id, "sha256": told.result})
