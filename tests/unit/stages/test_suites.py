"""What a pytest session said, as checks. Whole sessions are in tests/integration/test_sabotage.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.model import Status
from runner.stages.channel import parse
from runner.stages.suites import status_of

NONCE = "n" * 32
CODE = (Path("/s/src"),)


def said(*events: object) -> bytes:
    return b"".join(json.dumps(e).encode() + b"\n" for e in events)


FINISH = {"event": "finish", "nonce": NONCE, "count": 1}
PASSED = {"event": "check", "id": "t::a", "outcome": "passed"}


def test_a_whole_report_is_believed() -> None:
    heard = parse(said({"event": "collected", "ids": ["t::a"]}, PASSED, FINISH), NONCE, 0)
    assert (heard.ids, len(heard.checks), heard.damage) == (["t::a"], 1, "")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        said(PASSED),
        said(PASSED, {**FINISH, "nonce": "x"}),
        said(FINISH, PASSED),
        said(PASSED, FINISH)[:-4],
        b"rubbish\n" + said(FINISH),
        said(FINISH, {"event": "surprise"}),
        said([1, 2], FINISH),
        said({"event": "check"}, FINISH),
        b"\xff\xfe\n" + said(FINISH),
    ],
)
def test_any_other_is_not(data: bytes) -> None:
    assert parse(data, NONCE, 0).damage


@pytest.mark.parametrize(
    ("outcome", "files", "status"),
    [
        ("passed", [], Status.PASSED),
        ("skipped", [], Status.SKIPPED),
        ("failed", [], Status.FAILED),
        ("setup", ["/s/suites/test_x.py"], Status.ERROR),
        ("setup", ["/s/suites/test_x.py", "/s/src/app.py"], Status.FAILED),
        ("collection", ["/usr/lib/python3/importlib.py"], Status.ERROR),
        ("collection", ["/s/src/deep/app.py"], Status.FAILED),
        ("teardown", ["/s/srcs/app.py"], Status.ERROR),
        ("xpassed?", [], Status.ERROR),
    ],
)
def test_broken_code_is_failed_and_a_broken_test_is_error(
    outcome: str, files: list[str], status: Status
) -> None:
    assert status_of(outcome, [Path(f) for f in files], CODE) is status
