"""Files: atomic writes, digests of bytes and of folders."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from runner.errors import InfrastructureError, UsageError

IGNORED = {"__pycache__", ".git", ".lockgate", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".venv"}
# How often folders may be met again through links: two in each of 30 folders make a thousand million names.
REPEATS = 10_000


def write_atomic(path: Path, data: bytes) -> None:
    """Write so that a reader (or a kill) sees the old bytes or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_new(path: Path, stream: IO[bytes]) -> bool:
    """Write a file whole, unless there is one already: then False, and that one stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as sink:
            shutil.copyfileobj(stream, sink, 2**20)
            sink.flush()
            os.fsync(sink.fileno())
        Path(temporary).chmod(0o644)
        os.link(temporary, path)  # fails where the name is taken, which rename does not
    except FileExistsError:
        return False
    finally:
        Path(temporary).unlink(missing_ok=True)
    return True


def join(path: Path, parts: Iterable[Path]) -> None:
    """One text file from several, each under a line with the name of its folder."""
    with path.open("wb") as sink:
        for part in parts:
            sink.write(f"==> {part.parent.name} <==\n".encode() + part.read_bytes())


def sha256_file(path: Path) -> str:
    """sha256 of a file's bytes, lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def walk(path: Path, *, links: bool = True) -> Iterator[Path]:
    """The regular files under a path, sorted, without caches and version control.

    What a link leads to is part of the folder, a file or a folder, under each of its names; a link to
    a folder that it lies in is not followed. Raises InfrastructureError for a folder that cannot be
    listed: what is in it would be missing, and nobody told. Without `links`, for a folder that a test
    may have written, no link is followed or named, and what cannot be listed is passed over."""
    if path.is_file():
        yield path
        return
    within: dict[Path, frozenset[str]] = {}  # folder -> the real folders that it lies in
    seen: Counter[str] = Counter()
    for folder, names, files in os.walk(path, followlinks=links, onerror=_unlisted if links else None):
        real, above = os.path.realpath(folder), within.pop(Path(folder), frozenset[str]())
        seen[real] += 1
        if len(seen) + REPEATS < seen.total():
            raise InfrastructureError("links lead to the same folders again and again", where=folder)
        names[:] = [] if real in above else sorted(set(names) - IGNORED)
        if real in above:
            continue
        within |= {Path(folder, name): above | {real} for name in names}
        yield from _files(folder, files, links=links)


def _files(folder: str, names: Iterable[str], *, links: bool) -> Iterator[Path]:
    """No compiled leftovers, no pipes, no links to nowhere."""
    for path in (Path(folder, name) for name in sorted(names) if not name.endswith(".pyc")):
        try:
            if path.is_file() and (links or not path.is_symlink()):
                yield path
        except PermissionError as error:
            if links:
                _unlisted(error)


def _unlisted(error: OSError) -> None:
    raise InfrastructureError(f"it cannot be looked into: {error.strerror}", where=str(error.filename))


def sha256_tree(path: Path) -> str:
    """Digest of a file, or of a folder's sorted 'relative-path NUL sha256' lines."""
    if path.is_file():
        return sha256_file(path)
    lines = (f"{p.relative_to(path).as_posix()}\0{sha256_file(p)}\n" for p in walk(path))
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def sha256_inputs(root: Path, paths: Iterable[str], *salt: str) -> str:
    """One digest over several inputs of a solution and any further strings (commands, versions).

    Raises UsageError where an input does not exist: a build keyed by nothing would never rerun."""
    whole = hashlib.sha256("\0".join(salt).encode())
    for name in sorted(set(paths)):
        if not (root / name).exists():
            raise UsageError(
                f"input {name!r} does not exist",
                where=str(root / "lockgate.yml"),
                hint="correct `inputs`, or create it",
            )
        whole.update(f"\n{name}\0{sha256_tree(root / name)}".encode())
    return whole.hexdigest()
