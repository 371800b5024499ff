"""The files of a table as Spark's file systems list them: found, told apart, and known by a digest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.adapters.files import sha256_file
from runner.errors import InfrastructureError, UsageError

SUFFIXES = {
    ".parquet": "parquet", ".csv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json"
}  # fmt: skip
# How each is read. Spark's own defaults pad and cut ragged rows, take a backslash for a quote's escape, stop
# a quoted text at a line's end, and take one file's columns for all files'.
FORMATS: Mapping[str, Mapping[str, str]] = {
    "parquet": {"mergeSchema": "true"},
    "csv": {
        "header": "true",
        "inferSchema": "true",
        "enforceSchema": "false",
        "mode": "FAILFAST",
        "escape": '"',
        "multiLine": "true",
        "encoding": "UTF-8",
    },
    "json": {"mode": "FAILFAST", "encoding": "UTF-8"},
}
GLOB = re.compile(r"[*?\[{]")
LOCAL = "file:"
HIDDEN = ("_", ".")
LOGS = {"_delta_log": "Delta", ".hoodie": "Hudi"}


@dataclass(frozen=True, slots=True)
class Place:
    """What Spark is told to read, the folder below which names are partitions ('': none), and the folder that
    no local file may lie outside of (None: it is not local)."""

    uri: str
    base: str = ""
    root: Path | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A file: its URI, with nothing escaped, as Hadoop has it; bytes; when it was written (milliseconds)."""

    uri: str
    size: int
    modified: int

    @property
    def local(self) -> Path | None:
        return Path(self.uri.removeprefix(LOCAL)) if self.uri.startswith(LOCAL) else None


def place_of(session: Any, root: Path, source: str) -> Place:
    """Where a table is. Raises UsageError for a path that leaves the solution's folder."""
    head = source[: found.start()] if (found := GLOB.search(source)) else source
    base = head.rpartition("/")[0] if found else ""
    if "://" in source:
        return _in_s3(session, source, base)
    folder = root.resolve()
    if not (folder / head).resolve().is_relative_to(folder) or ".." in Path(source).parts:
        raise UsageError("a table lies inside the solution's folder, or in S3", where=source)
    return Place(f"{LOCAL}{folder / source}", f"{LOCAL}{folder / base}" if found else "", folder)


def _in_s3(session: Any, source: str, base: str) -> Place:
    """EMR and Glue have a file system called s3; Hadoop's own is called s3a."""
    if not source.startswith("s3://"):
        raise UsageError("a table lies inside the solution's folder, or in S3", where=source)
    scheme = "s3" if _hadoop(session).get("fs.s3.impl") else "s3a"
    uri, base = (text.replace("s3:", f"{scheme}:", 1) for text in (source, base))
    return Place(uri, base)


def stored(session: Any, place: Place | str, where: str) -> list[Stored]:
    """The files of a place by their URIs. Raises InfrastructureError where there is none, UsageError for one
    that a link leads to outside of the solution's folder."""
    uri, root = (place.uri, place.root) if isinstance(place, Place) else (place, None)
    files = sorted(_listed(session, uri), key=lambda file: file.uri)
    if not files:
        raise InfrastructureError("there is no such file", where=where, hint="was its prepare step run?")
    for file in files:
        if root and file.local and not file.local.resolve().is_relative_to(root):
            raise UsageError("a table lies inside the solution's folder, or in S3", where=where)
    return files


def _listed(session: Any, uri: str) -> Iterator[Stored]:
    path = session._jvm.org.apache.hadoop.fs.Path(uri)
    system = path.getFileSystem(_hadoop(session))
    for found in system.globStatus(path) or ():
        top = found.getPath().toString()
        each = system.listFiles(found.getPath(), True)
        while each.hasNext():
            status = each.next()
            name = status.getPath().toString()
            parts = name.removeprefix(top).split("/")
            _refuse_logged(parts)
            if not _is_hidden(parts):
                yield Stored(name, status.getLen(), status.getModificationTime())


def _refuse_logged(parts: Sequence[str]) -> None:
    """A log beside the files says which of them count: read without it, what was deleted is there again."""
    for folder, kind in LOGS.items():
        if folder in parts:
            hint = "name it by the Glue catalogue, or read what it holds now into files of its own"
            raise InfrastructureError(f"it is a {kind} table: its files alone are not it", hint=hint)


def _is_hidden(parts: Sequence[str]) -> bool:
    """Whether Spark passes a file over, as what a job that writes has beside its results."""
    return any(part.startswith(HIDDEN) and "=" not in part for part in parts)


def _hadoop(session: Any) -> Any:
    return session.sparkContext._jsc.hadoopConfiguration()


def format_of(files: Sequence[Stored], where: str) -> str:
    """The one format of a table's files. Raises UsageError for another, InfrastructureError for several."""
    suffixes = {Path(file.uri).suffix for file in files}
    if len(suffixes) > 1:
        raise InfrastructureError(f"files of several formats: {', '.join(sorted(suffixes))}", where=where)
    (suffix,) = suffixes
    if suffix not in SUFFIXES:
        raise UsageError(f"a table's files are {', '.join(SUFFIXES)}, not {suffix!r}", where=where)
    return SUFFIXES[suffix]


def digest_of(files: Iterable[Stored]) -> str:
    """A sha256 of a table: of this machine's files, the bytes (of one alone, as any other tool gives it); of
    others the list of names, sizes and times, since they may be more than can be read twice."""
    told = [_told(file) for file in files]
    if len(told) == 1 and len(told[0]) == 64:
        return told[0]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _told(file: Stored) -> str:
    if file.local:
        return sha256_file(file.local)
    return f"{file.uri} {file.size} {file.modified}"
