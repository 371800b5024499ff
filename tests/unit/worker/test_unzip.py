"""Archives that somebody else made: a good one comes out as it was, a hostile one is refused."""

from __future__ import annotations

import io
import os
import shutil
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.worker.unzip import Limits, Refused, unzip

Fill = Callable[[zipfile.ZipFile], None]


def packed(folder: Path, fill: Fill, name: str = "a.zip") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        fill(archive)
    return path


def entry(name: str, data: str = "x", mode: int = 0, compression: int = zipfile.ZIP_DEFLATED) -> Fill:
    def fill(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo(name)
        info.filename = info.orig_filename = name  # as it is: ZipInfo would tidy it up
        info.external_attr, info.compress_type = mode << 16, compression
        archive.writestr(info, data)

    return fill


def test_a_good_archive(tmp_path: Path) -> None:
    def fill(archive: zipfile.ZipFile) -> None:
        archive.writestr("lockgate.yml", "solution: x\n")
        archive.mkdir("empty")
        entry("bin/run.sh", "#!/bin/sh\n", stat.S_IFREG | 0o4755)(archive)
        entry("größe/日本.txt", "ok")(archive)

    unzip(packed(tmp_path, fill), root := tmp_path / "out")
    files = {p.relative_to(root).as_posix() for p in root.rglob("*")}
    assert files == {"lockgate.yml", "empty", "bin", "bin/run.sh", "größe", "größe/日本.txt"}
    assert (root / "bin/run.sh").stat().st_mode & 0o7777 == 0o755, "no set-uid bit, but executable"
    assert not os.access(root / "lockgate.yml", os.X_OK)


@pytest.mark.parametrize(
    ("fill", "said"),
    [
        (entry("../outside"), "stay inside"),
        (entry("a/../../outside"), "stay inside"),
        (entry("/etc/outside"), "stay inside"),
        (entry("C:/outside"), "stay inside"),
        (entry("..\\outside"), "stay inside"),
        (entry("a//b"), "stay inside"),
        (entry("./a"), "stay inside"),
        (entry("a\x1b[31m"), "a name that is not acceptable"),
        (entry("a/" * 600 + "b"), "a name that is not acceptable"),
        (entry("link", "/etc/passwd", stat.S_IFLNK | 0o777), "a link or a device"),
        (entry("pipe", "", stat.S_IFIFO | 0o644), "a link or a device"),
        (entry("slow", "x", 0, zipfile.ZIP_BZIP2), "compressed in an unusual way"),
        (lambda z: (entry("a")(z), entry("a")(z)), "'a' is there twice"),
        (lambda z: (entry("a")(z), entry("a/b")(z)), "FileExistsError"),
        (lambda z: [entry(f"{i}")(z) for i in range(51)], "51 entries"),
        (entry("zeros", "0" * 3_000_000), "far larger"),
        (lambda z: [entry(f"{i}", "0" * 900_000)(z) for i in range(3)], "far larger"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_hostile_archive_is_refused(tmp_path: Path, fill: Fill, said: str) -> None:
    (inside := tmp_path / "in").mkdir()
    archive = packed(tmp_path, fill)
    with pytest.raises(Refused, match="the input artifact is refused") as refused:
        unzip(archive, inside / "out", Limits(entries=50, free=2_000_000, ratio=10))
    assert said in refused.value.what and refused.value.kind == "JobFailed"
    assert not list(tmp_path.rglob("outside"))


def test_what_an_archive_says_of_its_sizes_is_not_believed(tmp_path: Path) -> None:
    archive = packed(tmp_path, entry("zeros", "0" * 3_000_000))
    raw = archive.read_bytes().replace(struct.pack("<L", 3_000_000), struct.pack("<L", 10))
    archive.write_bytes(raw)
    with pytest.raises(Refused):
        unzip(archive, tmp_path / "out")
    assert sum(p.stat().st_size for p in (tmp_path / "out").rglob("*")) < 100


def test_a_directory_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    archive = packed(tmp_path, lambda z: [entry(f"{i:0100}")(z) for i in range(20)])  # type: ignore[arg-type]
    with pytest.raises(Refused, match="its directory is over"):
        unzip(archive, tmp_path / "out", Limits(directory=1000))
    assert not (tmp_path / "out").exists()


def _valid() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("lockgate.yml", "src/app.py", "empty/"):
            archive.writestr(name, "some text\n" * 20 if not name.endswith("/") else "")
    return stream.getvalue()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, len(_valid()) - 1), st.integers(0, 255)), max_size=4),
    st.integers(0, 60),
)
def test_damaged_bytes_are_refused_or_harmless(
    tmp_path: Path, edits: list[tuple[int, int]], cut: int
) -> None:
    raw = bytearray(_valid())
    for at, byte in edits:
        raw[at] = byte
    (tmp_path / "a.zip").write_bytes(raw[: len(raw) - cut])
    try:
        unzip(tmp_path / "a.zip", tmp_path / "deep" / "out")
    except Refused:
        pass
    finally:
        shutil.rmtree(tmp_path / "deep", ignore_errors=True)
    assert {p.name for p in tmp_path.iterdir()} == {"a.zip"}


def test_what_is_not_the_archives_fault_is_not_held_against_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        unzip(tmp_path / "missing.zip", tmp_path / "out")


@pytest.mark.parametrize("raw", [b"", b"PK", b"not a zip" * 1000, b"PK\x05\x06" + b"\xff" * 18])
def test_no_archive_at_all(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(raw)
    with pytest.raises(Refused):
        unzip(tmp_path / "a.zip", tmp_path / "out")
