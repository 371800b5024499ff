from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.codepipeline import FakeCodePipeline, serving

from runner.adapters.shell import INTERRUPTED


@pytest.fixture(scope="session")
def _served() -> Iterator[FakeCodePipeline]:
    with serving(FakeCodePipeline()) as running:
        yield running


@pytest.fixture
def service(_served: FakeCodePipeline) -> Iterator[FakeCodePipeline]:
    """A CodePipeline without jobs."""
    _served.reset()
    yield _served
    assert not _served.wrong_answers


@pytest.fixture(autouse=True)
def _not_interrupted() -> Iterator[None]:
    INTERRUPTED.clear()
    yield
    INTERRUPTED.clear()
