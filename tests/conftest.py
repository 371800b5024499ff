"""What must never happen in a test raises: a real AWS, the real network, the real home folder.

Processes that tests start on purpose (pip for a solution's environment) are not stopped by this;
they inherit an environment without credentials and with a home that cannot be written.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.adapters.output import SECRECY

ROOT = Path(__file__).resolve().parent.parent
NOWHERE = "/dev/null/home-of-tests"
CACHE = Path(os.environ.get("LOCKGATE_TEST_CACHE", ROOT / ".lockgate" / "test-cache"))


def pytest_configure(config: pytest.Config) -> None:
    for name in [n for n in os.environ if n.startswith(("AWS_", "LOCKGATE_"))]:
        if name != "LOCKGATE_NO_DOCKER":
            del os.environ[name]
    os.environ.update(
        HOME=NOWHERE,
        XDG_CACHE_HOME=NOWHERE,
        LOCKGATE_CACHE=str(CACHE),
        PIP_CACHE_DIR=str(CACHE / "pip"),
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE="/dev/null",
        AWS_SHARED_CREDENTIALS_FILE="/dev/null",
    )


def _local(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    try:
        return ipaddress.ip_address(str(address[0])).is_loopback
    except ValueError:
        return str(address[0]) == "localhost"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one patch in these tests: it guards them, it does not fake what they test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if not _local(address):
            raise RuntimeError(f"a test tried to reach {address!r}: only this machine is allowed")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _no_secrets_of_another_test() -> Iterator[None]:
    """What a process learned to hide it hides for ever; one test's secret is another one's word."""
    known = dict(SECRECY.known)
    yield
    SECRECY.known, SECRECY.made = known, None


@pytest.fixture
def cache() -> Path:
    """A cache that outlives the test run, so that environments are built once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    return CACHE
