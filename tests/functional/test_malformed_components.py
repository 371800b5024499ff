"""Malformed models, archives, definitions and templates: exit statuses as documented, in time, in bounds.

A thousand of them: python -m helpers.malformed 1000 (see there)."""

from __future__ import annotations

import pytest
from helpers.malformed import Case, build, cases

CASES = list(cases(56, seed=20))


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{c.kind}" for n, c in enumerate(CASES)])
def test_a_malformed_file_is_an_exit_status_and_a_line(case: Case) -> None:
    outcome = build(case)
    assert outcome.fault() == "", outcome.said[-2000:]


def test_damage_is_found() -> None:
    """Most of what is damaged has to be refused: what passes unseen everywhere is no test."""
    codes = [build(case).code for case in cases(16, seed=3) if case.kind in ("onnx", "skops", "record")]
    assert codes.count(1) >= len(codes) - 1


def test_the_helper_sees_what_must_not_be() -> None:
    def crash(argv: list[str]) -> int:
        raise RuntimeError("boom")

    def trace(argv: list[str]) -> int:
        print("Traceback (most recent call last)")
        return 3

    case = CASES[0]
    assert build(case, crash).fault() == "exit 99"
    assert build(case, lambda argv: 7).fault() == "exit 7"
    assert build(case, trace).fault() == "a traceback or a bug"
    assert build(case, lambda argv: 3).fault() == "no word of what is wrong"
