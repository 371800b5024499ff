"""The bundle of evidence: bounded, without secrets, the same bytes for the same evidence; never a raise."""

from __future__ import annotations

import io
import json
import os
import threading
import zipfile
from dataclasses import replace
from datetime import timedelta

import boto3
import pytest
from helpers.aws_model import problems
from helpers.incidents import END, Answers, incident

from runner.adapters.aws import AwsError
from runner.adapters.redact import Redactor
from runner.adapters.secret_names import Secret
from runner.incident.bundle import collect
from runner.incident.gather import Piece, gather
from runner.incident.sources.logs import log_file

SECRET = "correct-horse-battery"
REDACTOR = Redactor([Secret("DB_PASSWORD", SECRET)])
KEY = [
    "-----BEGIN PRIVATE KEY-----",
    *(["QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk"] * 3),
    "-----END PRIVATE KEY-----",
]
ROLE = "arn:aws:iam::123456789012:role/deploy"
WHOLE = incident(
    stack="flights-prod", role=ROLE, log_groups=("/aws/lambda/fn",),
    tasks=("arn:aws:ecs:us-east-1:123456789012:task/c1/t1", "arn:aws:ecs:us-east-1:123456789012:task/c2/t2"),
)  # fmt: skip


def milliseconds(seconds_before_end: float) -> int:
    return int((END - timedelta(seconds=seconds_before_end)).timestamp() * 1000)


def log_event(message, before=5.0, stream="s1"):
    return {"timestamp": milliseconds(before), "logStreamName": stream, "message": message}


def trail(arn="", issuer="", **fields):
    identity = {"arn": arn, "sessionContext": {"sessionIssuer": {"arn": issuer}}}
    event = {
        "eventName": "UpdateStack",
        "userIdentity": identity,
        "requestParameters": {"p": SECRET},
        **fields,
    }
    return {"CloudTrailEvent": json.dumps(event), "Resources": [{"ResourceName": "flights-prod"}]}


def stack_event(name, status="CREATE_FAILED", kind="AWS::X::Y", physical="p", before=60, **more):
    return {
        "StackId": "arn:stack", "StackName": "flights-prod", "LogicalResourceId": name, "ResourceType": kind,
        "ResourceStatus": status, "PhysicalResourceId": physical,
        "Timestamp": END - timedelta(seconds=before), **more,
    }  # fmt: skip


def trace(**arguments):
    return {
        "Traces": [{"Id": i, "Segments": [{"Document": '{"fault": true}'}]} for i in arguments["TraceIds"]]
    }


TABLE = {
    "logs:filter_log_events": {"events": [log_event(f"password {SECRET}")]},
    "cloudtrail:lookup_events": {"Events": [trail(issuer=ROLE), trail(arn="somebody else")]},
    "xray:get_trace_summaries": {"TraceSummaries": [{"Id": "1-a"}]},
    "xray:batch_get_traces": trace,
    "cloudformation:describe_stack_events": [stack_event("Second"), stack_event("First", before=90)],
    "ecs:describe_tasks": lambda **asked: {
        "tasks": [{"taskArn": t, "stoppedReason": "OutOfMemory", "overrides": {"environment": SECRET},
                   "containers": [{"name": "c", "exitCode": 137}]} for t in asked["tasks"]]
    },
}  # fmt: skip


