"""`lockgate run --on HOST` as a process of its own, and the containers that it starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.containers import CA_BUNDLE, docker

# A first test that passes, and a second one that says that it runs and waits to be killed.
SLOW = """
import pathlib, time
def test_first():
    print("the first one")
def test_slow():
    pathlib.Path("/tmp/begun").touch()
    time.sleep(90)
"""
HONEST = "def test_one():\n    pass\n\ndef test_two():\n    pass\n\ndef test_three():\n    pass\n"
FAILING = HONEST + "\ndef test_bad():\n    assert 1 == 2\n"
# What a test in a container must not find, on any host.
PROBES = """
import os, pathlib, pytest

def processes():
    return [int(p.name) for p in pathlib.Path("/proc").iterdir() if p.name.isdigit()]

def test_pid_1_is_lockgate_and_shows_nothing():
    assert b"--store" in pathlib.Path("/proc/1/cmdline").read_bytes()
    for name in ("environ", "mem", "maps", "auxv"):
        with pytest.raises(PermissionError):
            pathlib.Path("/proc/1", name).open("rb").read()
    with pytest.raises(PermissionError):
        os.listdir("/proc/1/fd")

def test_no_process_shows_a_key_or_credentials():
    seen = 0
    for pid in processes():
        try:
            environ = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        except (PermissionError, FileNotFoundError):
            continue
        seen += 1
        for word in (b"LOCKGATE_SEAL_KEY", b"AWS_CONTAINER_CREDENTIALS", b"AWS_ACCESS_KEY", b"AWS_SESSION"):
            assert word not in environ, (pid, word)
    assert seen  # its own, at the least

def test_no_socket_of_an_engine():
    for name in ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock"):
        assert not os.path.exists(name)

def test_nobodys_rights():
    status = dict(l.split(":", 1) for l in pathlib.Path("/proc/self/status").read_text().splitlines())
    assert int(status["CapEff"], 16) == 0
    assert os.getuid() == 1000
"""


@dataclass
class Run:
    """A `lockgate run` that was started: `env` is what it has beside this process's environment."""

    root: Path
    host: str
    env: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    out: str = ""

    def __post_init__(self) -> None:
        argv = [sys.executable, "-P", "-m", "runner", "run", "--solution", str(self.root), "--on", self.host]
        ca = {"LOCKGATE_CA": str(CA_BUNDLE)} if CA_BUNDLE.exists() else {}
        self.process = subprocess.Popen(
            [*argv, *self.options], env={**os.environ, **ca, **self.env}, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    @property
    def id(self) -> str:
        """The run's id, once it has one."""
        return until(lambda: next((p.name for p in self.root.glob(".lockgate/runs/*")), ""), self)

    def end(self) -> int:
        """Wait for it; the exit status."""
        self.out, _ = self.process.communicate(timeout=240)
        return self.process.returncode

    @property
    def manifest(self) -> dict[str, Any]:
        """Its manifest, {} where it left none."""
        found = list(self.root.glob(".lockgate/runs/*/manifest.json"))
        return json.loads(found[0].read_bytes()) if found else {}

    def stage(self, name: str) -> Path:
        """A file that its unit stage left."""
        return next(self.root.glob(".lockgate/runs/*")) / "stages/unit" / name

    def assert_verdict(self, code: int, status: str, said: str = "") -> None:
        assert self.end() == code, self.out
        assert self.manifest["verdict"]["status"] == status, self.out
        assert said in self.manifest["verdict"]["reason"], self.manifest["verdict"]


def until(look: Callable[[], str], run: Run, seconds: float = 120.0) -> str:
    """What a look gives once it gives something, while the run goes on."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert run.process.poll() is None, run.process.communicate()[0]
        assert time.monotonic() < deadline, "it did not begin"
        time.sleep(0.1)
    return found


def containers(*filters: str) -> list[str]:
    """Ids of containers, stopped ones too."""
    return docker("ps", "-aq", "--no-trunc", *(f"--filter={f}" for f in filters)).split()


def begun(run: Run, find: Callable[[], list[str]]) -> str:
    """The container of a run of SLOW, once its second test runs."""

    def look() -> str:
        started = [c for c in find() if "yes" in docker("exec", c, "sh", "-c", LOOK, check=False)]
        return started[0] if started else ""

    return until(look, run)


LOOK = "test -e /tmp/begun && echo yes"
