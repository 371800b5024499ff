"""A release whose aliases CodeDeploy moves: the sandbox's real aliases, a double of CodeDeploy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.codedeploy_double import CodeDeployDouble, deploying
from helpers.releases import Shop, answer, world

from runner.adapters.aws import Aws, AwsTarget, boto_clients, sandbox_target
from runner.release.records import Ended
from runner.releasing import deploy
from runner.sandbox.choose import URL
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration
GROUPS = {"FeaturesLive": "features", "PredictLive": "predict"}


@pytest.fixture
def double(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CodeDeployDouble]:
    with start_embedded(tmp_path / "log") as sandbox:
        monkeypatch.setenv(URL, sandbox.url)
        with deploying(CodeDeployDouble(boto_clients(sandbox_target(sandbox.url)), 0.1)) as service:
            yield service


def test_code_deploy_moves_them_and_the_stack_follows(double: CodeDeployDouble, tmp_path: Path) -> None:
    away = boto_clients(sandbox_target(double.url))

    def connect(target: AwsTarget) -> Aws:
        mine = boto_clients(target)
        return Aws(target, lambda service: (away if service == "codedeploy" else mine)(service))

    away("codedeploy").create_application(applicationName="square", computePlatform="Lambda")
    for name in GROUPS.values():
        away("codedeploy").create_deployment_group(
            applicationName="square", deploymentGroupName=name, serviceRoleArn="r"
        )
    shop = Shop(tmp_path / "square", tmp_path / "cache")
    shop.configure(code_deploy={"application": "square", "groups": GROUPS})
    aws = connect(sandbox_target(os.environ[URL]))
    told = world(connect=connect, sleep=lambda seconds: None)
    deploy(shop.asked(shop.release(factor=3)), told)
    assert double.count("CreateDeployment") == 0  # nothing to move on the first day
    second = shop.release(factor=5)
    done = deploy(shop.asked(second), told)
    assert done.outcome is not None
    assert done.outcome.ended is Ended.SUCCEEDED, done.outcome.cause
    assert double.count("CreateDeployment") == 1
    assert done.release.id in next(
        given["description"] for name, given in double.calls if name == "CreateDeployment"
    )
    assert answer(aws, 2) == 20
    assert deploy(shop.asked(second), told).outcome is None
    assert not double.wrong_answers
