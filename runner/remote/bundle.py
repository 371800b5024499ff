"""Folders as one file and back: what a solution is sent as, and what a stage leaves comes back as.

The same files give the same bytes. What is unpacked may come from a container in which a solution's
tests ran, so nothing in it is believed: names, kinds, counts and sizes are checked first.
"""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO

from runner.errors import InfrastructureError

# A member's own data, what stands before it for a long name (PAX), and no other kind of header.
KINDS = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE, tarfile.XHDTYPE)
HEADER_BYTES = 65_536
LEVEL = 1  # tables are compressed already, source is small: speed counts
MAX_FILES, MAX_BYTES = 200_000, 20 * 2**30
# What gzip made of it is no smaller than this, except for what is small or made to fill a disk.
RATIO, FREE = 200, 64 * 2**20


def pack(root: Path, names: Iterable[str], out: Path, folders: Iterable[str] = ()) -> None:
    """Write the named files (relative to root, regular files or links to such) as a .tar.gz, and
    folders that have to be there though nothing is in them."""
    with (
        out.open("wb") as raw,
        gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted(set(folders)):
            _add_folder(archive, name, 0o755)
        for name in sorted(set(names)):
            _add(archive, root / name, name)


def _add_folder(archive: tarfile.TarFile, name: str, mode: int) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, mode
    archive.addfile(info)


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InfrastructureError(f"cannot be sent: {error.strerror}", where=str(path)) from None
    with stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise InfrastructureError("cannot be sent: it is no regular file", where=str(path))
        info = tarfile.TarInfo(name)
        info.size, info.mode = found.st_size, 0o755 if found.st_mode & 0o100 else 0o644
        archive.addfile(info, stream)


def tar_folder(folder: Path, name: str, out: Path, writable: Iterable[str] = ()) -> None:
    """A plain tar of a folder under another name, readable by all; the `writable` folders are made."""
    with tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as archive:
        for below in ("", *writable):
            _add_folder(archive, f"{name}/{below}".rstrip("/"), 0o1777 if below else 0o755)
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            _add(archive, path, f"{name}/{path.relative_to(folder).as_posix()}")


def unpack(
    bundle: Path, folder: Path, max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES, mode: str = "r|gz"
) -> list[str]:
    """Unpack a bundle into a folder and return the names of its files.

    Raises InfrastructureError for what is no bundle of ours: links, devices, names that leave the
    folder or come twice, too many files or bytes, an absurd ratio."""
    names: dict[str, None] = {}
    limit = room = _limit(bundle, max_bytes)
    try:
        with tarfile.open(bundle, mode, tarinfo=_Member) as archive:  # type: ignore[call-overload]
            for count, member in enumerate(archive):  # folders count, too: each is a file somewhere
                if count >= max_files:
                    raise InfrastructureError(f"more than {max_files:,} files", where=bundle.name)
                _check(member, names)
                if member.isdir():
                    (folder / member.name).mkdir(parents=True, exist_ok=True)
                    continue
                room -= member.size
                if room < 0:
                    raise InfrastructureError(f"larger than {limit >> 20} MiB", where=bundle.name)
                source = archive.extractfile(member)
                assert source is not None  # noqa: S101  _check has seen to it that it is a file
                _write(source, folder / member.name, member.mode)
                names[member.name] = None
    except (tarfile.TarError, OSError, EOFError, ValueError, RecursionError) as error:
        raise InfrastructureError(f"cannot be unpacked: {error}", where=str(bundle)) from None
    return list(names)


def _limit(bundle: Path, max_bytes: int) -> int:
    """Bytes that a bundle of this size may hold; of one that is missing, opening it tells."""
    size = bundle.stat().st_size if bundle.is_file() else 0
    return min(max_bytes, max(FREE, RATIO * size))


class _Member(tarfile.TarInfo):
    """A header that is looked at before tarfile reads what belongs to it into memory, at any length."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type not in KINDS or self.size < 0:
            raise InfrastructureError(f"{self.name[:200]!r} is no plain file inside of the folder")
        if self.type == tarfile.XHDTYPE and self.size > HEADER_BYTES:
            raise InfrastructureError(f"a header of {self.size:,} bytes")
        member: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return member


def _check(member: tarfile.TarInfo, seen: dict[str, None]) -> None:
    parts = PurePosixPath(member.name).parts
    inside = parts and not member.name.startswith("/") and ".." not in parts and "\0" not in member.name
    plain = (member.isreg() or member.isdir()) and not member.issparse() and member.size >= 0
    if not (inside and plain and str(PurePosixPath(member.name)) == member.name):
        raise InfrastructureError(f"{member.name[:200]!r} is no plain file inside of the folder")
    if member.name in seen:
        raise InfrastructureError(f"{member.name[:200]!r} comes twice")


def _write(source: IO[bytes], path: Path, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as sink:
        shutil.copyfileobj(source, sink, 2**20)
    path.chmod(0o755 if mode & 0o100 else 0o644)
