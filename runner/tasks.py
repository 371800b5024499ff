"""The composition root of what runs inside of containers: which store, which AWS, which key."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runner.adapters.aws import Aws, real_target, sandbox_target
from runner.adapters.git import Source
from runner.adapters.output import say
from runner.config.schema import Solution
from runner.errors import UsageError
from runner.interrupts import interruptible
from runner.leave import conclude as close
from runner.model import Check
from runner.numbering import VARIABLE, Numbering, Unnumbered, open_numbering
from runner.remote.agent import Agent, scratch, take_key
from runner.remote.job import KEY
from runner.remote.store import FolderStore, S3Store, Store, parse_s3
from runner.sandbox.choose import URL, is_real

if TYPE_CHECKING:
    from runner.spread import Task


@dataclass(frozen=True, slots=True)
class Place:
    """Where a spread run lies. `batch`: a batch of builds, `url` holds all runs and this one goes by the
    batch's id. `keeps_key`: its key lies with it (always so in a batch); else it is in the environment."""

    url: str
    batch: bool = False
    keeps_key: bool = False


def run_job(url: str, sha256: str) -> int:
    """One stage in this container; the exit status: 0 passed, 1 FAILED, 3 no evidence."""
    key = take_key(os.environ)
    with interruptible():
        return _agent(url, key, scratch()).run(sha256)


def run_stage(place: Place, stage: str, part: str) -> int:
    """One stage of a run that an orchestrator has spread: its job is the one that `prepare` left."""
    from runner.spread import job_of

    with interruptible():
        task = _task(place)
        return _agent(task.store.url, task.key, task.folder / "stage").run(job_of(task, stage, part))


def prepare(place: Place, root: Path, source: str, stages: tuple[str, ...]) -> int:
    """Build everything of a solution, a folder here or a zip in S3, and leave the stages' jobs."""
    from runner.spread import prepare as spread_out

    aws = "AWS: REAL" if is_real(False) else f"AWS: sandbox at {os.environ.get(URL, 'each task')}"
    with interruptible():
        task = _task(place, first=True)
        where = _unzipped(source, task.folder) if source else root
        return spread_out(task, where, stages, aws)


def conclude(place: Place, words: str, out: Path, *, as_json: bool) -> int:
    """Judge what the stages' tasks left; the exit status is the verdict's."""
    from runner.remote import batch as codebuild
    from runner.spread import conclude as judge

    said = {} if place.batch else _words(words)

    def words_of(parts: Iterable[str]) -> Mapping[str, str]:
        if not place.batch:
            return said
        return codebuild.words(_aws(place.url), _batch(place.url), parts)

    record = judge(_task(place), words_of, out)
    return close(record, out, as_json=as_json)


def judge(url: str, out: Path, *, as_json: bool) -> int:
    """Run every stage that `prepare` left in this container, and conclude; the exit status is the verdict's.
    The run keeps its key."""
    from runner import judging

    with interruptible():
        record = judging.judge(_task(Place(url, keeps_key=True)), judging.agents(url), out)
        return close(record, out, as_json=as_json)


def _agent(url: str, key: str, folder: Path) -> Agent:
    return Agent(partial(open_store, url), folder, key, is_real(False), _tell)


def _task(place: Place, *, first: bool = False) -> Task:
    """A task of a spread run; the `first` one makes the key that is kept."""
    from runner.report.console import PlainView
    from runner.spread import Task

    folder, url = scratch(), place.url
    if place.batch:
        url = f"{url.rstrip('/')}/{_batch(url).rpartition(':')[2]}"
    store = open_store(url)
    kept = place.batch or place.keeps_key
    key = _kept_key(store, folder, first) if kept else take_key(os.environ)
    return Task(store, key, folder, PlainView(sys.stderr), not is_real(False), _numbering)


def _numbering(solution: Solution, run_id: str, at: Source) -> Numbering | None:
    """The history that every task of a run can reach: one in S3, or a folder that is the same for all."""
    named = os.environ.get(VARIABLE) or solution.history or ""
    try:
        if not named.startswith(("s3://", "/")):
            raise Unnumbered("a spread run's is in S3", hint=f"history: s3://BUCKET/PREFIX, or {VARIABLE}")
        sandbox = os.environ.get(URL, "")
        return open_numbering(Path("/"), solution, run_id, at, real=is_real(False), sandbox=sandbox)
    except Unnumbered as why:
        say(sys.stderr, f"versions: none, and no release: {why.what} ({why.hint})")
        return None


def _batch(url: str) -> str:
    from runner.remote.batch import batch_of

    return batch_of(_aws(url), os.environ.get("CODEBUILD_BUILD_ID", ""))


def _kept_key(store: Store, folder: Path, first: bool) -> str:
    """The run's key, which lies with it: the tests are another user's, who cannot read the store."""
    kept = folder / "seal.key"
    kept.write_text(secrets.token_hex(32), encoding="ascii")
    if not first or not store.put(kept.name, kept):
        store.get(kept.name, kept)
    return take_key({KEY: kept.read_text(encoding="ascii")})


def _words(text: str) -> Mapping[str, str]:
    """What the orchestrator says of each stage's part: JSON lists, however deep, of {part, ended}."""
    found: dict[str, str] = {}
    try:
        todo = [json.loads(text)]
        while todo:
            each = todo.pop()
            if isinstance(each, list):
                todo += each
            else:
                found[str(each["part"])] = str(each["ended"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"it is no list of endings: {error!r}", where="--words") from None
    return found


def open_store(url: str, real: bool = False) -> Store:
    """The store at a URL: a folder, or a prefix in the AWS in use, which has to be named."""
    if not url.startswith("s3://"):
        return FolderStore(Path(url))
    return S3Store(_aws(url, real), *parse_s3(url))


def _aws(url: str, real: bool = False) -> Aws:
    if is_real(real):
        return Aws(real_target())
    if sandbox := os.environ.get(URL):
        return Aws(sandbox_target(sandbox))
    raise UsageError("which S3 is meant?", where=url, hint=f"set LOCKGATE_AWS=1, or {URL} for a sandbox")


def _unzipped(source: str, folder: Path) -> Path:
    """The solution in a zip archive in S3, as CodePipeline hands one over."""
    from runner.worker.unzip import unzip

    bucket, _, key = source.removeprefix("s3://").partition("/")
    if not source.startswith("s3://") or not key:
        raise UsageError(f"{source!r} is no object in S3", where="--source")
    folder.mkdir(parents=True, exist_ok=True)
    _aws(source).download(bucket, key, folder / "source.zip")
    unzip(folder / "source.zip", folder / "checkout")
    return folder / "checkout"


def _tell(check: Check) -> None:
    from runner import wire

    line = {"id": check.id, "status": check.status, "seconds": check.seconds}
    say(sys.stdout, wire.dump(line).decode())
