"""`--dry-run`: what would change, by reading alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers.flows import Environment, content, deployment, proposal, run
from helpers.histories import Killed

from runner.release.records import Content
from runner.release.rehearsal import first, rehearsal
from runner.release.stack import Standing
from runner.release.target import Wanted
from runner.stages.stack_deploy import StackPlan


class Planned(Environment):
    """One whose stack can be asked for its template and parameters."""

    def wanted(self, what: Content) -> Wanted:
        model = what.parts["model"].version
        return Wanted(what, StackPlan("square-prod", '{"a": 1}', {"Model": model}, {}), ())

    def standing(self, name: str) -> Standing | None:
        if self.stack is None:
            return None
        return Standing("UPDATE_COMPLETE", {"a": 1}, {"Model": self.stack.parts["model"].version}, {})


@pytest.fixture
def there() -> Planned:
    made = Planned()
    run(made, proposal(content(1), "one"))
    made.log.clear()
    return made


def would(there: Environment, what: Content) -> list[str]:
    found = rehearsal(deployment(there), proposal(what, "x"))
    assert there.log == []
    return found


def test_before_the_first() -> None:
    """The same with a bucket and before there is one."""
    everything = [
        "added    model 2026.11.23-1", "added    features 2026.11.23-1", "added    stack 2026.11.23-1",
        "new      stack square-prod",
    ]  # fmt: skip
    assert would(Planned(), content(1)) == everything
    assert first(content(1)) == everything


def test_nothing(there: Planned) -> None:
    assert would(there, content(1)) == ["nothing to do: release 1 release one runs"]


def test_a_component_and_its_parameter(there: Planned) -> None:
    assert would(there, content(2)) == [
        "changed  model 2026.11.23-1 -> 2026.11.23-2",
        "changed  parameter Model: 2026.11.23-1 -> 2026.11.23-2",
        "updated  stack square-prod: its change set will say what of it",
    ]


def test_what_is_no_longer_there(there: Planned) -> None:
    less = content(1)
    parts = {name: part for name, part in less.parts.items() if name != "features"}
    assert "removed  features 2026.11.23-1" in would(there, replace(less, parts=parts))


def test_what_differs_drifted_or_was_cut_off(there: Planned) -> None:
    there.last = 4
    with pytest.raises(Killed):
        run(there, proposal(content(2), "two"))
    there.last, there.drifted, there.live = 10_000, ["F: /Timeout is 77"], content(3)
    there.log.clear()
    found = would(there, content(2))
    assert "release 2 was cut off: it is gone on with, or given up" in found
    assert "differs now: model is another one" in found
    assert found[-1] == "changed by hand: F: /Timeout is 77"


def test_a_value_that_cloudformation_does_not_show_is_not_shown_here_either(
    there: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing = Standing("UPDATE_COMPLETE", {"a": 1}, {"Model": "****"}, {})
    monkeypatch.setattr(there, "standing", lambda name: standing)
    assert would(there, content(2)) == [
        "changed  model 2026.11.23-1 -> 2026.11.23-2",
        "unknown  parameter Model: CloudFormation does not show its value",
        "updated  stack square-prod: its change set will say what of it",
    ]