def unzipped(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def outcomes(bundle) -> dict[str, str]:
    return {source["source"]: source["outcome"] for source in bundle.index["sources"]}


def test_every_source_is_in_it_and_no_secret_is(tmp_path):
    (tmp_path / "stage.log").write_text(f"log {SECRET}")
    bundle = collect(incident_with(tmp_path / "stage.log"), Answers(TABLE), REDACTOR)
    files = unzipped(bundle.data)
    assert set(outcomes(bundle).values()) == {"collected"}
    assert sorted(files) == [
        "cloudtrail.jsonl", "ecs-tasks.jsonl", "index.json", log_file("/aws/lambda/fn"), "run/stage.log",
        "stack-events.jsonl", "xray.jsonl",
    ]  # fmt: skip
    assert SECRET not in "".join(files.values())
    assert json.loads(files["index.json"]) == bundle.index


def incident_with(*paths):
    return replace(WHOLE, files={f"run/{path.name}": path for path in paths})


def test_every_request_fits_the_services_own_model():
    aws = Answers(TABLE)
    collect(WHOLE, aws, REDACTOR)
    asked = {name for name, _ in aws.calls}
    assert asked == set(TABLE)
    for name, arguments in aws.calls:
        service, _, operation = name.partition(":")
        client = boto3.client(service, region_name="us-east-1")
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
        assert problems(model.input_shape, arguments) == "", name


def test_traces_with_faults_are_asked_for_of_six_hours_at_most_and_read_five_at_a_time():
    pages = {"": {"TraceSummaries": [{"Id": f"{n}"} for n in range(7)], "NextToken": "t"},
             "t": {"TraceSummaries": [{"Id": f"t{n}"} for n in range(30)]}}  # fmt: skip
    aws = Answers({**TABLE, "xray:get_trace_summaries": lambda NextToken="", **_: pages[NextToken]})
    bundle = collect(replace(WHOLE, start=END - timedelta(days=2)), aws, REDACTOR)
    asked = [arguments for name, arguments in aws.calls if name == "xray:get_trace_summaries"]
    assert all(a["FilterExpression"] == "fault = true" for a in asked)
    assert all(a["EndTime"] - a["StartTime"] == timedelta(hours=6) for a in asked)
    read = [len(arguments["TraceIds"]) for name, arguments in aws.calls if name == "xray:batch_get_traces"]
    assert read == [5, 5, 5, 5]
    assert len(unzipped(bundle.data)["xray.jsonl"].splitlines()) == 20


def test_the_same_evidence_gives_the_same_bytes():
    assert collect(WHOLE, Answers(TABLE), REDACTOR).data == collect(WHOLE, Answers(TABLE), REDACTOR).data


def test_the_trail_is_the_roles_own_without_what_was_sent():
    events = unzipped(collect(WHOLE, Answers(TABLE), REDACTOR).data)["cloudtrail.jsonl"].splitlines()
    assert [json.loads(e)["eventName"] for e in events] == ["UpdateStack"]
    assert "requestParameters" not in events[0]


def test_tasks_are_asked_of_their_own_clusters():
    aws = Answers(TABLE)
    collect(WHOLE, aws, REDACTOR)
    asked = {a["cluster"]: a["tasks"] for name, a in aws.calls if name == "ecs:describe_tasks"}
    assert {cluster: len(tasks) for cluster, tasks in asked.items()} == {"c1": 1, "c2": 1}


def test_stack_events_are_in_order_those_of_nested_stacks_too():
    def events(StackName):
        if StackName == "flights-prod":
            nested = stack_event("Nested", kind="AWS::CloudFormation::Stack", physical="arn:nested")
            return [nested, stack_event("Old", before=3600 * 5), nested]
        return [stack_event("Inner", StackId="arn:nested")]

    aws = Answers({**TABLE, "cloudformation:describe_stack_events": events})
    found = unzipped(collect(WHOLE, aws, REDACTOR).data)["stack-events.jsonl"].splitlines()
    assert [json.loads(e)["LogicalResourceId"] for e in found] == ["Nested", "Nested", "Inner"]


def test_logs_stand_in_times_order_those_nearest_the_failure_come_first_over_the_wire():
    def events(startTime, endTime, **_):
        every = [log_event("early", 600), log_event("late", 2), log_event("too early", 1700)]
        return {"events": [e for e in every if startTime <= e["timestamp"] <= endTime]}

    aws = Answers({**TABLE, "logs:filter_log_events": events})
    text = unzipped(collect(WHOLE, aws, REDACTOR).data)[log_file("/aws/lambda/fn")]
    assert [line.rpartition(" ")[2] for line in text.splitlines()] == ["<==", "early", "late"]
    starts = [a["startTime"] for name, a in aws.calls if name == "logs:filter_log_events"]
    assert starts == sorted(starts, reverse=True)


def test_a_secret_of_several_lines_is_found_over_several_events():
    events = [log_event(line, 5 - n / 100) for n, line in enumerate(["before", *KEY, "after"])]
    aws = Answers({**TABLE, "logs:filter_log_events": {"events": events}})
    text = unzipped(collect(WHOLE, aws, REDACTOR).data)[log_file("/aws/lambda/fn")]
    assert KEY[1] not in text
    assert "before" in text and "after" in text


def test_pages_are_followed_to_the_end():
    pages = {"": {"events": [log_event("1")], "nextToken": "t"}, "t": {"events": [log_event("2", 4)]}}
    aws = Answers({**TABLE, "logs:filter_log_events": lambda nextToken="", **_: pages[nextToken]})
    assert " 2" in unzipped(collect(WHOLE, aws, REDACTOR).data)[log_file("/aws/lambda/fn")]


ERRORS = [
    AwsError("not authorized to perform", code="AccessDenied"), KeyError("Events"), RecursionError(),
    OSError(5, "io"), MemoryError(), UnicodeDecodeError("utf-8", b"", 0, 1, "x"),
]  # fmt: skip


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("operation", TABLE)
def test_whatever_a_source_raises_is_told_and_the_others_are_there(operation, error):
    bundle = collect(WHOLE, Answers({**TABLE, operation: error}), REDACTOR)
    bad = [source for source in bundle.index["sources"] if source["outcome"] == "failed"]
    assert len(bad) == 1
    assert bad[0]["why"]
    assert len(bundle.lacks) == 1
    assert list(outcomes(bundle).values()).count("collected") == 4


def test_without_an_aws_and_without_names_nothing_is_asked_and_that_is_said():
    assert set(outcomes(collect(WHOLE, None, REDACTOR)).values()) == {"nothing", "not asked"}
    aws = Answers(TABLE)
    bundle = collect(incident(), aws, REDACTOR)
    assert {name.partition(":")[0] for name, _ in aws.calls} == {"xray"}
    assert bundle.lacks == ()


def test_links_pipes_and_missing_files_are_not_read(tmp_path):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "link.log").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe.log")
    big = tmp_path / "big.log"
    big.write_bytes(b"a" * 2**20 + b"the end")
    bundle = collect(
        incident_with(tmp_path / "link.log", tmp_path / "pipe.log", tmp_path / "no.log", big), None, REDACTOR
    )
    assert [n for n in unzipped(bundle.data) if n.startswith("run/")] == ["run/big.log"]
    assert unzipped(bundle.data)["run/big.log"].endswith("the end")
    assert all(name in bundle.lacks[0] for name in ("link.log", "pipe.log", "no.log", "last 1,024 KiB"))


def test_a_source_that_takes_too_long_is_not_waited_for_and_what_it_gave_is_kept():
    stuck = threading.Event()

    def slow():
        yield Piece("f", "x", 1)
        stuck.wait(30)
        yield Piece("f", "too late", 1)

    found = gather({"slow": slow, "quick": lambda: iter([Piece("q", "y", 1)])}, seconds=0.2)
    stuck.set()
    assert [(one.outcome, len(one.pieces)) for one in found] == [("partial", 1), ("collected", 1)]
    assert "time" in found[0].why


def test_a_source_that_never_ends_is_cut():
    def endless():
        while True:
            yield Piece("f", "x" * 100, 100)

    (found,) = gather({"endless": endless}, limit=1000)
    assert (found.outcome, len(found.pieces)) == ("partial", 10)


def test_two_log_groups_never_share_a_file():
    assert len({log_file(g) for g in ("/a/b", "/a-b", "a-b", "/a/b/", "../../etc", "")}) == 6
    assert ".." not in log_file("../../etc")
