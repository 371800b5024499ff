"""What judges versions that never ran together: the stack's integration stages, without their golden rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.flows import content
from helpers.releases import CONFIG

from runner.config.schema import Solution
from runner.together import stages_of

ROWS = "".join(json.dumps({"event": {"x": n}, "expected": {"y": n}}) + "\n" for n in range(1, 4))


def solution(**integration: object) -> Solution:
    stages = {**CONFIG["stages"], "integration": {**CONFIG["stages"]["integration"], **integration}}
    return Solution.model_validate({**CONFIG, "stages": stages})


@pytest.mark.parametrize(("least", "left"), [(7, 6), (2, 1), (1, 1)])
def test_golden_rows_are_no_checks_that_have_to_be_there(tmp_path: Path, least: int, left: int) -> None:
    """They are left out; a stage that counts on them would never be passed."""
    (tmp_path / "golden.jsonl").write_text(ROWS)
    (found,) = stages_of(tmp_path, solution(min_checks=least), content(1)).values()
    assert (found.min_checks, found.golden) == (left, None)


@pytest.mark.parametrize("text", [None, "{", ""])
def test_rows_that_cannot_be_counted_take_nothing_off(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "golden.jsonl").write_text(text)
    (found,) = stages_of(tmp_path, solution(min_checks=7), content(1)).values()
    assert found.min_checks == 7


def test_a_stage_without_them_is_as_it_was(tmp_path: Path) -> None:
    (found,) = stages_of(tmp_path, solution(min_checks=7, golden=None), content(1)).values()
    assert found.min_checks == 7
