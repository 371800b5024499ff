from __future__ import annotations

import os
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from runner.components import BuildJob
from runner.components.image import recipe
from runner.components.image_context import OUTSIDE, context_files
from runner.config.schema import Image, Solution
from runner.errors import SolutionError, UsageError

SOLUTION = Solution.model_validate({"solution": "s", "stages": {"unit": {"kind": "unit"}}})


def job(root: Path, **more: Any) -> BuildJob:
    component = Image(**{"kind": "image", "dockerfile": "Dockerfile", **more})
    return BuildJob("train", root, root, root, SOLUTION, component, {}, Path("python"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("Dockerfile", "src/a.py", "src/b.log", "data/big.bin", "keep.log", "deep/er/c.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def kept(root: Path, ignore: str) -> list[str]:
    (root / ".dockerignore").write_text(ignore)
    return [p.relative_to(root).as_posix() for p in context_files(root) if p.name != ".dockerignore"]


@pytest.mark.parametrize(
    ("ignore", "gone"),
    [
        ("data\n", {"data/big.bin"}),
        ("/data/\n# keep.log\n", {"data/big.bin"}),
        ("**/*.log\n!keep.log\n", {"src/b.log", "deep/er/c.log"}),
        ("*.log\n", {"keep.log"}),
        ("src/*.log", {"src/b.log"}),
        ("./data\n", {"data/big.bin"}),
        ("data/../keep.log", {"keep.log"}),
        ("src//b.log", {"src/b.log"}),
        ("[^a-j]eep.log", {"keep.log"}),
        ("**/deep/**/c.log", {"deep/er/c.log"}),
        ("deep/**", {"deep/er/c.log"}),
        ("../data\n.\n", set()),
        ("", set()),
    ],
)
def test_dockerignore(root: Path, ignore: str, gone: set[str]) -> None:
    everything = set(kept(root, ""))
    assert everything - set(kept(root, ignore)) == gone


def test_a_pattern_of_many_stars_is_decided_soon(root: Path) -> None:
    deep = root / "/".join("a" * 60)
    deep.mkdir(parents=True)
    (deep / "b").touch()
    begun = time.monotonic()
    assert len(kept(root, "**/a/" * 30 + "c\n")) == 7
    assert time.monotonic() - begun < 5


def test_whatever_goes_into_an_image_changes_its_digest(root: Path) -> None:
    digests = [recipe(job(root)).digest()]
    (root / "src/a.py").write_text("changed")
    digests.append(recipe(job(root)).digest())
    (root / "src/a.py").chmod(0o755)
    digests.append(recipe(job(root)).digest())
    (root / "Dockerfile").write_text("FROM other")
    digests.append(recipe(job(root)).digest())
    digests.append(recipe(job(root, args={"A": "1"})).digest())
    digests.append(recipe(job(root, kind="lambda-image")).digest())
    assert len(set(digests)) == 6


def test_what_differs_by_machine_does_not(root: Path, tmp_path: Path) -> None:
    first = recipe(job(root))
    first.pack(tmp_path / "first.tar")
    (root / "src/a.py").chmod(0o664)
    os.utime(root / "src/a.py", (1, 1))
    (tmp_path / "first.tar").rename(tmp_path.parent / "first.tar")
    again = recipe(job(root))
    again.pack(tmp_path.parent / "again.tar")
    assert first.digest() == again.digest()
    assert (tmp_path.parent / "first.tar").read_bytes() == (tmp_path.parent / "again.tar").read_bytes()


def test_the_engine_is_sent_what_was_counted_and_nothing_else(root: Path, tmp_path: Path) -> None:
    found = recipe(job(root, context="src"))
    assert found.dockerfile == OUTSIDE
    found.pack(out := tmp_path.parent / f"{tmp_path.name}.tar")
    with tarfile.open(out) as archive:
        assert archive.getnames() == [OUTSIDE, "a.py", "b.log"]
        assert {(m.uid, m.gid, m.uname, m.mode) for m in archive} == {(0, 0, "", 0o644)}


def test_a_dockerfile_that_is_ignored_is_sent_all_the_same(root: Path) -> None:
    (root / ".dockerignore").write_text("Dockerfile\n")
    assert OUTSIDE in recipe(job(root)).files


def test_a_link_out_of_the_solution_is_refused(root: Path, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-secret"
    outside.write_text("secret")
    (root / "src/link").symlink_to(outside)
    with pytest.raises(SolutionError, match="link leads out"):
        recipe(job(root))


def test_a_missing_dockerfile_is_usage(root: Path) -> None:
    with pytest.raises(UsageError):
        recipe(job(root, dockerfile="nope"))
