"""Telling: every channel is tried, nothing is raised, and what did not work is said."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from helpers.incidents import INCIDENT, Answers, incident

from runner.adapters.redact import Redactor
from runner.adapters.secret_names import Secret
from runner.config.schema import Notify
from runner.errors import InfrastructureError
from runner.incident.channels import Topic, topic
from runner.incident.message import body
from runner.incident.tell import Tools, tell
from runner.model import Status
from runner.notifying import channels
from runner.watch import is_wanted

ARN = "arn:aws:sns:eu-central-1:123456789012:failures"


@dataclass
class Channel:
    name: str = "one"
    error: Exception | None = None
    got: list[object] = field(default_factory=list)

    def send(self, sent):
        self.got.append(sent)
        if self.error:
            raise self.error


def tools(folder: Path, *ways, **more) -> Tools:
    return Tools(ways, folder, Redactor([Secret("TOKEN", "correct-horse-battery")]), **more)


def test_the_message_links_to_the_evidence_beside_the_run(tmp_path):
    way = Channel()
    told = tell(INCIDENT, tools(tmp_path, way, upload=lambda path: f"s3://runs/1/{path.name}"))
    assert told.bundle == "s3://runs/1/incident.zip"
    assert (tmp_path / "incident.zip").is_file()
    assert "s3://runs/1/incident.zip" in body(way.got[0])
    assert told.lines() == ["told: one", "evidence: s3://runs/1/incident.zip"]


@pytest.mark.parametrize(
    "error", [InfrastructureError("no way"), KeyError("x"), RecursionError(), OSError(1, "no")]
)
def test_one_that_fails_keeps_no_other(tmp_path, error):
    last = Channel("last")
    told = tell(INCIDENT, tools(tmp_path, Channel("first", error), last))
    assert told.sent == ("last",)
    assert told.lines()[1].startswith("NOT TOLD: first: ")


def test_evidence_that_cannot_be_written_keeps_no_message(tmp_path):
    way = Channel()
    (tmp_path / "file").touch()
    told = tell(INCIDENT, tools(tmp_path / "file", way))
    assert told.sent == ("one",)
    assert told.bundle == ""
    assert told.lacks[0].startswith("everything: ")


def test_an_upload_that_fails_leaves_the_bundle_here_and_says_so(tmp_path):
    def upload(path):
        raise InfrastructureError("AccessDenied")

    told = tell(INCIDENT, tools(tmp_path, upload=upload))
    assert told.bundle == str(tmp_path / "incident.zip")
    assert told.lacks == ("its place beside the run: AccessDenied",)


def test_no_secret_is_told(tmp_path):
    way = Channel()
    error = InfrastructureError("bad token correct-horse-battery")
    told = tell(incident(cause="it was correct-horse-battery"), tools(tmp_path, way, Channel("two", error)))
    assert way.got[0].cause == "it was [redacted TOKEN]"
    assert "horse" not in " ".join(told.lines())


def test_a_topic_gets_the_message_its_attributes_and_an_order_if_it_keeps_one():
    aws = Answers({})
    Topic(aws, ARN).send(INCIDENT)
    Topic(aws, f"{ARN}.fifo").send(INCIDENT)
    (_, plain), (_, ordered) = aws.calls
    assert plain["TopicArn"] == ARN
    assert plain["MessageAttributes"]["solution"] == {"DataType": "String", "StringValue": "flights"}
    assert "MessageGroupId" not in plain
    assert (ordered["MessageGroupId"], ordered["MessageDeduplicationId"]) == ("flights", INCIDENT.dedup)


def test_a_topic_is_reached_in_its_own_region():
    assert topic(Answers({}).target, ARN).aws.target.region == "eu-central-1"


SET = {
    "LOCKGATE_NOTIFY_WEBHOOK": "https://hooks.example.org/from-environment",
    "HOOK": "https://hooks.example.org/hook-1",
}


@pytest.mark.parametrize(
    ("notify", "environ", "expected"),
    [
        (Notify(), {}, []),
        (Notify(sns=ARN), {}, ["SNS topic failures"]),
        (Notify(sns=ARN), {"LOCKGATE_NOTIFY_TOPIC": f"{ARN}2"}, ["SNS topic failures2"]),
        (Notify(), {"LOCKGATE_NOTIFY_TOPIC": "x"}, ["SNS: 'x' is no ARN of a topic"]),
        (Notify(webhook_env="HOOK", format="teams"), SET, ["teams webhook"]),
        (Notify(webhook_env="HOOK"), {"HOOK": SET["HOOK"]}, ["slack webhook"]),
        (Notify(webhook_env="HOOK"), {}, ["webhook: the variable HOOK is not set"]),
        (Notify(), {**SET, "LOCKGATE_NOTIFY_FORMAT": "irc"}, ["webhook: 'irc' is none of slack, teams"]),
        (Notify(), {"LOCKGATE_NOTIFY_WEBHOOK": "http://hooks.example.org"}, ["webhook: it is no https URL"]),
    ],
)
def test_who_is_told(notify, environ, expected):
    ways = channels(notify, Answers({}).target, environ)
    shown = [f"{w.name}: {w.error.what}" if hasattr(w, "error") else w.name for w in ways]
    assert shown == expected


def test_a_topic_without_an_aws_is_told_as_such():
    (way,) = channels(Notify(sns=ARN), None, {})
    assert "no AWS was asked for" in way.error.what


@pytest.mark.parametrize(
    ("chosen", "complete", "environ", "wanted"),
    [
        (None, True, {}, False), (None, True, {"CI": "true"}, True),
        (None, True, {"CODEBUILD_BUILD_ID": "p:1"}, True),
        (None, False, {"CI": "1"}, False), (None, True, {"CI": "false"}, False), (True, False, {}, True),
        (False, True, {"CI": "true"}, False),
    ],
)  # fmt: skip
def test_when_a_run_is_told(chosen, complete, environ, wanted):
    assert is_wanted(chosen, Notify(sns=ARN), complete=complete, environ=environ) is wanted


def test_in_ci_without_anybody_named_nobody_is_told():
    assert not is_wanted(None, Notify(), complete=True, environ={"CI": "true"})
    assert is_wanted(None, Notify(), complete=True, environ={"CI": "1", "LOCKGATE_NOTIFY_TOPIC": ARN})


def test_the_status_is_part_of_what_repeats_are_known_by():
    assert incident(status=Status.ERROR).dedup != INCIDENT.dedup
