"""Deploying for real: into a local AWS whose Lambdas answer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from helpers.releases import TEMPLATE, Shop, answer, function_of, world

from runner.adapters.aws import Aws, sandbox_target
from runner.errors import InfrastructureError, RefusedError
from runner.release.flow import Done
from runner.release.records import Ended
from runner.releasing import Return, deploy, roll_back, statuses
from runner.sandbox.choose import URL
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration
NUMBERS = count(1)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with start_embedded(tmp_path_factory.mktemp("log")) as started:
        yield started.url


@pytest.fixture
def aws(sandbox: str, monkeypatch: pytest.MonkeyPatch) -> Aws:
    monkeypatch.setenv(URL, sandbox)
    return Aws(sandbox_target(sandbox))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A solution, ledger and stack of each test's own."""
    shop = Shop(tmp_path / "square", tmp_path / "cache")
    shop.config["solution"] = f"square{next(NUMBERS)}"
    shop.configure(stack_name=f"{shop.config['solution']}-prod")
    return shop


def test_a_release_runs_and_the_second_time_nothing_is_done(aws: Aws, shop: Shop) -> None:
    run = shop.release(factor=3)
    done = deploy(shop.asked(run), world(say=print))
    assert done.outcome is not None
    assert done.outcome.ended is Ended.SUCCEEDED, done.outcome.cause
    assert answer(aws, 2, shop.stack) == 12
    assert deploy(shop.asked(run), world()).outcome is None


def test_each_step_there_and_back(aws: Aws, shop: Shop) -> None:
    """Release, a new model, a new features, the model back alone, the whole back, and forth again."""
    shop.golden = True
    first = shop.release(factor=3)
    deploy(shop.asked(first), world())
    second = shop.release(factor=5)
    assert _ended(deploy(shop.asked(second), world(say=print))) is Ended.SUCCEEDED
    assert answer(aws, 2, shop.stack) == 20
    deploy(shop.asked(shop.release(factor=5, bias=1)), world())
    assert answer(aws, 2, shop.stack) == 25
    assert _agrees(shop)

    back = roll_back(shop.asked(), world(say=print), Return("model", now=True))
    assert _ended(back) is Ended.SUCCEEDED
    assert answer(aws, 2, shop.stack) == 15  # the old model, the new features
    assert back.release.content.parts["model"].version == "2026.11.23-1"
    assert back.release.content.parts["features"].version == "2026.11.23-2"
    assert _agrees(shop)

    whole = roll_back(shop.asked(), world(say=print), Return())
    assert answer(aws, 2, shop.stack) == 20
    assert whole.release.restores == 2
    names = ("2026.11.23-3+0000003", "2026.11.23-2+0000002")
    assert (back.offer, whole.offer) == ("", "lockgate merge --revert {} --since {}".format(*names))
    again = roll_back(shop.asked(), world(say=print), Return())
    assert answer(aws, 2, shop.stack) == 12
    assert again.release.restores == 1
    assert _agrees(shop)
    shop.release(factor=5)
    assert _ended(deploy(shop.asked(shop.root / ".lockgate/runs/run2"), world())) is Ended.SUCCEEDED
    assert answer(aws, 2, shop.stack) == 20


def _ended(done: Done) -> Ended:
    assert done.outcome is not None
    return done.outcome.ended


def _tables(aws: Aws, shop: Shop) -> list[str]:
    return [name for name in aws.call("dynamodb", "list_tables")["TableNames"] if shop.stack in name]


def _agrees(shop: Shop) -> bool:
    (status,) = statuses(shop.root, "prod", world(), real=False)
    assert status.good is not None
    return status.agrees


def test_wrong_answers_never_get_traffic(aws: Aws, shop: Shop) -> None:
    shop.golden = True
    deploy(shop.asked(shop.release(factor=3)), world())
    done = deploy(shop.asked(shop.release(factor=4, expected=5)), world(say=print))
    assert done.outcome is not None
    assert done.outcome.ended is Ended.FAILED
    assert done.outcome.restored
    assert "golden row 1: answer.y: served 4, training gave 5" in done.outcome.cause
    assert answer(aws, 2, shop.stack) == 12
    assert _agrees(shop)


def test_a_handler_that_raises_never_gets_traffic(aws: Aws, shop: Shop) -> None:
    deploy(shop.asked(shop.release(factor=3)), world())
    broken = "def handler(event, context):\n    raise ValueError('no such column')\n"
    done = deploy(shop.asked(shop.release(factor=4, predict=broken)), world(say=print))
    assert done.outcome is not None
    assert (done.outcome.ended, done.outcome.restored) == (Ended.FAILED, True)
    assert "test_it_answers" in done.outcome.cause
    assert answer(aws, 2, shop.stack) == 12


def test_a_stack_that_fails_to_update_stays_as_it_was(aws: Aws, shop: Shop) -> None:
    deploy(shop.asked(shop.release(factor=3)), world())
    broken = TEMPLATE.replace(
        "Outputs:\n",
        "  Wait:\n    Type: AWS::CloudFormation::WaitCondition\n"
        "    Properties: {Timeout: '1', Count: 1, Handle: !Ref H}\n"
        "  H: {Type: AWS::CloudFormation::WaitConditionHandle}\nOutputs:\n",
    )
    done = deploy(shop.asked(shop.release(factor=4, template=broken)), world(say=print))
    assert done.outcome is not None
    assert (done.outcome.ended, done.outcome.restored) == (Ended.FAILED, True)
    assert "Wait" in done.outcome.cause
    assert answer(aws, 2, shop.stack) == 12
    assert _agrees(shop)


