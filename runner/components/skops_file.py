"""What a skops file says of itself: the types that loading it would make. Nothing of it is loaded.

skops.io writes a zip archive: schema.json, a tree of types by name, and arrays beside it as .npy.
Which of the types skops trusts by itself only skops knows; it is asked in a process of the
solution's own environment, without credentials.
"""

from __future__ import annotations

import json
import re
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

from runner.config.json_strict import parse
from runner.text import one_line, reason

MIB = 2**20
MAX_DIRECTORY, MAX_ENTRIES, MAX_SCHEMA, MAX_TOTAL, MAX_RATIO, FREE = (
    16 * MIB,
    50_000,
    64 * MIB,
    2**33,
    200,
    64 * MIB,
)
MAX_TYPES = 2000
SCHEMA = "schema.json"
PICKLED = re.compile(rb"\x80[\x02-\x05]")
# https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html; a dtype of objects, alone or listed
NUMPY, MAX_HEADER = b"\x93NUMPY", 64 * 1024
OBJECTS = re.compile(rb"""['"][|<>=]?O\d*['"]""")
TAIL, END, LOCATOR = 22 + 0xFFFF, b"PK\x05\x06", b"PK\x06\x07"


class NotSkops(Exception):
    """The bytes are no skops file that Lockgate takes; the message is why."""


def skops_facts(path: Path) -> dict[str, Any]:
    """skops_version, protocol and types (module.name, sorted) of a skops file. Raises NotSkops."""
    try:
        _require_small_directory(path)
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive, path.stat().st_size)
            return _described(_schema(archive))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error) as error:
        raise NotSkops(f"it is no zip archive that can be read: {reason(error)}") from None
    except (ValueError, OverflowError, RuntimeError, OSError) as error:
        raise NotSkops(reason(error)) from None


def _require_small_directory(path: Path) -> None:
    """zipfile reads the whole directory before anything can be counted: its size comes first."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - TAIL))
        tail = stream.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) < at + 22:
        raise NotSkops("it is no zip archive")
    if tail[max(0, at - 20) : at].startswith(LOCATOR):
        raise NotSkops("its directory is ZIP64, whose size stands elsewhere")
    if struct.unpack_from("<L", tail, at + 12)[0] > MAX_DIRECTORY:
        raise NotSkops(f"its directory is over {MAX_DIRECTORY // MIB} MiB")


def _check_entries(archive: zipfile.ZipFile, size: int) -> None:
    entries = archive.infolist()
    names = [entry.orig_filename for entry in entries]
    if len(entries) > MAX_ENTRIES or len(set(names)) != len(names):
        raise NotSkops("it has too many entries, or one twice")
    if sum(e.file_size for e in entries) > min(MAX_TOTAL, max(FREE, MAX_RATIO * size)):
        raise NotSkops("unpacked it is far larger than a model would be")
    for entry in entries:
        if not _is_plain(entry):
            raise NotSkops(f"{one_line(entry.orig_filename, 80)!r} is nothing that skops writes")
        if entry.orig_filename != SCHEMA:
            with archive.open(entry) as stream:
                _check_array(entry.orig_filename, stream)


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    """A file beside the others: no folder, no way out, no link or device, not encrypted."""
    name, kind = entry.orig_filename, stat.S_IFMT(entry.external_attr >> 16)
    inside = not ({"/", "\\", "\0"} & set(name)) and name not in ("", ".", "..")
    return inside and kind in (0, stat.S_IFREG) and not entry.flag_bits & 1


def _check_array(name: str, stream: IO[bytes]) -> None:
    """No member is a pickle, nor an array of objects, which holds one."""
    head, shown = stream.read(12), repr(one_line(name, 80))
    if PICKLED.match(head):
        raise NotSkops(f"{shown} in it is a pickle")
    if not head.startswith(NUMPY):
        return
    length = int.from_bytes(head[8:10] if head[6:7] == b"\x01" else head[8:12], "little")
    if length > MAX_HEADER:
        raise NotSkops(f"{shown} in it has too long a header")
    if OBJECTS.search(head[10:] + stream.read(length)):
        raise NotSkops(f"{shown} in it is an array of objects, which is a pickle")


def _schema(archive: zipfile.ZipFile) -> Any:
    if SCHEMA not in archive.namelist():
        raise NotSkops(f"it has no {SCHEMA}")
    with archive.open(SCHEMA) as stream:
        data = stream.read(MAX_SCHEMA + 1)
    if len(data) > MAX_SCHEMA:
        raise NotSkops(f"its {SCHEMA} is over {MAX_SCHEMA // MIB} MiB")
    try:
        schema = parse(data)
    except json.JSONDecodeError as error:
        raise NotSkops(f"its {SCHEMA} is not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise NotSkops(f"its {SCHEMA} is not acceptable: {one_line(error)}") from None
    if not isinstance(schema, dict) or not isinstance(schema.get("__loader__"), str):
        raise NotSkops(f"its {SCHEMA} describes no object")
    return schema


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    types, waiting = set(), [schema]
    while waiting:
        node: Any = waiting.pop()
        if isinstance(node, dict):
            module, name = node.get("__module__"), node.get("__class__")
            if isinstance(module, str) and isinstance(name, str):
                types.add(one_line(f"{module}.{name}", 200))
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    if len(types) > MAX_TYPES:
        raise NotSkops(f"it holds more than {MAX_TYPES} types")
    protocol = schema.get("protocol")
    return {
        "skops_version": one_line(schema.get("_skops_version", ""), 40),
        "protocol": protocol if type(protocol) is int and abs(protocol) < 2**53 else None,
        "types": sorted(types),
    }
