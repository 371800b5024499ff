"""What `lockgate status` says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from helpers.flows import NOON, content, release

from runner.cli.released import told
from runner.release.flow import Done
from runner.release.lease import Holding
from runner.release.records import Ended, Kind, Outcome
from runner.release.status import EnvironmentStatus, entry, lines

LOST = "WHAT RAN BEFORE WAS NOT BROUGHT BACK"
GOOD = release(content(2), 2)
ENDED = Outcome(2, Ended.SUCCEEDED, "", NOON.isoformat(), "ann")
CALM = EnvironmentStatus("prod", "square-prod", GOOD, NOON.isoformat(), GOOD, ENDED, None, ())
HOLDING = Holding(3, "h", "square-prod 0123", "bob", NOON.isoformat(), NOON.isoformat())


def test_each_component_with_its_version_and_digest() -> None:
    head, *parts = lines(CALM)
    assert head == (
        "prod: release 2 2026.11.23-2+abcdef0, deploy, since 2026-11-23T12:00:00+00:00 by ann "
        "(stack square-prod)"
    )
    assert [line.split() for line in parts] == [
        ["model", "2026.11.23-2", "sha256:m2m2m2m2m2m2"],
        ["features", "2026.11.23-1", "sha256:f1f1f1f1f1f1"],
        ["stack", "2026.11.23-1", "sha256:s1s1s1s1s1s1"],
    ]
    assert CALM.agrees


def test_before_the_first() -> None:
    none = EnvironmentStatus("prod", "square-prod", None, "", None, None, None, ())
    assert lines(none) == ["prod: nothing was deployed yet"]
    first = release(content(1), 1)
    cut = replace(none, last=first)
    assert lines(cut)[1] == "  release 1 (deploy) was cut off: run it again, or another one"


def test_what_differs_is_under_way_or_was_cut_off() -> None:
    assert lines(replace(CALM, differences=("x",)))[-1] == "  DIFFERS: x"
    assert not replace(CALM, differences=("x",)).agrees
    third = replace(release(content(3), 3), kind=Kind.ROLLBACK)
    working = replace(CALM, last=third, outcome=None, holding=HOLDING)
    assert lines(working)[-1] == f"  under way: square-prod 0123, by bob, since {NOON.isoformat()}"
    assert "cut off" not in "\n".join(lines(working))
    assert lines(replace(working, holding=None))[-1].startswith("  release 3 (rollback) was cut off")


def test_how_the_last_one_failed() -> None:
    failed = Outcome(3, Ended.FAILED, "wrong answers", NOON.isoformat(), "ann", restored=True)
    third = release(content(3), 3)
    told = lines(replace(CALM, last=third, outcome=failed))[-1]
    assert told == (
        "  last: release 3 FAILED at 2026-11-23T12:00:00+00:00, what ran before was brought back: "
        "wrong answers"
    )
    lost = replace(failed, restored=False)
    assert "brought back" not in lines(replace(CALM, last=third, outcome=lost))[-1]


def test_machines_get_all_of_it() -> None:
    told = json.loads(json.dumps(entry(replace(CALM, holding=HOLDING, differences=("x",)))))
    assert told["environment"] == "prod" and told["release"]["number"] == 2
    assert told["under_way"]["by"] == "bob" and told["differences"] == ["x"]
    none = entry(EnvironmentStatus("prod", "square-prod", None, "", None, None, None, ()))
    assert (none["release"], none["last"], none["outcome"], none["under_way"]) == (None,) * 4


@pytest.mark.parametrize(
    ("restored", "previous", "left"),
    [
        (True, 2, "what ran before runs again"),
        (False, 0, "nothing ran before it: mend the cause, then deploy again"),
        (False, 2, f"{LOST}: mend the cause, then lockgate rollback --env prod --to 2"),
    ],
)  # fmt: skip
def test_a_failure_says_what_it_left_and_how_to_go_on(
    restored: bool, previous: int, left: str, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = Outcome(3, Ended.FAILED, "wrong answers", NOON.isoformat(), "ann", restored=restored)
    assert told(Done(release(content(3), 3, previous=previous), failed), as_json=False) == 1
    assert capsys.readouterr().out == (
        f"FAILED: release 3 2026.11.23-3+abcdef0 in prod (stack square-prod): wrong answers\n  {left}\n"
    )


def test_what_a_ledger_holds_does_nothing_to_a_terminal() -> None:
    hostile = replace(GOOD, by="\x1b[31mann\n\u202eprod: all is well", note="a\rb")
    told = lines(replace(CALM, good=hostile))
    assert "by ann" in told[0]
    assert not set("\x1b\n\r\u202e") & set("".join(told))
