"""What works inside of a container that a host started: fetch, check, run the stage, hand back.

It is the parent of the stage's process, as `lockgate run` is on a laptop: it owns the clock, the pipe
and the seal. What it then says is authenticated (`Told`), and written once.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from runner import wire
from runner.adapters import shell
from runner.adapters.cache import cache_dir
from runner.adapters.files import sha256_file, walk
from runner.adapters.privileges import hide
from runner.config.load import load
from runner.environment import solution_python
from runner.errors import InfrastructureError, LockgateError, UsageError
from runner.hosts import Order, host_kind
from runner.model import Artifact, Check, Status
from runner.remote.bundle import pack, unpack
from runner.remote.job import KEY, KEY_LENGTH, RemoteJob, Told, ending_key, exit_status, sealed
from runner.remote.store import Store, blob_key, get_blob
from runner.sandbox.choose import aws_in_use
from runner.stages.child import HANDOVER, Handover
from runner.stages.variables import require, taken
from runner.verdict import EXIT, Ending

# Of the seconds between SIGTERM and SIGKILL, those left to pack and upload what there is.
UPLOAD_SECONDS, DEFAULT_STOP = 20.0, 30.0
STOP = "LOCKGATE_STOP_TIMEOUT"


@dataclass(frozen=True, slots=True)
class Agent:
    """`open_store` is called anew for what is left at the end: a stage can outlast credentials.
    `folder` is scratch space of this container, `key` seals the ending, `real` says which AWS."""

    open_store: Callable[[], Store]
    folder: Path
    key: str
    real: bool = False
    progress: Callable[[Check], None] = lambda check: None

    def run(self, sha256: str) -> int:
        """Run the job with that digest; the exit status, which its ending repeats.

        Raises LockgateError where not even an ending can be left: then there is no evidence, and
        whoever started this container says so."""
        self.folder.mkdir(parents=True, exist_ok=True)
        store = self.open_store()
        job: RemoteJob = wire.load(get_blob(store, sha256, self.folder / "remote.json"), RemoteJob)
        try:
            told = self._told(job, self._stage(job, store))
        except LockgateError as error:
            _say(_line(error))
            told = Told(job.run_id, job.stage, job.part, EXIT[Status.ERROR], damage=_line(error))
        if shell.INTERRUPTED.is_set():
            told = replace(told, cancelled=True)
        self._leave(told)
        return exit_status(told)

    @property
    def root(self) -> Path:
        return self.folder / "solution"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def _stage(self, job: RemoteJob, store: Store) -> Ending:
        self._fetch(job, store)
        solution = load(self.root)
        stage = solution.stages[job.stage]
        require([stage], os.environ)
        self.out.mkdir()
        python = job.handover.python
        if job.needs_python:
            env_log = self.out / "environment.log"
            python = str(solution_python(self.root, solution, cache_dir(), env_log, _say))
        wire.save(self.out / HANDOVER, placed(replace(job.handover, python=python), self.root))
        with self._aws(job) as env:
            order = Order(
                job.stage, self.root, self.out, self.out / HANDOVER, stage.timeout, stage.memory,
                {**env, **taken(stage, os.environ)},
                self.progress, grace=_grace(),
            )  # fmt: skip
            return host_kind("local")(order)

    def _fetch(self, job: RemoteJob, store: Store) -> None:
        if job.ca:
            os.environ["PIP_CERT"] = str(get_blob(store, job.ca, self.folder / "ca.pem"))
        _say(f"fetching the source of {job.stage}")
        unpack(get_blob(store, job.source, self.folder / "source.tar.gz"), self.root)
        for name, sha256 in job.files.items():
            get_blob(store, sha256, inside(self.root, name))

    @contextmanager
    def _aws(self, job: RemoteJob) -> Iterator[Mapping[str, str]]:
        if not job.needs_aws:
            yield {}
            return
        with aws_in_use(real=self.real, log_dir=self.out, region=job.region or None) as target:
            _say(target.description)
            yield target.env()

    def _told(self, job: RemoteJob, ending: Ending) -> Told:
        left = (p for p in walk(self.out, links=False) if p.name != HANDOVER)
        names = [p.relative_to(self.out).as_posix() for p in left]
        pack(self.out, names, self.folder / "outputs.tar.gz")
        outputs = sha256_file(self.folder / "outputs.tar.gz")
        self.open_store().put(blob_key(outputs, "results"), self.folder / "outputs.tar.gz")
        return Told(
            job.run_id, job.stage, job.part, 3 if ending.code is None else ending.code,
            ending.sha256 if ending.sealed else "", outputs, ending.damage, ending.timed_out,
            ending.over_memory, ending.cancelled, ending.seconds, ending.peak_bytes,
        )  # fmt: skip

    def _leave(self, told: Told) -> None:
        path = self.folder / "ending.json"
        path.write_bytes(sealed(told, self.key))
        store, place = self.open_store(), ending_key(told.stage, told.part)
        if not store.put(place, path):
            raise InfrastructureError(
                "there is an ending of this stage already",
                where=f"{store.url}/{place}",
                hint="start the run anew: one run never runs a stage twice",
            )


def placed(handover: Handover, root: Path) -> Handover:
    """The handover with its paths where the files lie here."""
    return replace(handover, artifacts={n: _artifact(a, root) for n, a in handover.artifacts.items()})


def _artifact(artifact: Artifact, root: Path) -> Artifact:
    executed = artifact.executed
    if executed is not None:
        executed = replace(executed, path=str(inside(root, executed.path)))
    return replace(artifact, path=str(inside(root, artifact.path)), executed=executed)


def inside(root: Path, name: str) -> Path:
    """A path below the root; raises InfrastructureError for a name that leaves it."""
    if name.startswith("/") or ".." in Path(name).parts:
        raise InfrastructureError(f"{name!r} leaves the solution's folder", where="job")
    return root / name


def _grace() -> float:
    """Seconds for the stage's process to end within what the container is given to stop."""
    try:
        stop = float(os.environ.get(STOP, DEFAULT_STOP))
    except ValueError:
        stop = DEFAULT_STOP
    return max(stop - UPLOAD_SECONDS, 3.0)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:1000] or type(error).__name__


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def scratch() -> Path:
    """A fresh folder for one job, below TMPDIR."""
    return Path(tempfile.mkdtemp(prefix="lockgate-job-"))


def take_key(environ: MutableMapping[str, str]) -> str:
    """The key that seals the ending. It is taken out of the environment, and this process hidden: the
    tests of a container that has no root run as its user, and may not read what it was started with.

    Raises UsageError where there is none."""
    key = environ.pop(KEY, "")
    if len(key) < KEY_LENGTH:
        wrong = f"{KEY} has fewer than {KEY_LENGTH} characters" if key else f"no {KEY}"
        raise UsageError(wrong, hint="tasks are started by `lockgate run --on docker|fargate`")
    hide()
    return key
