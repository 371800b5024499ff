from __future__ import annotations

import io
import random
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from helpers.models import SCHEMA, skops

from runner.components.skops_file import NotSkops, skops_facts

ARRAY = b"\x93NUMPY\x01\x00v\x00{'descr': '%s', 'fortran_order': False, 'shape': (1,), }"


LONG = b"\x93NUMPY\x01\x00\x96\x02{'fortran_order': False, %s'descr': '%s', 'shape': (1,), }"


def zip64(data: bytes) -> bytes:
    """With a locator of a second directory, whose size is the one that counts."""
    at = data.rfind(b"PK\x05\x06")
    return data[:at] + struct.pack("<4sIQI", b"PK\x06\x07", 0, 0, 1) + data[at:]


def facts(tmp_path: Path, data: bytes) -> dict[str, Any]:
    path = tmp_path / "m.skops"
    path.write_bytes(data)
    return skops_facts(path)


def zipped(**entries: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_the_types_are_named_and_nothing_is_made_of_them(tmp_path: Path) -> None:
    inner = {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "content": []}
    found = facts(
        tmp_path,
        skops({**SCHEMA, "content": {"a": [inner]}, "_skops_version": "0.16.0"}, a_npy=ARRAY % b"<f8"),
    )
    assert found == {"skops_version": "0.16.0", "protocol": 2, "types": ["builtins.dict", "os.system"]}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no zip"),
        (b"\x80\x04\x95", "no zip"),
        (zipped(other=b"{}"), "no schema.json"),
        (skops(b"{"), "not JSON"),
        (skops(b"[]"), "describes no object"),
        (skops(b'{"a": 1, "a": 2}'), "duplicate"),
        (skops(b'{"a":' * 50_000), "not acceptable"),
        (skops(b'{"__loader__": NaN}'), "no JSON number"),
        (skops(a_npy=ARRAY % b"|O"), "array of objects"),
        (skops(a_npy=ARRAY % b"O"), "array of objects"),
        (skops(a_npy=ARRAY % b"|O8"), "array of objects"),
        (skops(a_npy=(ARRAY % b"|O").replace(b"'|O'", b'"|O"')), "array of objects"),
        (skops(a_npy=(ARRAY % b"|O").replace(b"'|O'", b"[('a', '<f8'), ('b', '|O')]")), "array of objects"),
        (skops(a_npy=LONG % (b" " * 600, b"|O")), "array of objects"),
        (skops(a_npy=b"\x93NUMPY\x02\x00\xff\xff\xff\xff{"), "too long a header"),
        (zip64(skops()), "ZIP64"),
        (skops(a_npy=b"\x80\x04\x95abc"), "is a pickle"),
        (skops(**{"a/b_npy": b""}), "nothing that skops writes"),
        (skops(**{"../b_npy": b""}), "nothing that skops writes"),
        (zipped(**{"schema.json": b" " * 70_000_000}), "far larger"),
        (zipped(**{"schema.json": b"{}", "a.npy": b"\0" * 2**28}), "far larger"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, data: bytes, told: str) -> None:
    with pytest.raises(NotSkops, match=told):
        facts(tmp_path, data)


def test_an_entry_that_comes_twice_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, pytest.warns(UserWarning):
        archive.writestr("schema.json", "{}")
        archive.writestr("schema.json", "{}")
    with pytest.raises(NotSkops, match="twice"):
        facts(tmp_path, stream.getvalue())


def test_a_directory_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    data = bytearray(skops())
    at = data.rfind(b"PK\x05\x06")
    data[at + 12 : at + 16] = (2**31).to_bytes(4, "little")
    with pytest.raises(NotSkops, match="directory is over"):
        facts(tmp_path, bytes(data))


def test_damage_is_an_error_of_ours_or_nothing(tmp_path: Path) -> None:
    draw, whole = random.Random(7), skops(a_npy=ARRAY % b"<f8")  # noqa: S311
    refused = 0
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(draw.randint(1, 8)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        try:
            facts(tmp_path, bytes(data[: draw.randint(1, len(data))]))
        except NotSkops:
            refused += 1
    assert refused > 200
