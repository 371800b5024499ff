"""A real registry for tests: Debian's docker-registry, in a folder of the test's own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

WITHOUT = "there is no docker-registry: apt-get install docker-registry"
CONFIG = """version: 0.1
storage:
  filesystem: {{rootdirectory: {root}}}
http: {{addr: 127.0.0.1:{port}}}
log: {{level: error}}
"""


def require_registry() -> str:
    """The registry's program. In CI its absence would hide that nothing was tested: it fails."""
    found = shutil.which("docker-registry")
    if not found and os.environ.get("CI") and not os.environ.get("LOCKGATE_NO_DOCKER"):
        pytest.fail(WITHOUT, pytrace=False)
    if not found:
        pytest.skip(WITHOUT)
    return found


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """A registry that lives as long as the context; its host, 127.0.0.1:PORT."""
    program, port = require_registry(), _free_port()
    (folder / "config.yml").write_text(CONFIG.format(root=folder / "blobs", port=port))
    with (folder / "registry.log").open("wb") as log:
        served = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{port}/v2/")
        yield f"127.0.0.1:{port}"
    finally:
        served.terminate()
        served.wait(10)


def _free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait(url: str, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(url, timeout=1):  # noqa: S310
            return
        time.sleep(0.05)
    pytest.fail(f"no registry answers at {url}", pytrace=False)
