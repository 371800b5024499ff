"""What a rollback leaves in main is offered to be taken out: by names, and only where that makes sense."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from runner.cli.released import told
from runner.release.back import Past, component, revert, whole
from runner.release.flow import Done
from runner.release.records import Content, Ended, Kind, Outcome, Part, Release

NAMES = ("", "2026.11.21-1+aaaaaaa", "2026.11.22-1+bbbbbbb", "2026.11.23-1+ccccccc")


def release(number: int, of: int) -> Release:
    """Release `number`, with the content and name of the deployed release `of`."""
    parts = {name: Part("model", f"v{of}", f"{name}{of}" * 16, f"{name}{of}") for name in ("model", "stack")}
    what = Content("flights-prod", parts["stack"].sha256, {}, parts)
    kind = Kind.DEPLOY if number == of else Kind.ROLLBACK
    return Release(
        number, f"id{number}", kind, "flights", "prod", what, NAMES[of], f"m{of}", "run", "c" * 40, "ann",
        "2026-11-23T00:00:00+00:00", restores=0 if number == of else of,
    )  # fmt: skip


def past(*releases: Release) -> Past:
    return Past(releases, {r.number: Outcome(r.number, Ended.SUCCEEDED, "", "", "") for r in releases})


ONE, TWO, THREE = (release(n, n) for n in (1, 2, 3))


def test_what_is_left_since_what_runs_again() -> None:
    there = past(ONE, TWO, THREE)
    assert revert(there, whole(there)) == f"lockgate merge --revert {NAMES[3]} --since {NAMES[2]}"
    assert revert(there, whole(there, "1")) == f"lockgate merge --revert {NAMES[3]} --since {NAMES[1]}"


def test_behind_a_rollback_it_is_what_that_one_brought_back() -> None:
    there = past(ONE, TWO, THREE, release(4, 2))
    assert revert(there, whole(there)) == f"lockgate merge --revert {NAMES[2]} --since {NAMES[1]}"


def test_a_way_forward_leaves_nothing_to_take_out() -> None:
    there = past(ONE, TWO, release(3, 1))
    assert revert(there, whole(there, "2")) == ""


def test_of_one_component_there_is_no_release_to_name() -> None:
    there = past(ONE, TWO)
    assert revert(there, component(there, "model")) == ""


@pytest.mark.parametrize("nameless", [0, 1])
def test_nor_where_a_release_has_no_name(nameless: int) -> None:
    there = past(*(replace(r, name="") if i == nameless else r for i, r in enumerate((ONE, TWO))))
    assert revert(there, whole(there)) == ""


def test_it_is_one_line_and_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome(4, Ended.SUCCEEDED, "", "", "ann")
    done = Done(release(4, 2), outcome, "lockgate merge --revert A --since B")
    assert told(done, as_json=False) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1:] == ["to take its commits back out of main: lockgate merge --revert A --since B"]
    told(done, as_json=True)
    assert json.loads(capsys.readouterr().out)["offer"] == "lockgate merge --revert A --since B"
    told(replace(done, offer=""), as_json=False)
    assert "to take" not in capsys.readouterr().out
