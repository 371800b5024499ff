"""Unpacking an archive that somebody else made: refused, not repaired, where anything is odd.

Refused: absolute paths, '..', backslashes, links, devices, duplicates, encryption, unusual
compression, too many or too long entries, a size or a ratio that a source does not have. Sizes are
counted while unpacking; what the archive says of itself is a claim.
"""

from __future__ import annotations

import errno
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from runner.text import one_line, reason
from runner.worker.outcome import JobError

MIB = 2**20
# What an archive can do to the file system: a file where a folder is, offsets that are none.
ODD = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.ENAMETOOLONG, errno.EILSEQ)
TAIL, END, END64 = 22 + 0xFFFF, b"PK\x05\x06", b"PK\x06\x06"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, except `entries` and `ratio`, which counts only from `free` bytes on: small files of
    zeros are harmless."""

    directory: int = 64 * MIB
    entries: int = 200_000
    total: int = 8192 * MIB
    ratio: int = 200
    free: int = 64 * MIB
    name: int = 1024


LIMITS = Limits()


class Refused(JobError):
    """The archive is not acceptable."""

    def __init__(self, what: str) -> None:
        super().__init__("JobFailed", f"the input artifact is refused: {what}")


def unzip(archive: Path, folder: Path, limits: Limits = LIMITS) -> None:
    """Unpack into a folder that is empty. Raises Refused; the folder may then hold a part."""
    try:
        _require_small_directory(archive, limits)
        with zipfile.ZipFile(archive) as opened:
            _unpack(opened, folder, limits, archive.stat().st_size)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error) as error:
        raise Refused(f"no zip archive that can be read: {reason(error)}") from error
    except (ValueError, OverflowError, RuntimeError) as error:
        raise Refused(reason(error)) from error
    except OSError as error:
        if error.errno not in ODD:  # a full disk is not the archive's fault
            raise
        raise Refused(reason(error)) from error


def _require_small_directory(archive: Path, limits: Limits) -> None:
    """zipfile reads the whole directory before anything can be counted: its size comes first."""
    with archive.open("rb") as stream:
        stream.seek(max(0, archive.stat().st_size - TAIL - 76))
        tail = stream.read()
    at, large = tail.rfind(END), tail.rfind(END64)
    if at < 0 or len(tail) < at + 22:
        raise Refused("it is no zip archive")
    sizes = [struct.unpack_from("<L", tail, at + 12)[0]]
    if large >= 0 and len(tail) >= large + 56:
        sizes.append(struct.unpack_from("<Q", tail, large + 40)[0])
    elif sizes[0] == 0xFFFFFFFF:
        raise Refused("its directory is damaged")
    if max(size for size in sizes if size != 0xFFFFFFFF) > limits.directory:
        raise Refused(f"its directory is over {limits.directory // MIB} MiB")


def _unpack(opened: zipfile.ZipFile, folder: Path, limits: Limits, size: int) -> None:
    entries = opened.infolist()
    if len(entries) > limits.entries:
        raise Refused(f"{len(entries):,} entries, over {limits.entries:,}")
    allowed = min(limits.total, max(limits.free, limits.ratio * size))
    seen: set[tuple[str, ...]] = set()
    for entry in entries:
        parts = _parts(entry, limits)
        if parts in seen:
            raise Refused(f"{_shown(entry)} is there twice")
        seen.add(parts)
        if entry.is_dir():
            folder.joinpath(*parts).mkdir(parents=True, exist_ok=True)
        else:
            allowed -= _write(opened, entry, folder.joinpath(*parts), allowed)


def _parts(entry: zipfile.ZipInfo, limits: Limits) -> tuple[str, ...]:
    """The parts of an entry's path, if it is a plain file or folder that stays inside."""
    name, kind = entry.orig_filename, stat.S_IFMT(entry.external_attr >> 16)
    parts = tuple(name.rstrip("/").split("/"))
    if not all(parts) or {".", ".."} & set(parts) or "\\" in name or ":" in parts[0]:
        raise Refused(f"{_shown(entry)} does not stay inside the folder")
    if not name.isprintable() or len(name.encode("utf-8", "replace")) > limits.name:
        raise Refused(f"{_shown(entry)} has a name that is not acceptable")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Refused(f"{_shown(entry)} is a link or a device")
    if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused(f"{_shown(entry)} is encrypted, or compressed in an unusual way")
    return parts


def _shown(entry: zipfile.ZipInfo) -> str:
    return repr(one_line(entry.orig_filename, 120))


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, allowed: int) -> int:
    """Write one file, never over another; the bytes that it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(entry) as source, path.open("xb") as target:
        for chunk in _chunks(source):
            written += len(chunk)
            if written > allowed:
                raise Refused(f"unpacked it is far larger than a source would be, at {_shown(entry)}")
            target.write(chunk)
    path.chmod(0o755 if entry.external_attr >> 16 & 0o111 else 0o644)
    return written


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(MIB):
        yield chunk
