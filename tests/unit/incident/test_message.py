"""The message as SNS takes it, whatever the code under test calls its checks."""

from __future__ import annotations

import json

from helpers.incidents import INCIDENT, incident
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runner.incident import Finding, findings
from runner.incident.chat import LINK, slack, teams
from runner.incident.message import body, finding, subject
from runner.model import Check, Status

ANY = st.text(max_size=400)
FINDINGS = st.lists(st.builds(Finding, ANY, ANY, st.sampled_from(Status), ANY, ANY, ANY), max_size=30)


def test_the_subject_says_what_failed_where_and_why():
    assert subject(INCIDENT) == "FAILED deploy of flights to prod at model: roc_auc: too low"


@given(ANY, ANY, ANY, ANY)
@example("\x07", "\x9d", "", "")  # an escape over two fields
def test_any_subject_is_one_short_ascii_line(cause, solution, stage, environment):
    line = subject(incident(cause=cause, solution=solution, stage=stage, environment=environment))
    assert len(line) < 100
    assert line.isascii()
    assert line.isprintable()
    assert line.startswith("FAILED deploy of ")


def test_a_finding_has_the_measured_value_and_its_limit():
    line = finding(INCIDENT.failed[0])
    assert line == "FAILED model/roc_auc: too low; measured 0.71, limit >= 0.75"


def test_the_body_has_what_a_person_needs():
    text = body(INCIDENT)
    for expected in (
        "c" * 40,
        "prod",
        "2026.11.23-2",
        "r2",
        "limit >= 0.75",
        INCIDENT.dedup,
        *INCIDENT.links.values(),
    ):
        assert expected in text


def test_findings_beyond_the_first_are_counted():
    text = body(incident(failed=INCIDENT.failed * 5000))
    assert text.count("roc_auc: too low; measured") == 10
    assert "and 4,990 more" in text


@settings(max_examples=50, deadline=None)
@given(FINDINGS, ANY, st.dictionaries(ANY, ANY, max_size=6))
def test_any_message_fits_everywhere(found, cause, links):
    wild = incident(failed=tuple(found), cause=cause, links=links)
    assert len(body(wild).encode()) <= 256 * 1024
    told = slack(wild)
    assert len(told["blocks"]) <= 50
    assert all(len(block["text"]["text"]) <= 3000 for block in told["blocks"])
    assert len(json.dumps(teams(wild)).encode()) <= 28 * 1024


def test_a_body_beyond_the_limit_is_cut():
    endless = {f"{n}": "x" * 2000 for n in range(200)}
    assert 200_000 < len(body(incident(links=endless)).encode()) <= 256 * 1024


def test_slack_parses_nothing_that_a_test_named():
    wild = incident(
        cause="<!channel> *b*", failed=(Finding("s", "<http://evil|click>", Status.FAILED),),
        links={"<!here>": "https://example.org/", "log": "https://evil.example/|x>", "s3": "s3://b/k"},
    )  # fmt: skip
    told = slack(wild)
    parsed = [b["text"]["text"] for b in told["blocks"] if b["text"]["type"] == "mrkdwn"]
    assert parsed == ["<https://example.org/|&lt;!here&gt;>"]
    assert "<" not in told["text"]
    assert any("<!channel>" in b["text"]["text"] for b in told["blocks"] if b["text"]["type"] == "plain_text")


def test_teams_gets_a_card_with_buttons_for_https_alone():
    content = teams(INCIDENT)["attachments"][0]["content"]
    assert content["actions"] == [
        {"type": "Action.OpenUrl", "title": "log", "url": "https://console.example.org/builds/1#log"}
    ]
    texts = [block["inlines"][0]["text"] for block in content["body"]]
    assert "report: s3://runs/1/report.html" in texts
    assert {block["inlines"][0]["type"] for block in content["body"]} == {"TextRun"}, (
        "TextRun parses no markdown"
    )


@given(ANY)
def test_a_link_is_https_and_ends_nowhere_early(tail):
    if LINK.fullmatch(f"https://example.org/{tail}"):
        assert not set(tail) & set('<>|"\\ \n')


def test_repeats_have_one_id_and_other_failures_another():
    assert incident(cause="later", end=INCIDENT.start).dedup == INCIDENT.dedup
    others = {incident(id="r3").dedup, incident(environment="test").dedup, incident(stage="unit").dedup}
    assert len(others | {INCIDENT.dedup}) == 4


def test_only_what_did_not_pass_is_a_finding():
    checks = [Check(s, s, cause="why", measured="1", limit="2") for s in Status]
    assert [(f.id, f.measured, f.limit) for f in findings("unit", checks)] == [
        ("FAILED", "1", "2"),
        ("ERROR", "1", "2"),
    ]
