"""A Docker engine, the images under test, and runs of them, for the tests under tests/containers/."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from helpers.whole_runs import newest_run

ROOT = Path(__file__).resolve().parents[2]
BASE = "lockgate-base:bookworm"
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
UID = 1000  # the image's own user
# How the image is meant to be run wherever that can be chosen.
HARDENED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--tmpfs=/tmp")
WITHOUT = "no Docker engine answers: run tests/containers/engine.sh as root, or start yours"


@dataclass(frozen=True)
class Ran:
    """A finished container: exit status, what it printed, and the manifest of its newest run."""

    code: int
    out: str
    manifest: dict[str, Any]

    @property
    def status(self) -> str:
        return str(self.manifest["verdict"]["status"])


@functools.cache
def client() -> str:
    """The docker client to use; '' where no engine answers. Debian's first: it builds by itself."""
    for name in ("/usr/bin/docker", shutil.which("docker") or ""):
        if name and Path(name).exists() and _run([name, "version"]).returncode == 0:
            return name
    return ""


def require_engine() -> None:
    """Skip where there is no engine. In CI a skip would hide that nothing was tested: it fails."""
    if client():
        return
    if os.environ.get("CI") and not os.environ.get("LOCKGATE_NO_DOCKER"):
        pytest.fail(f"{WITHOUT} (LOCKGATE_NO_DOCKER=1 skips this in CI)", pytrace=False)
    pytest.skip(WITHOUT)


def _run(argv: Sequence[str], env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    # The home folder of tests cannot be written, and the client wants to keep its state there.
    scratch = ROOT / ".lockgate" / "docker"
    scratch.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        argv,
        env={**os.environ, "HOME": str(scratch), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=1800,
    )


def docker(*argv: str, check: bool = True) -> str:
    """Run the client and return what it printed; fails the test where it fails."""
    done = _run([client(), *argv])
    if check and done.returncode:
        pytest.fail(f"docker {' '.join(argv)}\n{done.stdout[-4000:]}", pytrace=False)
    return done.stdout


def build(*targets: str, name: str = "lockgate", ca: Path | None = None, options: str = "") -> None:
    """Build images as a person does, with images/build.sh; the base first where it is missing."""
    if _run([client(), "image", "inspect", BASE]).returncode:
        _script([str(ROOT / "images/base/build.sh"), BASE], {})
    bundle = ca or (CA_BUNDLE if CA_BUNDLE.exists() else None)
    env = {"BASE_IMAGE": BASE, "LOCKGATE_IMAGE": name, "LOCKGATE_BUILD_OPTIONS": options}
    _script([str(ROOT / "images/build.sh"), *targets], env | ({"LOCKGATE_CA": str(bundle)} if bundle else {}))


def _script(argv: Sequence[str], env: Mapping[str, str]) -> None:
    done = _run(argv, {"DOCKER": client(), **env})
    if done.returncode:
        pytest.fail(f"{' '.join(argv)}\n{done.stdout[-6000:]}", pytrace=False)


def start(image: str, *command: str, options: Sequence[str] = ()) -> Ran:
    """Run a container to its end, with nothing mounted but what `options` say."""
    done = _run([client(), "run", "--rm", *options, image, *command])
    return Ran(done.returncode, done.stdout, {})


def judge(
    solution: Path,
    *command: str,
    image: str = "lockgate:runner",
    options: Sequence[str] = HARDENED,
    cache: str = "lockgate-tests-user",
) -> Ran:
    """Run the image over a solution, mounted at /work, with a cache that outlives the tests."""
    mounts = [f"--volume={solution}:/work", f"--volume={cache}:/cache", "--network=host"]
    if CA_BUNDLE.exists():  # how the package index is reached may be this machine's own
        mounts += [f"--volume={CA_BUNDLE}:/ca.pem:ro", "--env=PIP_CERT=/ca.pem"]
    ran = start(image, *command, options=[*mounts, *options])
    newest = newest_run(solution)
    return Ran(ran.code, ran.out, json.loads((newest / "manifest.json").read_bytes()) if newest else {})


def hand_over(folder: Path, uid: int = UID) -> Path:
    """Make a folder's files a user's, as a checkout on that user's machine would be."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)
    return folder
