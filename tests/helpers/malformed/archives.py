"""Malformed and hostile archives: a skops file (`build`), the bundle of a task's source (`task stage`), the
zip archive that a pipeline hands over (`task prepare`, from an S3 of ours)."""

from __future__ import annotations

import hashlib
import io
import json
import random
import stat
import struct
import tempfile
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from helpers.malformed.case import PLANTED, Case
from helpers.malformed.components import model
from helpers.malformed.damage import damaged
from helpers.models import SCHEMA
from helpers.remotes import KEY, RUN
from helpers.tars import HOSTILE as HOSTILE_TARS
from helpers.tars import member, packed

from runner import wire
from runner.remote.job import KEY as NAME
from runner.remote.job import RemoteJob
from runner.stages.child import Handover

Entry = tuple[str, bytes, int]


def npy(numbers: int) -> bytes:
    """An array as NumPy saves it."""
    stream = io.BytesIO()
    np.save(stream, np.arange(numbers, dtype=np.float64))
    return stream.getvalue()


LINK = stat.S_IFLNK | 0o777
HOSTILE: dict[str, list[Entry]] = {
    "an absolute name": [(f"/tmp/{PLANTED}", b"x", 0)],
    "a name that climbs": [(f"../{PLANTED}", b"x", 0)],
    "a name that climbs far": [(f"../../../../{PLANTED}", b"x", 0)],
    "a name that climbs inside": [(f"a/../../{PLANTED}", b"x", 0)],
    "a name that climbs as on Windows": [(f"..\\{PLANTED}", b"x", 0)],
    "the folder above": [("..", b"x", 0)],
    "a link": [("a.npy", b"/etc/passwd", LINK)],
    "a link, and a file through it": [("a", b"..", LINK), (f"a/{PLANTED}", b"x", 0)],
    "a device": [("a.npy", b"", stat.S_IFCHR | 0o600)],
    "a file twice": [("a.npy", b"x", 0), ("a.npy", b"y", 0)],
    "zeros without end": [("a.npy", bytes(100_000_000), 0)],
    "zeros in parts": [(f"{n}.npy", bytes(10_000_000), 0) for n in range(10)],
}
LIES = {  # offset in a directory entry -> what it says there
    "a size that is a lie": (24, struct.pack("<L", 3)),
    "a size beyond all": (24, struct.pack("<L", 0xFFFFFFF0)),
    "an offset that is a lie": (42, struct.pack("<L", 7)),
    "encrypted": (8, struct.pack("<H", 1)),
    "an unknown compression": (10, struct.pack("<H", 99)),
}
SOURCE = [("lockgate.yml", b"solution: [\n", 0), ("src/app.py", b"x = 1\n" * 50, 0)]
TAR = [member("lockgate.yml", data=b"solution: [\n"), member("src/app.py", data=b"x = 1\n" * 50)]
MODEL = [("schema.json", json.dumps(SCHEMA).encode(), 0), ("b.npy", npy(400), 0)]
# A lie about itself need not be found out: what is read is what is there, and looked at like any other.
BUILT, HARMLESS = {True: frozenset({1}), False: frozenset({1, 3})}, frozenset({2, 3})
REFUSED = frozenset({3})


def zipped(entries: Sequence[Entry]) -> bytes:
    """A zip archive of (name, data, mode), whatever the names and modes are."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, data, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return stream.getvalue()


def lying(whole: bytes, at: int, said: bytes) -> bytes:
    """The archive whose last directory entry says something else."""
    start = whole.rindex(b"PK\x01\x02") + at
    return whole[:start] + said + whole[start + len(said) :]


def hostile(draw: random.Random, inside: list[Entry]) -> tuple[str, bytes]:
    """A zip archive that holds these entries and something that must be refused."""
    what = draw.choice([*HOSTILE, *LIES])
    if what in LIES:
        return what, lying(zipped(inside), *LIES[what])
    return what, zipped([*inside, *HOSTILE[what]] if draw.random() < 0.5 else [*HOSTILE[what], *inside])


def _skops(draw: random.Random) -> Case:
    what, data = hostile(draw, MODEL)
    return replace(model(f"skops: {what}", "m.skops", data), kind="archive", codes=BUILT[what in HOSTILE])


def _bundle(draw: random.Random) -> Case:
    what = draw.choice([*HOSTILE_TARS, *["damaged"] * 20, "zeros without end"])
    if what == "damaged":
        data = damaged(draw, packed(TAR))
    elif what == "zeros without end":
        data = packed([*TAR, member(PLANTED, data=bytes(100 * 2**20))])
    else:
        data = packed([*TAR, *HOSTILE_TARS[what]])
    return bundle(f"bundle: {what}", data)


def bundle(what: str, data: bytes) -> Case:
    """A task whose job names this bundle as its source."""
    source = hashlib.sha256(data).hexdigest()
    job = RemoteJob(RUN, "unit", "", source, {}, Handover(RUN, "/usr/bin/python3", {}), False, False)
    with tempfile.TemporaryDirectory() as folder:
        wire.save(Path(folder, "job.json"), job)
        told = Path(folder, "job.json").read_bytes()
    digest = hashlib.sha256(told).hexdigest()
    files = {f"store/blobs/{source}": data, f"store/blobs/{digest}": told}
    argv = ("task", "stage", "--store", "{root}/store", "--job", digest)
    return Case("archive", what, files, argv, REFUSED, {NAME: KEY})


def _source(draw: random.Random) -> Case:
    if draw.random() < 0.4:
        return source("source: damaged", damaged(draw, zipped(SOURCE)), HARMLESS)
    what, data = hostile(draw, SOURCE)
    return source(f"source: {what}", data, REFUSED if what in HOSTILE else HARMLESS)


def source(what: str, data: bytes, codes: frozenset[int]) -> Case:
    """A pipeline's source artifact, fetched from S3."""
    argv = ("task", "prepare", "--store", "{root}/store", "--source", "s3://{bucket}/deep/root/source.zip")
    env = {NAME: KEY, "LOCKGATE_SANDBOX_URL": "{s3}"}
    return Case("archive", what, {"source.zip": data}, argv, codes, env)


ARCHIVES = (_skops, _bundle, _source)
