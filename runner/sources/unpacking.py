"""Packed files unpacked into the scratch folder, so far and no further."""

from __future__ import annotations

import gzip
import shutil
import zlib
from pathlib import Path

from runner.errors import InfrastructureError

# Texts of a table pack to a tenth or a thirtieth; what gzip can do to a bomb is a thousandth.
MOST_TIMES, ALWAYS = 200, 2**26
LEFT_FREE = 2**30
STEP = 2**20


def unpacked(path: Path, target: Path, where: str) -> Path:
    """A gzip file's content as `target`. Raises InfrastructureError where it is damaged, unpacks to more than
    MOST_TIMES its size, or has no room on the disk."""
    most = max(ALWAYS, MOST_TIMES * path.stat().st_size)
    room = shutil.disk_usage(target.parent).free - LEFT_FREE
    written = 0
    try:
        with gzip.open(path) as packed, target.open("wb") as sink:
            while piece := packed.read(STEP):
                written += len(piece)
                if written > min(most, room):
                    raise InfrastructureError(_too_much(most, room), where=where)
                sink.write(piece)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InfrastructureError(f"cannot be unpacked: {error}", where=where) from None
    return target


def _too_much(most: int, room: int) -> str:
    if room < most:
        return f"it unpacks to more than the {max(room, 0):,} bytes that the disk has room for"
    return f"it unpacks to more than {most:,} bytes"
