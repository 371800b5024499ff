"""Bundles: the same files are the same bytes and come back the same; what is no bundle writes nothing
outside of its folder."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tarfile
import tempfile
from pathlib import Path

import pytest
from helpers.tars import HOSTILE, bundled, member
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import InfrastructureError
from runner.remote import bundle
from runner.remote.bundle import pack, tar_folder, unpack

PARTS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="/\\."), min_size=1)
NAMES = st.lists(PARTS.filter(lambda p: len(p.encode()) < 60), min_size=1, max_size=4).map("/".join)
FILES = st.dictionaries(NAMES, st.tuples(st.binary(max_size=300), st.booleans()), max_size=6)


def write(root: Path, files: dict[str, tuple[bytes, bool]]) -> list[str]:
    """Write what does not lie below another file; the names of what was written."""
    written = []
    for name, (data, executable) in files.items():
        if any(name.startswith(f"{other}/") for other in files):
            continue
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
        (root / name).chmod(0o700 if executable else 0o600)
        written.append(name)
    return written


@settings(max_examples=60, deadline=None)
@given(FILES)
def test_what_is_packed_comes_back_and_is_the_same_bytes_each_time(
    files: dict[str, tuple[bytes, bool]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here, there = Path(folder, "here"), Path(folder, "there")
        here.mkdir()
        names = write(here, files)
        pack(here, names, Path(folder, "1.tar.gz"))
        for name in names:
            os.utime(here / name, (1, 1))
        pack(here, reversed([*names, *names]), Path(folder, "2.tar.gz"))
        assert Path(folder, "1.tar.gz").read_bytes() == Path(folder, "2.tar.gz").read_bytes()
        assert unpack(Path(folder, "1.tar.gz"), there) == sorted(names)
        for name in names:
            assert (there / name).read_bytes() == files[name][0]
            assert (there / name).stat().st_mode & 0o777 == (0o755 if files[name][1] else 0o644)


def test_folders_are_there_though_nothing_is_in_them(tmp_path: Path) -> None:
    pack(tmp_path, [], tmp_path / "b", folders=["src/deep"])
    assert unpack(tmp_path / "b", tmp_path / "out") == []
    assert (tmp_path / "out/src/deep").is_dir()


@pytest.mark.parametrize("name", ["missing", "folder"])
def test_what_is_no_file_is_not_packed(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InfrastructureError, match="cannot be sent") as refused:
        pack(tmp_path, [name], tmp_path / "b")
    assert name in refused.value.where


def test_a_plain_tar_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "store/blobs").mkdir(parents=True)
    (tmp_path / "store/blobs/x").write_text("x")
    tar_folder(tmp_path / "store", "store", tmp_path / "t", ["endings"])
    assert unpack(tmp_path / "t", tmp_path / "out", mode="r|") == ["store/blobs/x"]
    with tarfile.open(tmp_path / "t") as archive:
        modes = {m.name: m.mode for m in archive if m.isdir()}
    assert modes == {"store": 0o755, "store/endings": 0o1777}  # the tests' user adds, and replaces nothing


def outside(root: Path, inside: Path) -> set[str]:
    return {str(p.relative_to(root)) for p in root.rglob("*") if not p.is_relative_to(inside)}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "deep" / "out"
    folder.mkdir(parents=True)
    path = bundled(tmp_path / "b", HOSTILE[name])
    before = outside(tmp_path, folder)
    with pytest.raises(InfrastructureError):
        unpack(path, folder)
    assert outside(tmp_path, folder) == before
    assert not any(p.is_symlink() for p in folder.rglob("*"))
    assert not Path("/tmp/planted").exists()


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE])
def test_too_many_files(tmp_path: Path, kind: bytes) -> None:
    path = bundled(tmp_path / "b", [member(f"f{n}", kind) for n in range(5)])
    with pytest.raises(InfrastructureError, match="more than 4 files"):
        unpack(path, tmp_path / "out", max_files=4)
    unpack(path, tmp_path / "all", max_files=5)
    assert len(list((tmp_path / "all").iterdir())) == 5


def test_a_bomb_is_not_written(tmp_path: Path) -> None:
    """Zeros pack a thousandfold: it is the size in the header that counts, before a byte is written."""
    path = bundled(tmp_path / "b", [member("zeros", data=bytes(8 << 20))])
    assert path.stat().st_size < 20_000
    with pytest.raises(InfrastructureError, match="larger than 4 MiB"):
        unpack(path, tmp_path / "out", max_bytes=4 << 20)
    assert not (tmp_path / "out").exists()


def test_an_absurd_ratio_is_refused_though_there_would_be_room(tmp_path: Path) -> None:
    path = bundled(tmp_path / "b", [member("zeros", data=bytes(bundle.FREE + 1))])
    with pytest.raises(InfrastructureError, match="larger than 64 MiB"):
        unpack(path, tmp_path / "out")


def test_a_bomb_in_a_header_is_not_read(tmp_path: Path) -> None:
    path = bundled(tmp_path / "b", [member("x", tarfile.XHDTYPE, bytes(bundle.HEADER_BYTES + 1))])
    with pytest.raises(InfrastructureError, match="a header of 65,537 bytes"):
        unpack(path, tmp_path / "out")


def whole(tmp_path: Path) -> bytes:
    (tmp_path / "a").write_bytes(os.urandom(3000))
    (tmp_path / "b").write_bytes(b"b" * 3000)
    pack(tmp_path, ["a", "b"], tmp_path / "whole")
    return (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.8, 0.95])
def test_one_that_breaks_off(tmp_path: Path, share: float) -> None:
    data = whole(tmp_path)
    (tmp_path / "cut").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InfrastructureError, match="cannot be unpacked"):
        unpack(tmp_path / "cut", tmp_path / "out")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000))
def test_rubbish_is_an_error_of_ours(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for raw in (data, gzip.compress(data)):
            Path(folder, "b").write_bytes(raw)
            with contextlib.suppress(InfrastructureError):
                # Zeros are an archive without a file: what is missed is then the report.
                assert unpack(Path(folder, "b"), Path(folder, "out")) == []
            assert not Path(folder, "out").exists()


def test_a_file_that_is_there_already_is_not_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a").write_text("mine")
    with pytest.raises(InfrastructureError, match="exists"):
        unpack(bundled(tmp_path / "b", [member("a")]), folder)
    assert (folder / "a").read_text() == "mine"


def test_what_a_bundle_says_of_owners_and_bits_is_nothing(tmp_path: Path) -> None:
    info = tarfile.TarInfo("a")
    info.mode, info.uid, info.size = 0o6777, 12345, 1
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(info, io.BytesIO(b"x"))
    (tmp_path / "b").write_bytes(gzip.compress(stream.getvalue()))
    unpack(tmp_path / "b", tmp_path / "out")
    found = (tmp_path / "out/a").stat()
    assert (found.st_mode & 0o7777, found.st_uid) == (0o755, os.getuid())
