"""docker-compose.yml as its users run it, in a project of the tests' own."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.containers import CA_BUNDLE, ROOT, UID, Ran, client, docker
from helpers.whole_runs import newest_run

CACHE = "lockgate-tests-compose"  # a volume that outlives the tests


@dataclass(frozen=True)
class Project:
    """A Compose project; `override` is a second file, laid over ours."""

    name: str
    override: Path | None = None

    def start(self, solution: Path, *words: str, uid: int = UID, commit: str = "") -> subprocess.Popen[str]:
        """A command of Compose's over a solution's folder, both its streams in one pipe."""
        files = [ROOT / "docker-compose.yml", *([self.override] if self.override else [])]
        argv = [*compose(), "--project-name", self.name, *(f"--file={path}" for path in files), *words]
        chosen = {
            "HOME": str(ROOT / ".lockgate" / "docker"),
            "LOCKGATE_SOLUTION_DIR": str(solution),
            "LOCKGATE_CACHE_VOLUME": CACHE,
            "LOCKGATE_UID": str(uid),
            "LOCKGATE_GID": str(uid),
            "LOCKGATE_COMMIT": commit,
        }
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        env = {**os.environ, **chosen}
        return subprocess.Popen(argv, env=env, text=True, errors="replace", **pipes)  # type: ignore[call-overload]

    def gate(self, solution: Path, *options: str, uid: int = UID, commit: str = "") -> Ran:
        """`docker compose run --rm gate`: the solution judged."""
        return ended(self.start(solution, *gate_words(*options), uid=uid, commit=commit), solution)

    def sandbox(self) -> str:
        """The id of the sandbox's container, '' where there is none."""
        label = f"label=com.docker.compose.project={self.name}"
        return docker(
            "ps", "-aq", "--filter", label, "--filter", "label=com.docker.compose.service=sandbox"
        ).strip()

    def down(self) -> None:
        """End it, and remove its volume, but not the cache."""
        ended(self.start(ROOT, "down", "--timeout", "5"), ROOT)
        docker("volume", "rm", "--force", f"{self.name}_functions")


def gate_words(*options: str) -> list[str]:
    words = ["run", "--rm", "-T", *options]
    if CA_BUNDLE.exists():  # how the package index is reached may be this machine's own
        words += ["-v", f"{CA_BUNDLE}:/ca.pem:ro", "-e", "PIP_CERT=/ca.pem"]
    return [*words, "gate"]


def ended(process: subprocess.Popen[str], solution: Path) -> Ran:
    """What a command came to, and the manifest of the solution's newest run."""
    out, _ = process.communicate(timeout=600)
    newest = newest_run(solution)
    return Ran(process.returncode, out, json.loads((newest / "manifest.json").read_bytes()) if newest else {})


def compose() -> list[str]:
    """Debian's Compose 1.29, else the client's own; a test fails where there is neither."""
    debian = Path("/usr/bin/docker-compose")
    if debian.exists():
        return [str(debian)]
    if subprocess.run([client(), "compose", "version"], capture_output=True, check=False).returncode:
        pytest.fail("there is no docker compose: run tests/containers/engine.sh as root", pytrace=False)
    return [client(), "compose"]
