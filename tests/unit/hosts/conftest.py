"""No test of a host leaves the process interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest

from runner.adapters import shell


@pytest.fixture
def interrupted() -> Iterator[Event]:
    """The process's own flag, which a signal would set."""
    shell.INTERRUPTED.clear()
    yield shell.INTERRUPTED
    shell.INTERRUPTED.clear()
