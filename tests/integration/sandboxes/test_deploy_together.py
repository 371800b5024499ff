"""Versions that never ran together are judged on a test stack before a rollback brings them together."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from helpers.releases import LIVE_TEST, Shop, answer, function_of, world

from runner.adapters.aws import Aws, sandbox_target
from runner.cli import main
from runner.errors import SolutionError
from runner.release.lease import Busy
from runner.release.records import Ended
from runner.releasing import Return, deploy, roll_back, statuses
from runner.sandbox.choose import URL
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with (
        start_embedded(tmp_path_factory.mktemp("log")) as sandbox,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv(URL, sandbox.url)
        yield Aws(sandbox_target(sandbox.url))


@pytest.fixture(scope="module")
def shop(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A model, another model, and other features with it: the first model never met those."""
    root = tmp_path_factory.mktemp("shop")
    shop = Shop(root / "square", root / "cache")
    for factor, bias in ((3, 0), (5, 0), (5, 1)):
        done = deploy(shop.asked(shop.release(factor=factor, bias=bias)), world())
        assert done.outcome is not None and done.outcome.ended is Ended.SUCCEEDED, done.outcome
    return shop


def test_what_does_not_pass_together_changes_nothing(
    aws: Aws, shop: Shop, capfd: pytest.CaptureFixture[str]
) -> None:
    suite = shop.root / "suites/integration/test_live.py"
    suite.write_text(LIVE_TEST.replace('assert "y" in ask(', "assert 0 == ask("))
    before = _production(aws, shop)
    with pytest.raises(
        SolutionError, match=r"do not pass together: integration is FAILED: .*test_it_answers"
    ):
        roll_back(shop.asked(), world(), Return("model"))
    assert _production(aws, shop) == before
    assert main(["rollback", "--env", "prod", "--component", "model", "--solution", str(shop.root)]) == 1
    assert "nothing was changed; --now goes back without asking" in capfd.readouterr().err
    assert _production(aws, shop) == before
    assert _stacks(aws) == [shop.stack], "the test stacks are gone"
    suite.write_text(LIVE_TEST)


def test_what_passes_together_goes_back(aws: Aws, shop: Shop) -> None:
    """After the one before: a refusal is in nobody's way."""
    said: list[str] = []
    done = roll_back(shop.asked(), world(say=said.append), Return("model"))
    assert done.outcome is not None and done.outcome.ended is Ended.SUCCEEDED
    assert answer(aws, 2) == 15
    assert len(list((shop.root / ".lockgate/runs").glob("*/stages/integration/result.json"))) >= 3
    assert _stacks(aws) == [shop.stack]


def test_another_release_that_comes_while_they_are_asked_is_not_lost(aws: Aws, shop: Shop) -> None:
    """The suites take minutes; what somebody deploys meanwhile would be taken back unseen."""
    run = shop.release(factor=5, bias=2)

    def say(line: str) -> None:
        if line.startswith("features from"):
            deploy(shop.asked(run), world())

    with pytest.raises(Busy, match="took the place of release"):
        roll_back(shop.asked(), world(say=say), Return("features", "2026.11.23-1", now=True))
    assert answer(aws, 2) == 30


def _production(aws: Aws, shop: Shop) -> tuple[float, str, str]:
    """What is answered, by which version, and what the ledger and the stack say."""
    alias = aws.call("lambda", "get_alias", FunctionName=function_of(aws, shop.stack, "Predict"), Name="live")
    (status,) = statuses(shop.root, "prod", world(), real=False)
    assert status.good is not None and status.last is not None
    return answer(aws, 2), alias["FunctionVersion"], json.dumps([status.good.number, status.last.number])


def _stacks(aws: Aws) -> list[str]:
    listed = aws.pages("cloudformation", "list_stacks", "StackSummaries")
    return [s["StackName"] for s in listed if s["StackStatus"] != "DELETE_COMPLETE"]
