"""A Lambda's zip: its source and its locked dependencies, built for where it is to run.

The sandbox runs Lambda code in the host's Python, AWS in the function's own. Where the two
differ, both are built from one source and one lock, and the artifact says which one the tests
execute (DESIGN rule 2).
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from runner.adapters.files import sha256_file, sha256_tree, walk, write_atomic
from runner.adapters.requirements import read_lock
from runner.components import BuildJob
from runner.components.archive import LEVEL, dependency_entries, is_executable, write_zip
from runner.components.dependencies import dependency_tree
from runner.components.sources import inside, source_file
from runner.components.targets import Target, deploy_target, host_target
from runner.config.schema import LambdaZip
from runner.errors import InfrastructureError, SolutionError, UsageError
from runner.model import Artifact, Variant

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 250 MB unzipped; zipped 50 MB
# where the archive is in the request itself. Lockgate's goes through S3, for which there is no such limit:
# what is larger is told, and refused by nobody.
UNZIPPED_LIMIT, DIRECT_LIMIT = 262_144_000, 52_428_800
# What is looked at of a source, so that the error can name what is largest in it.
SOURCE_LIMIT = 2**40
# Raise it when the same inputs shall give other bytes; another zlib compresses otherwise too.
FORMAT = f"1 level {LEVEL} zlib {zlib.ZLIB_RUNTIME_VERSION}"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a package is made of: `files` by their name in it; `lock` is None without dependencies."""

    source: Path
    files: Mapping[str, Path]
    lock: Path | None
    source_sha256: str
    lock_sha256: str

    def key(self, target: Target) -> str:
        """The digest that names a package before it is built."""
        told = "\0".join([FORMAT, target.name, self.source_sha256, self.lock_sha256])
        return hashlib.sha256(told.encode()).hexdigest()


def build(job: BuildJob) -> Artifact:
    """Build the package for AWS and, where it differs, the one that the sandbox executes.

    Raises SolutionError for a package beyond Lambda's limits or a lock that cannot be met."""
    component = job.component
    assert isinstance(component, LambdaZip)  # noqa: S101  the schema's discriminator says so
    inputs = _inputs(job, component)
    target, host = deploy_target(component.runtime, component.architecture), host_target()
    targets = [target] if host == target else [target, host]
    with ThreadPoolExecutor(len(targets)) as pool:
        built = list(pool.map(lambda each: _package(job, inputs, each, is_host=each != target), targets))
    deployed, executed = built[0], built[-1]
    _require_handler(job, component.handler, inputs, deployed)
    if only_through_s3(deployed.size):
        job.say(f"{job.name}: {deployed.size / 2**20:.0f} MiB zipped: Lambda takes it from S3 alone")
    return Artifact(
        job.name,
        component.kind,
        deployed.path,
        deployed.sha256,
        deployed.size,
        inputs.key(target),
        executed=executed if executed is not deployed else None,
        facts={
            "lock_sha256": inputs.lock_sha256,
            "source_sha256": inputs.source_sha256,
            "runtime": component.runtime,
            "architecture": component.architecture,
            "handler": component.handler,
            "unzipped": deployed.unzipped,
            "only_through_s3": only_through_s3(deployed.size),
            "executed_on": executed.target,
        },
    )


def _require_handler(job: BuildJob, handler: str, inputs: Inputs, package: Variant) -> None:
    """The handler's module is there, in the source or in a dependency: Lambda would say so at its first
    call. https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html"""
    module = handler.rpartition(".")[0].replace(".", "/")
    files = (f"{module}.py", f"{module}/__init__.py")
    if any(name in inputs.files for name in files):
        return
    with zipfile.ZipFile(package.path) as archive:
        names = archive.namelist()
    compiled = any(name.startswith(f"{module}.") and name.endswith(".so") for name in names)
    if not compiled and not any(name in names for name in files):
        raise SolutionError(f"the handler {handler!r} needs {files[0]}, which is not in it", where=job.name)


def only_through_s3(size: int) -> bool:
    """Whether a zip of so many bytes is too large for a request of its own."""
    return size > DIRECT_LIMIT


def _inputs(job: BuildJob, component: LambdaZip) -> Inputs:
    """The digests of what a package is made of; nothing is read of a source that could not be packed."""
    root, source = job.root, job.root / component.source
    if not source.is_dir():
        raise UsageError(f"the folder {component.source!r} does not exist", where=str(root / "lockgate.yml"))
    lock = source_file(job, component.lock) if component.lock else None
    if lock is not None:
        read_lock(lock)  # before anything that was kept is believed
    files = dict(inside(job, source, walk(source), SOURCE_LIMIT))
    _check_size(job.name, "its source alone", files)
    return Inputs(source, files, lock, _source_digest(source, files), sha256_file(lock) if lock else "")


def _source_digest(source: Path, files: Mapping[str, Path]) -> str:
    told = "\0".join([sha256_tree(source), *sorted(n for n, path in files.items() if is_executable(path))])
    return hashlib.sha256(told.encode()).hexdigest()


def _package(job: BuildJob, inputs: Inputs, target: Target, *, is_host: bool) -> Variant:
    path = job.cache / "zips" / f"{job.name}-{inputs.key(target)[:32]}-{target.name}.zip"
    if (kept := _kept(path, target)) is not None:
        return kept
    job.say(f"{job.name}: packing for {target.name}")
    entries = _entries(job, inputs, target, is_host)
    _check_size(job.name, target.name, entries)
    stream = io.BytesIO()
    unzipped = write_zip(stream, entries)
    if _source_digest(inputs.source, inputs.files) != inputs.source_sha256:
        # It would be kept under the digest of what it is not, and found there by every later build.
        raise InfrastructureError("its source was edited while it was packed", where=job.name)
    data = stream.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    write_atomic(path, data)
    write_atomic(_note(path), json.dumps({"sha256": digest, "unzipped": unzipped}).encode())
    return Variant(target.name, str(path), digest, len(data), unzipped)


def _note(path: Path) -> Path:
    return path.with_suffix(".json")


def _kept(path: Path, target: Target) -> Variant | None:
    """The package from the cache, if its bytes are still those that were noted."""
    try:
        note = json.loads(_note(path).read_bytes())
        digest, unzipped = str(note["sha256"]), int(note["unzipped"])
        size = path.stat().st_size
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Variant(target.name, str(path), digest, size, unzipped) if sha256_file(path) == digest else None


def _entries(job: BuildJob, inputs: Inputs, target: Target, is_host: bool) -> dict[str, Path]:
    """Archive name -> file: the dependencies, and over them the source."""
    entries: dict[str, Path] = {}
    if inputs.lock:
        log = job.out / f"pip-{job.name}-{target.name}.log"
        tree = dependency_tree(inputs.lock, target, is_host=is_host, cache=job.cache, log=log)
        entries = dependency_entries(tree)
    return {**entries, **inputs.files}


def _check_size(name: str, what: str, entries: Mapping[str, Path]) -> None:
    sizes: Counter[str] = Counter()
    for entry, path in entries.items():
        sizes[entry.partition("/")[0]] += path.stat().st_size
    if (total := sizes.total()) > UNZIPPED_LIMIT:
        largest = ", ".join(f"{n} {s / 2**20:.0f} MiB" for n, s in sizes.most_common(5))
        told = f"{total / 2**20:.0f} MiB unzipped ({what}); Lambda takes {UNZIPPED_LIMIT >> 20} MiB"
        raise SolutionError(f"{told}; the largest: {largest}", where=name)
