"""What the images weigh and how soon they work.

    tests/containers/engine.sh && images/base/build.sh
    BASE_IMAGE=lockgate-base:bookworm images/build.sh deploy merge runner sandbox
    python benchmarks/image.py [BASE] [RUNS]

Needs the package index once, for the tiny solution's environment. Prints MB (10^6 bytes) over the
base: plain, and compressed layer by layer as a registry stores them; then what each package costs;
then medians of RUNS starts. Goals: deploy under 60 MB compressed; `--help` within 0.5 s of bare Python.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from helpers.containers import CA_BUNDLE, HARDENED, client, docker, hand_over  # noqa: E402
from helpers.whole_runs import tiny  # noqa: E402

TARGETS = ("deploy", "runner", "sandbox")
MERGES = "merge"  # of which only the size differs: it starts as `deploy` does
CACHE = "lockgate-benchmark"
MB, CHUNK = 1e6, 1 << 20
STAMPING = (
    "import pathlib, time\n\ndef test_one():\n    pathlib.Path('/work/stamp').write_text(str(time.time()))\n"
)


def layers(image: str) -> list[str]:
    """The digests of an image's layers, lowest first."""
    told: list[str] = json.loads(docker("image", "inspect", image))[0]["RootFS"]["Layers"]
    return told


def saved_layers(image: str, below: int, folder: Path) -> list[Path]:
    """Layers above the lowest `below` ones, as uncompressed tar files."""
    docker("save", "--output", str(folder / "image.tar"), image)
    with tarfile.open(folder / "image.tar") as archive:
        archive.extractall(folder, filter="data")
    names = json.loads((folder / "manifest.json").read_bytes())[0]["Layers"]
    return [folder / name for name in names[below:]]


def compressed(path: Path, *argv: str) -> int:
    """Bytes that a compressor makes of a file."""
    with path.open("rb") as source:
        return len(subprocess.run(argv, stdin=source, capture_output=True, check=True).stdout)


def by_package(paths: list[Path]) -> list[tuple[str, float, float]]:
    """(package, MB, MB with zlib by itself), largest first. Libraries beside a package count as its own."""
    plain: defaultdict[str, int] = defaultdict(int)
    small: defaultdict[str, int] = defaultdict(int)
    packers: defaultdict[str, zlib._Compress] = defaultdict(lambda: zlib.compressobj(6))
    for path in paths:
        with tarfile.open(path) as layer:
            for member in layer:
                _, found, inside = member.name.partition("site-packages/")
                if found and member.isfile() and (data := layer.extractfile(member)):
                    name = inside.split("/")[0].split(".")[0].lstrip("_").partition("-")[0]
                    content = data.read()
                    plain[name] += len(content)
                    small[name] += len(packers[name].compress(content))
    for name, packer in packers.items():
        small[name] += len(packer.flush())
    return sorted(((n, plain[n] / MB, small[n] / MB) for n in plain), key=lambda row: -row[2])


def sizes(base: str) -> None:
    """Print what each target adds to the base."""
    below = len(layers(base))
    zstd = shutil.which("zstd")
    for target in (*TARGETS, MERGES):
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            paths = saved_layers(f"lockgate:{target}", below, Path(folder))
            own = [path for path in paths if path.stat().st_size > 4096]
            gzip = sum(compressed(p, "gzip", "-6", "-n", "-c") for p in own) / MB
            packed = sum(compressed(p, zstd, "-3", "-q", "-c") for p in own) / MB if zstd else float("nan")
            plain = sum(p.stat().st_size for p in own) / MB
            print(f"{target:<8} {plain:7.1f} plain {gzip:7.1f} gzip {packed:7.1f} zstd")
            print(f"{'':8} of which the last layer, Lockgate itself: {own[-1].stat().st_size / MB:.1f} plain")
            rows = [f"{name} {big:.1f} ({little:.1f})" for name, big, little in by_package(own)[:16]]
            print(f"{'':8} plain (zlib): {', '.join(rows)}")


def timed(argv: list[str]) -> float:
    """Seconds of a command that must succeed."""
    begun = time.monotonic()
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(argv)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return time.monotonic() - begun


def median(runs: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(runs))


def starts(runs: int) -> None:
    """Print the time to the first executed check, and of its parts."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        solution = tiny(Path(folder), STAMPING)
        if os.geteuid() == 0:
            hand_over(solution)
        mounts = [f"--volume={solution}:/work", f"--volume={CACHE}:/cache", "--network=host"]
        if CA_BUNDLE.exists():
            mounts += [f"--volume={CA_BUNDLE}:/ca.pem:ro", "--env=PIP_CERT=/ca.pem"]
        run = [client(), "run", "--rm", *HARDENED, *mounts]
        timed([*run, "lockgate:runner", "install"])

        for target in TARGETS:
            image = f"lockgate:{target}"
            bare = median(runs, partial(timed, [*run, "--entrypoint=true", image]))
            python = median(runs, partial(timed, [*run, "--entrypoint=python3", image, "-c", "pass"])) - bare
            shown = median(runs, partial(timed, [*run, image, "--help"])) - bare
            check = median(runs, partial(first_check, [*run, image, "run"], solution))
            print(
                f"{target:<8} container {bare:.2f} s; python -c pass +{python:.2f}; --help +{shown:.2f};",
                end="",
            )
            print(f" first executed check after {check:.2f} s")


def first_check(argv: list[str], solution: Path) -> float:
    """Seconds from starting the client to the first line of the first test."""
    begun = time.time()
    timed(argv)
    return float((solution / "stamp").read_text()) - begun


if __name__ == "__main__":
    if not client():
        sys.exit("no Docker engine answers: tests/containers/engine.sh")
    sizes(sys.argv[1] if len(sys.argv) > 1 else "lockgate-base:bookworm")
    starts(int(sys.argv[2]) if len(sys.argv) > 2 else 5)
