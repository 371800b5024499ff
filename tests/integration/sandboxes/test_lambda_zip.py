"""Packages built by real pip from a wheel in a folder: reproducible, cached, refused when wrong."""

import copy
import os
import platform
import sys
import zipfile
from pathlib import Path

import pytest
from helpers.tiny import CONFIG, build_all, make_wheel, write_solution

from runner.adapters.files import sha256_file
from runner.errors import SolutionError

pytestmark = pytest.mark.integration
ONE = {**CONFIG, "components": {"double": CONFIG["components"]["double"]}}


def test_two_builds_in_different_folders_are_identical(tmp_path, wheels):
    built = []
    for place in ("a", "b/deeper"):
        root = write_solution(tmp_path / place, wheels)
        built.append(build_all(root, tmp_path / place / "cache", ONE)["double"])
    first, second = built
    assert first.path != second.path
    assert Path(first.path).read_bytes() == Path(second.path).read_bytes()
    assert Path(first.executed.path).read_bytes() == Path(second.executed.path).read_bytes()


def test_holds_source_and_dependency_and_no_trace_of_the_machine(tiny, cache):
    artifact = build_all(tiny, cache, ONE)["double"]
    with zipfile.ZipFile(artifact.path) as archive:
        names = archive.namelist()
        record = archive.read("tinydep-1.0.dist-info/RECORD").decode()
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert {"app.py", "tinydep/__init__.py"} <= set(names)
    assert names == sorted(names)
    assert not [n for n in names if n.startswith("bin/") or n.endswith(".pyc")]
    assert "bin/" not in record
    assert artifact.sha256 == sha256_file(Path(artifact.path))
    assert artifact.facts["executed_on"] == f"python3.{sys.version_info[1]}-x86_64"


def test_unchanged_inputs_are_no_work_and_a_changed_source_is(tiny, cache):
    first = build_all(tiny, cache, ONE)["double"]
    before = Path(first.path).stat().st_mtime_ns
    assert build_all(tiny, cache, ONE)["double"] == first
    assert Path(first.path).stat().st_mtime_ns == before
    (tiny / "src/double/app.py").write_text("def handler(event, context): return 1\n")
    changed = build_all(tiny, cache, ONE)["double"]
    assert changed.sha256 != first.sha256
    assert changed.facts["lock_sha256"] == first.facts["lock_sha256"]


def test_a_zip_damaged_in_the_cache_is_built_anew(tiny, cache):
    first = build_all(tiny, cache, ONE)["double"]
    Path(first.path).write_bytes(b"damaged")
    again = build_all(tiny, cache, ONE)["double"]
    assert again == first
    assert sha256_file(Path(again.path)) == first.sha256


@pytest.mark.parametrize(
    ("lock", "told"),
    [
        ("tinydep==1.0 --hash=sha256:" + "0" * 64, "hash"),
        ("tinydep==1.0\n", "hash"),
        ("tinydep==9.9 --hash=sha256:" + "0" * 64, "tinydep==9.9"),
        ("-r other.txt\n", "-r is not allowed"),
    ],
)
def test_a_lock_that_cannot_be_met_is_the_solutions_fault(tiny, cache, lock, told):
    (tiny / "double.lock").write_text(lock)
    with pytest.raises(SolutionError) as error:
        build_all(tiny, cache, ONE)
    assert told.lower() in str(error.value).lower()


def test_a_package_beyond_lambdas_limit_names_the_largest(tiny, cache):
    with (tiny / "src/double/huge.bin").open("wb") as stream:
        stream.truncate(263_000_000)
    with pytest.raises(SolutionError) as error:
        build_all(tiny, cache, ONE)
    assert "huge.bin 251 MiB" in str(error.value)


def test_a_wheel_for_another_platform_is_not_packed(tmp_path, tiny, cache):
    wheels = tmp_path / "wheels"
    line = make_wheel(wheels, "windep")
    (wheels / "windep-1.0-py3-none-any.whl").rename(wheels / "windep-1.0-py3-none-win_amd64.whl")
    (tiny / "double.lock").write_text(line)
    with pytest.raises(SolutionError, match="windep"):
        build_all(tiny, cache, copy.deepcopy(ONE))


def platform_wheel(folder: Path, tag: str, code: str) -> str:
    """A wheel for one platform, with code of its own; its hash as a lock names it."""
    line = make_wheel(folder, code=code)
    (folder / "tinydep-1.0-py3-none-any.whl").rename(folder / f"tinydep-1.0-{tag}.whl")
    return line.split()[1]


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_wheels_are_the_functions_runtimes_and_architectures(tmp_path, wheels, cache, architecture):
    machines = {"x86_64": "x86_64", "arm64": "aarch64"}
    folder, host = tmp_path / "wheels", f"cp3{sys.version_info[1]}"
    tags = {a: f"cp312-cp312-manylinux2014_{m}" for a, m in machines.items()}
    tags |= {"host": f"{host}-{host}-manylinux2014_{platform.machine()}"}
    (folder / "tinydep-1.0-py3-none-any.whl").unlink()
    hashes = [platform_wheel(folder, tag, f"FOR = '{name}'\n") for name, tag in tags.items()]
    root = write_solution(tmp_path / "tiny", f"tinydep==1.0 {' '.join(hashes)}\n")
    config = copy.deepcopy(ONE)
    config["components"]["double"]["architecture"] = architecture
    artifact = build_all(root, cache, config)["double"]
    for variant, name in ((artifact, architecture), (artifact.executed, "host")):
        with zipfile.ZipFile(variant.path) as archive:
            assert archive.read("tinydep/__init__.py").decode() == f"FOR = '{name}'\n"
    assert artifact.facts["architecture"] == architecture


def test_where_when_and_by_whom_it_is_built_is_not_in_it(tmp_path, wheels, monkeypatch):
    digests = set()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    for place, mask, zone, when in (("a", 0o022, "UTC", 10**9), ("b/c", 0o077, "Asia/Tokyo", 0)):
        monkeypatch.setenv("TZ", zone)
        before = os.umask(mask)
        try:
            root = write_solution(tmp_path / place, wheels)
            for path in root.rglob("*"):
                os.utime(path, (when, when))
            monkeypatch.chdir(root)
            artifact = build_all(root, tmp_path / place / "cache", ONE)["double"]
        finally:
            os.umask(before)
        digests.add((artifact.sha256, artifact.executed.sha256, artifact.inputs))
    assert len(digests) == 1
