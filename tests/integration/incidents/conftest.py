"""One local AWS for all tests here, which records what is done in it."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.adapters.aws import Aws, sandbox_target
from runner.sandbox.process import Sandbox, start_embedded


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    cache = Path(os.environ["LOCKGATE_CACHE"])
    with start_embedded(tmp_path_factory.mktemp("sandbox"), cache) as running:
        Aws(sandbox_target(running.url)).call("cloudtrail", "lookup_events")  # loads it
        setting = json.dumps({"cloudtrail._recording_enabled": "true"}).encode()
        urllib.request.urlopen(f"{running.url}/_ministack/config", setting).close()  # noqa: S310  our own
        yield running


@pytest.fixture
def aws(sandbox: Sandbox) -> Aws:
    return Aws(sandbox_target(sandbox.url))
