"""A deployment that somebody stops by a signal, and the way out of what it left half-way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.releases import TEMPLATE, Shop, answer, world

from runner.adapters.aws import Aws, sandbox_target
from runner.errors import Interrupted
from runner.release.records import Ended
from runner.releasing import Return, deploy, roll_back, statuses
from runner.sandbox.choose import URL
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with start_embedded(tmp_path / "log") as started:
        monkeypatch.setenv(URL, started.url)
        yield Aws(sandbox_target(started.url))


def test_a_signal_stops_a_canary_and_a_rollback_takes_its_share_back(aws: Aws, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "square", tmp_path / "cache")
    deploy(shop.asked(shop.release(factor=3)), world())
    deploy(shop.asked(shop.release(factor=5)), world())
    shop.configure(traffic="canary-10-percent-5-minutes")
    run = shop.release(factor=7)
    said: list[str] = []

    def interrupted(seconds: float) -> None:
        assert "10%" in said[-1]
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted) as stopped:
        deploy(shop.asked(run), world(sleep=interrupted, say=said.append))
    assert stopped.value.exit_code == 130
    assert "`lockgate rollback --env prod` goes back" in str(stopped.value)
    (status,) = statuses(shop.root, "prod", world(), real=False)
    assert status.holding is None and status.outcome is None
    back = roll_back(shop.asked(), world(say=said.append), Return())
    assert back.outcome and (back.outcome.ended, back.release.restores) == (Ended.SUCCEEDED, 2)
    assert "release 3 was cut off: back to release 2 (2026.11.23-2+0000002)" in said
    assert answer(aws, 2, shop.stack) == 20
    (status,) = statuses(shop.root, "prod", world(), real=False)
    assert status.agrees


def test_a_stack_that_never_ran_was_not_changed_by_hand(aws: Aws, tmp_path: Path) -> None:
    """What a first creation that failed leaves has no drift that could be looked for."""
    shop = Shop(tmp_path / "square", tmp_path / "cache")
    waiting = (
        "  Wait:\n    Type: AWS::CloudFormation::WaitCondition\n"
        "    Properties: {Timeout: '1', Count: 1, Handle: !Ref H}\n"
        "  H: {Type: AWS::CloudFormation::WaitConditionHandle}\n"
    )
    broken = TEMPLATE.replace("Outputs:\n", f"{waiting}Outputs:\n")
    done = deploy(shop.asked(shop.release(factor=3, template=broken)), world())
    assert done.outcome and done.outcome.ended is Ended.FAILED
    told = aws.call("cloudformation", "describe_stacks", StackName=shop.stack)["Stacks"]
    assert told[0]["StackStatus"] == "ROLLBACK_COMPLETE"
    said: list[str] = []
    done = deploy(shop.asked(shop.release(factor=5)), world(say=said.append))
    assert done.outcome and (done.outcome.ended, done.outcome.drift) == (Ended.SUCCEEDED, ())
    assert not [line for line in said if "by hand" in line]
