"""Zip archives that depend on nothing but what is in them: two builds give identical bytes."""

from __future__ import annotations

import csv
import io
import os
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

DATE = (1980, 1, 1, 0, 0, 0)
# Half the time of level 6 for 4% more bytes; Lambda limits what is unzipped.
LEVEL = 4
# pip's traces of the machine: scripts with the interpreter's path, the wheel's own path.
SCRIPTS, ORIGIN = "bin/", "direct_url.json"


def dependency_entries(tree: Path) -> dict[str, Path]:
    """Archive name -> file, for an installed dependency tree, without what differs by machine."""
    found = {}
    for folder, names, files in os.walk(tree):
        names[:] = [name for name in names if name != "__pycache__"]
        for name in files:
            path = Path(folder, name)
            entry = path.relative_to(tree).as_posix()
            if not entry.startswith(SCRIPTS) and not name.endswith(".pyc") and name != ORIGIN:
                found[entry] = path
    return found


def write_zip(stream: IO[bytes], entries: Mapping[str, Path]) -> int:
    """Write entries in order of name with fixed dates and modes; returns the unzipped bytes."""
    total = 0
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(entries):
            data = _content(name, entries[name])
            archive.writestr(_info(name, entries[name]), data, zipfile.ZIP_DEFLATED, LEVEL)
            total += len(data)
    return total


def _info(name: str, path: Path) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, DATE)
    info.create_system = 3  # Unix, wherever it is built
    info.external_attr = (0o100755 if is_executable(path) else 0o100644) << 16
    return info


def is_executable(path: Path) -> bool:
    """By its owner, whoever asks: what the umask and the one who builds may do are the machine's."""
    return bool(path.stat().st_mode & stat.S_IXUSR)


def _content(name: str, path: Path) -> bytes:
    data = path.read_bytes()
    return _record(data) if name.endswith(".dist-info/RECORD") else data


def _record(data: bytes) -> bytes:
    """A wheel's list of files without those left out, in a fixed order."""
    rows = csv.reader(io.StringIO(data.decode("utf-8")))
    kept = sorted(row for row in rows if row and not _is_left_out(row[0]))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(kept)
    return text.getvalue().encode()


def _is_left_out(name: str) -> bool:
    return name.startswith("../") or name.endswith((".pyc", ORIGIN)) or "__pycache__" in name
