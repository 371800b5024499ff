"""Deploying for real: into a local AWS whose Lambdas answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.releases import TEMPLATE, Shop, answer, world

from runner.adapters.aws import Aws, sandbox_target
from runner.release.records import Ended
from runner.releasing import Return, deploy, roll_back, statuses
from runner.sandbox.choose import URL
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with start_embedded(tmp_path / "log") as sandbox:
        monkeypatch.setenv(URL, sandbox.url)
        yield Aws(sandbox_target(sandbox.url))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "square", tmp_path / "cache")


def test_a_release_runs_and_the_second_time_nothing_is_done(aws: Aws, shop: Shop) -> None:
    run = shop.release(factor=3)
    done = deploy(shop.asked(run), world(say=print))
    assert done.outcome is not None
    assert done.outcome.ended is Ended.SUCCEEDED, done.outcome.cause
    assert answer(aws, 2) == 12
    assert deploy(shop.asked(run), world()).outcome is None