def test_data_is_not_lost_by_accident(aws: Aws, shop: Shop) -> None:
    deploy(shop.asked(shop.release(factor=3)), world())
    replaced = TEMPLATE.replace("Default: data", "Default: other")
    done = deploy(shop.asked(shop.release(factor=3, template=replaced)), world(say=print))
    assert done.outcome is not None
    assert done.outcome.ended is Ended.FAILED
    assert "Table" in done.outcome.cause
    assert _tables(aws, shop) == [f"{shop.stack}-data"]
    named = shop.asked(shop.root / ".lockgate/runs/run2", replace=("Table",))
    assert _ended(deploy(named, world(say=print))) is Ended.SUCCEEDED
    assert _tables(aws, shop) == [f"{shop.stack}-other"]


class Cut(Aws):
    """A line that is cut before the first byte of a release."""

    def upload_new(self, path: Path, bucket: str, key: str) -> None:
        raise InfrastructureError("the line is cut")

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        if operation == "put_object" and "deployments/" not in arguments["Key"]:
            raise InfrastructureError("the line is cut")
        return super().call(service, operation, **arguments)


@pytest.mark.parametrize("is_first", [True, False])
def test_what_was_cut_off_before_its_template_lay_anywhere_gives_way(
    aws: Aws, shop: Shop, is_first: bool
) -> None:
    if not is_first:
        deploy(shop.asked(shop.release(factor=3)), world())
    run = shop.release(factor=4, template=TEMPLATE + "  Name: {Value: another}\n")
    with pytest.raises(InfrastructureError, match="the line is cut"):
        deploy(shop.asked(run), world(connect=Cut))
    shutil.rmtree(run)
    assert _ended(deploy(shop.asked(shop.release(factor=5)), world())) is Ended.SUCCEEDED
    assert answer(aws, 2, shop.stack) == 20


def test_a_failure_is_told_with_its_cause(aws: Aws, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = aws.call("sns", "create_topic", Name="failures")["TopicArn"]
    queue = aws.call("sqs", "create_queue", QueueName="failures")["QueueUrl"]
    arn = aws.call("sqs", "get_queue_attributes", QueueUrl=queue, AttributeNames=["QueueArn"])
    aws.call("sns", "subscribe", TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
    monkeypatch.setenv("LOCKGATE_NOTIFY_TOPIC", topic)
    shop.golden = True
    deploy(shop.asked(shop.release(factor=3)), world())
    assert "Messages" not in aws.call("sqs", "receive_message", QueueUrl=queue)
    deploy(shop.asked(shop.release(factor=4, expected=5)), world())
    (message,) = aws.call("sqs", "receive_message", QueueUrl=queue)["Messages"]
    for word in ("square", "prod", "golden row 1", "served 4, training gave 5", f"{2:040x}", "incident"):
        assert word in message["Body"], word
    listed = aws.pages(
        "s3", "list_objects_v2", "Contents", Bucket="lockgate-artifacts", Prefix="deployments/"
    )
    assert [o for o in listed if "/incidents/00000002-" in o["Key"]]


def test_an_object_that_was_changed_in_the_bucket_is_refused(aws: Aws, shop: Shop) -> None:
    deploy(shop.asked(shop.release(factor=3)), world())
    run = shop.release(factor=5)
    done = deploy(shop.asked(run), world())
    key = done.release.content.parts["model"].key
    deploy(shop.asked(shop.release(factor=7)), world())
    aws.call("s3", "put_object", Bucket="lockgate-artifacts", Key=key, Body=b"9\n")
    shop.release(factor=5)
    with pytest.raises(RefusedError, match="not what its name says"):
        deploy(shop.asked(run), world())
    assert answer(aws, 2, shop.stack) == 28
    back = roll_back(shop.asked(), world(), Return())
    assert back.outcome is not None
    assert (back.outcome.ended, back.outcome.restored) == (Ended.FAILED, True)
    assert answer(aws, 2, shop.stack) == 28


def test_a_parameter_that_is_not_shown(aws: Aws, shop: Shop) -> None:
    """NoEcho: CloudFormation answers **** for it. A new value of it is deployed all the same."""
    secret = TEMPLATE.replace("  Suffix:", "  Password: {Type: String, NoEcho: true}\n  Suffix:")
    secret = secret.replace("{MODEL_URI: !Ref ModelUri}", "{MODEL_URI: !Ref ModelUri, WORD: !Ref Password}")
    said: list[str] = []
    for password in ("open sesame", "close sesame"):
        shop.configure(parameters={"Password": password})
        run = shop.release(factor=3, template=secret)
        assert _ended(deploy(shop.asked(run), world(say=said.append))) is Ended.SUCCEEDED
        assert deploy(shop.asked(run), world()).outcome is None
        name = function_of(aws, shop.stack, "Predict")
        told = aws.call("lambda", "get_function_configuration", FunctionName=name, Qualifier="live")
        assert told["Environment"]["Variables"]["WORD"] == password
    assert _agrees(shop)
    assert "not read back: parameter Password (NoEcho)" in said
    assert "sesame" not in "".join(said)
