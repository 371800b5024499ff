"""Packages without dependencies: no pip, no network. Those with some: tests/integration/sandboxes/."""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.components import BuildJob
from runner.components.lambda_zip import _inputs, build, only_through_s3
from runner.components.sources import FILES_LIMIT, inside
from runner.components.targets import deploy_target, host_target
from runner.config.schema import LambdaZip, Solution
from runner.errors import InfrastructureError, SolutionError, UsageError
from runner.model import Artifact

SOLUTION = Solution.model_validate({"solution": "s", "stages": {"unit": {"kind": "unit"}}})


def job(root: Path, **more: Any) -> BuildJob:
    component = LambdaZip(**{"kind": "lambda-zip", "source": "src", "handler": "app.handler", **more})
    return BuildJob("fn", root, root / "out", root / "cache", SOLUTION, component, {}, Path("python"))


def solution(root: Path) -> Path:
    (root / "src" / "deep").mkdir(parents=True)
    (root / "src" / "app.py").write_text("def handler(event, context): return event\n")
    (root / "src" / "deep" / "run.sh").write_text("#!/bin/sh\n")
    (root / "src" / "deep" / "run.sh").chmod(0o755)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return solution(tmp_path / "solution")


def test_where_and_when_it_is_built_is_not_in_it(root: Path, tmp_path: Path) -> None:
    other = solution(tmp_path / "an" / "other")
    for path in other.rglob("*"):
        os.utime(path, (0, 0))
    (other / "src" / "app.py").chmod(0o664)
    (other / "src" / "deep" / "run.sh").chmod(0o700)
    (other / "src" / "__pycache__").mkdir()
    (other / "src" / "__pycache__" / "app.cpython-311.pyc").write_bytes(b"compiled")
    assert Path(build(job(root)).path).read_bytes() == Path(build(job(other)).path).read_bytes()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_builds_the_same_bytes(root: Path, tmp_path: Path) -> None:
    ours = build(job(root))
    theirs = solution(tmp_path / "theirs")
    for path in (theirs, *theirs.rglob("*")):
        os.chown(path, 0, 0)
    (theirs / "src" / "deep" / "run.sh").chmod(0o744)  # theirs to read, not to execute
    for name in ("out", "cache"):
        (theirs / name).mkdir()
        (theirs / name).chmod(0o777)
    for folder in theirs.relative_to("/").parents:
        Path("/", folder).chmod(Path("/", folder).stat().st_mode | 0o005) if folder.name else None
    if (pid := os.fork()) == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            os.umask(0o077)
            os._exit(0 if build(job(theirs)).sha256 == ours.sha256 else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def names(artifact: Artifact) -> list[str]:
    with zipfile.ZipFile(artifact.path) as archive:
        return archive.namelist()


def test_what_a_link_inside_leads_to_is_packed_and_no_link_is(root: Path) -> None:
    (root / "src" / "linked.py").symlink_to("app.py")
    (root / "src" / "loop").symlink_to(".")
    os.mkfifo(root / "src" / "pipe")
    artifact = build(job(root))
    assert names(artifact) == ["app.py", "deep/run.sh", "linked.py"]
    with zipfile.ZipFile(artifact.path) as archive:
        assert archive.read("linked.py") == archive.read("app.py")


@pytest.mark.parametrize("target", ["/etc/passwd", "/proc/self/pagemap", "/", ".."])
def test_a_link_out_is_refused_before_it_is_read(root: Path, target: str) -> None:
    (root.parent / "outside.txt").write_text("x")
    (root / "src" / "a").symlink_to(target if target != ".." else root.parent)
    begun = time.monotonic()
    with pytest.raises(SolutionError, match="a link leads out"):
        build(job(root))
    assert time.monotonic() - begun < 5


def test_absurd_sizes_are_refused_before_they_are_read(root: Path) -> None:
    for name, size in (("huge.bin", 2**42), ("large.bin", 300_000_000)):
        with (root / "src" / name).open("wb") as stream:
            stream.truncate(size)
        begun = time.monotonic()
        with pytest.raises(SolutionError) as error:
            build(job(root))
        assert time.monotonic() - begun < 2
        (root / "src" / name).unlink()
    assert error.value.what == "286 MiB unzipped (its source alone); Lambda takes 250 MiB; " + (
        "the largest: large.bin 286 MiB, app.py 0 MiB, deep 0 MiB"
    )


def test_too_many_files_and_names_that_are_no_text(root: Path) -> None:
    paths = [root / "src" / "app.py"] * (FILES_LIMIT + 1)
    with pytest.raises(SolutionError, match="65,535 files"):
        list(inside(job(root), root / "src", paths, 2**40))
    (root / "src" / os.fsdecode(b"\xff.py")).write_text("")
    with pytest.raises(SolutionError, match="not printable"):
        build(job(root))


def test_what_lambda_takes_from_s3_alone_is_told(root: Path) -> None:
    assert build(job(root)).facts["only_through_s3"] is False
    assert (only_through_s3(50 * 2**20), only_through_s3(50 * 2**20 + 1)) == (False, True)


@pytest.mark.parametrize("more", [{"source": "gone"}, {"lock": "gone.lock"}])
def test_what_is_not_there_is_usage(root: Path, more: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        build(job(root, **more))


@pytest.mark.parametrize(
    ("handler", "file"),
    [
        ("app.handler", "app.py"),
        ("app.handler", "app/__init__.py"),
        ("deep.app.handler", "deep/app.py"),
        ("deep/app.handler", "deep/app.py"),
        ("app.handler", "app.cpython-312-x86_64-linux-gnu.so"),
        ("app.handler", "app.abi3.so"),
    ],
)
def test_the_handlers_module_has_to_be_there(root: Path, handler: str, file: str) -> None:
    (root / "src" / "app.py").unlink()
    with pytest.raises(SolutionError, match=r"the handler '.*' needs .*app\.py, which is not in it"):
        build(job(root, handler=handler))
    (root / "src" / file).parent.mkdir(exist_ok=True)
    (root / "src" / file).touch()
    assert file in names(build(job(root, handler=handler)))


def test_nothing_is_no_package(root: Path) -> None:
    for path in sorted((root / "src").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with pytest.raises(SolutionError, match=r"needs app\.py"):
        build(job(root))


def test_a_source_that_is_edited_while_it_is_packed_is_not_kept(root: Path) -> None:
    def edit(line: str) -> None:
        if "packing" in line:
            (root / "src" / "app.py").write_text("def handler(event, context): return None\n")

    with pytest.raises(InfrastructureError, match="was edited while it was packed"):
        build(replace(job(root), say=edit))
    assert not list((root / "cache").rglob("*.zip"))


def test_a_lock_that_reaches_beyond_itself_is_refused_though_a_package_was_kept(root: Path) -> None:
    """As if an earlier release had not refused it."""
    (root / "fn.lock").write_text("# nothing\n")
    asked = job(root, lock="fn.lock")
    assert isinstance(asked.component, LambdaZip)
    inputs = _inputs(asked, asked.component)
    bad = b"-rother.txt\n"
    worse = replace(inputs, lock_sha256=hashlib.sha256(bad).hexdigest())
    build(asked)
    for target in (deploy_target("python3.12", "x86_64"), host_target()):
        for path in (root / "cache" / "zips").glob(f"fn-{inputs.key(target)[:32]}-*"):
            path.rename(str(path).replace(inputs.key(target)[:32], worse.key(target)[:32]))
    (root / "fn.lock").write_bytes(bad)
    with pytest.raises(SolutionError, match=r"-rother\.txt is not allowed"):
        build(asked)
