"""The images as their users run them: read-only, without rights, and with nothing that they need not have."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from helpers.containers import BASE, CA_BUNDLE, HARDENED, UID, build, docker, hand_over, judge, start
from helpers.whole_runs import tiny

from runner import __version__

pytestmark = pytest.mark.docker

TARGETS = ("deploy", "runner", "sandbox")
PASSES = "import os\n\ndef test_user():\n    assert os.getuid() == 1000\n\ndef test_two():\n    assert True\n"
FAILS = "def test_one():\n    assert 6 * 7 == 41\n"


def config(image: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(docker("image", "inspect", image))[0]
    return told


def inside(target: str, code: str, *options: str) -> Any:
    """What Python code prints as JSON in a container, in the image's own interpreter."""
    ran = start(
        f"lockgate:{target}",
        "-c",
        code,
        options=[*HARDENED, *options, "--entrypoint=/opt/lockgate/bin/python"],
    )
    assert ran.code == 0, ran.out
    return json.loads(ran.out)


def test_a_sound_solution_passes_without_any_right(tmp_path: Path) -> None:
    ran = judge(hand_over(tiny(tmp_path, PASSES)), "run")
    assert (ran.code, ran.status) == (0, "PASSED"), ran.out


def test_a_planted_failure_fails(tmp_path: Path) -> None:
    ran = judge(hand_over(tiny(tmp_path, FAILS)), "run")
    assert (ran.code, ran.status) == (1, "FAILED"), ran.out
    assert "test_one: assert (6 * 7) == 41" in ran.out.splitlines()[-1]


