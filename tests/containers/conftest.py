"""Every test here needs an engine and the images; both are had once."""

from __future__ import annotations

import pytest
from helpers import containers


@pytest.fixture(scope="session", autouse=True)
def images() -> None:
    """lockgate:deploy, :runner and :sandbox, built from this tree (what is unchanged costs seconds)."""
    containers.require_engine()
    containers.build("deploy", "runner", "sandbox")