def test_what_cannot_be_written_is_told_and_nothing_passes(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    ran = judge(hand_over(tiny(tmp_path, PASSES), uid=UID + 1), "run")
    assert ran.code == 3
    assert ran.out.startswith("lockgate: /work/.lockgate: Permission denied"), ran.out


@pytest.mark.parametrize("target", TARGETS)
def test_any_user_and_no_mount_at_all(target: str) -> None:
    ran = start(f"lockgate:{target}", "--version", options=[*HARDENED, "--user=4321:4321", "--network=none"])
    assert (ran.code, ran.out.strip()) == (0, f"lockgate, version {__version__}")


@pytest.mark.parametrize("target", TARGETS)
def test_the_image_says_what_it_is(target: str) -> None:
    told = config(f"lockgate:{target}")["Config"]
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    label = "org.opencontainers.image."
    assert told["Labels"][label + "version"] == __version__
    assert told["Labels"][label + "revision"] == head.stdout.strip()
    assert label + "source" in told["Labels"]
    assert (told["User"], told["Entrypoint"]) == ("lockgate", ["lockgate"])


def test_each_target_has_what_it_is_for() -> None:
    names = ["boto3", "pip", "pandas", "great_expectations", "onnxruntime", "cfnlint", "duckdb", "ministack"]
    code = f"import importlib.util as u, json; print(json.dumps([n for n in {names} if u.find_spec(n)]))"
    assert inside("deploy", code) == names[:1]
    assert inside("runner", code) == names[:7]
    assert inside("sandbox", code) == names


def test_everything_is_compiled() -> None:
    code = """if True:
        import json, pathlib, sys
        from importlib.util import cache_from_source
        files = [p for d in sys.path[1:] for p in pathlib.Path(d).rglob("*.py") if "/test" not in str(p)]
        bare = [str(p) for p in files if not pathlib.Path(cache_from_source(p)).exists()]
        print(json.dumps([len(files), bare]))
    """
    count, bare = inside("sandbox", code)
    assert count > 5000
    # Templates and what belongs to other Pythons; Debian leaves a few of its own uncompiled.
    assert [p for p in bare if "site-packages" in p and "templates/" not in p] == []
    assert len(bare) < 20


@pytest.mark.parametrize("target", TARGETS)
def test_its_user_can_write_where_it_should_and_nowhere_else(target: str) -> None:
    find = r"find / -xdev \( -type d -o -type f \) -writable 2>/dev/null || true"
    ran = start(f"lockgate:{target}", "-c", find, options=["--entrypoint=sh", "--network=none"])
    assert set(ran.out.split()) - {"/tmp", "/var/tmp", "/run/lock"} == {"/cache", "/scratch", "/work"}
    assert set(config(f"lockgate:{target}")["Config"]["Volumes"]) == {"/cache", "/scratch", "/tmp", "/work"}


def test_what_only_deploys_stays_small(tmp_path: Path) -> None:
    """Under 60 MB over its base, as a registry keeps it: layer by layer, compressed."""
    docker("save", "--output", str(tmp_path / "image.tar"), "lockgate:deploy")
    below = len(json.loads(docker("image", "inspect", BASE))[0]["RootFS"]["Layers"])
    with tarfile.open(tmp_path / "image.tar") as archive:
        names = json.load(archive.extractfile("manifest.json") or io.BytesIO())[0]["Layers"]
        layers = [archive.extractfile(name) for name in names[below:]]
        size = sum(len(zlib.compress(layer.read(), 6)) for layer in layers if layer)
    assert 10e6 < size < 60e6


def test_scratch_files_can_be_executed() -> None:
    """`--tmpfs /tmp` is noexec, and a solution's native libraries are unpacked to temporary folders."""
    script = "cp /bin/true $TMPDIR/x && $TMPDIR/x && cp /bin/true $LOCKGATE_CACHE/x && $LOCKGATE_CACHE/x"
    ran = start("lockgate:runner", "-c", script, options=[*HARDENED, "--entrypoint=sh"])
    assert ran.code == 0, ran.out


def test_help_answers_at_once() -> None:
    code = """if True:
        import json, subprocess, time
        def best(*argv):
            times = []
            for _ in range(5):
                begun = time.monotonic()
                subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
                times.append(time.monotonic() - begun)
            return min(times)
        print(json.dumps(best("lockgate", "--help") - best("python3", "-c", "pass")))
    """
    assert inside("runner", code) < 0.5


MARK = "# lockgate-tests: this line of a secret bundle must be in no layer"


@pytest.fixture(scope="module")
def secretly_built(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The deploy image once more, nothing taken from the build cache, with a marked CA bundle."""
    bundle = tmp_path_factory.mktemp("ca") / "ca.pem"
    bundle.write_text(f"{MARK}\n{CA_BUNDLE.read_text() if CA_BUNDLE.exists() else ''}")
    name = "lockgate-tests-again"
    build("deploy", name=name, ca=bundle, options="--no-cache")
    return f"{name}:deploy"


def layer_files(saved: Path) -> Iterator[str]:
    """The paths in every layer of a saved image."""
    with tarfile.open(saved) as archive:
        for name in archive.getnames():
            if name.endswith("layer.tar"):
                with tarfile.open(fileobj=archive.extractfile(name)) as layer:
                    yield from layer.getnames()


def test_the_ca_bundle_is_in_no_layer(secretly_built: str, tmp_path: Path) -> None:
    saved = tmp_path / "image.tar"
    docker("save", "--output", str(saved), secretly_built)
    data = saved.read_bytes()  # layers are saved uncompressed
    assert b"org.opencontainers.image.revision" in data
    assert b"def main(argv: Sequence[str] | None = None)" in data
    assert MARK.encode() not in data
    assert MARK not in docker("history", "--no-trunc", secretly_built)
    names = set(layer_files(saved))
    assert "opt/lockgate/bin/lockgate" in names
    assert not [n for n in names if n.startswith("run/secrets")]


def entries(image: str, folder: Path) -> list[list[tuple[object, ...]]]:
    """Every layer's entries with all that is said of them and their bytes, by name."""
    folder.mkdir()
    docker("save", "--output", str(folder / "image.tar"), image)
    found = []
    with tarfile.open(folder / "image.tar") as archive:
        for name in json.load(archive.extractfile("manifest.json") or io.BytesIO())[0]["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(name)) as layer:
                found.append(sorted((entry(layer, member) for member in layer), key=str))
    return found


def entry(layer: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[object, ...]:
    data = layer.extractfile(member) if member.isfile() else None
    said = (member.name, member.mode, member.uid, member.gid, member.mtime, member.type, member.linkname)
    return (*said, sha256(data.read()).hexdigest() if data else "")


def test_the_same_sources_give_the_same_layers(secretly_built: str, tmp_path: Path) -> None:
    """Compared entry by entry: in which order they stand in a layer is the engine's, and overlay2 has two
    ways to write one, of which it takes the other where two builds made the same layer at once."""
    first, second = entries("lockgate:deploy", tmp_path / "a"), entries(secretly_built, tmp_path / "b")
    assert [len(layer) for layer in first] == [len(layer) for layer in second]
    assert first == second
