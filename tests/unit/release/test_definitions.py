from __future__ import annotations

import json

import pytest

from runner.release.definitions import is_same

MEANT = json.dumps({"A": {"Resource": "${Predict}:${Alias}", "Retry": [1, True], "Path": "$.items"}})


def running(resource: str = "arn:f:live", retry: object = (1, True)) -> str:
    return json.dumps({"A": {"Path": "$.items", "Resource": resource, "Retry": retry}}, indent=4)


def test_it_is_the_same_whatever_its_spaces_and_with_what_was_put_into_it() -> None:
    assert is_same(MEANT, running(), {"Alias": "live"})
    assert is_same(MEANT, running("anything:live"), {"Alias": "live"})
    assert is_same(MEANT, running("a:b:c"), {})


@pytest.mark.parametrize(
    "other",
    [
        running("arn:f:old"),
        running("live"),
        running(retry=[1]),
        running(retry=[1, 1]),
        running(retry=[1, True, 2]),
        running().replace("$.items", "$.other"),
        running().replace('"Path"', '"Paths"'),
        "{}",
        "no json",
        "",
    ],
)
def test_another_definition_is_another(other: str) -> None:
    assert not is_same(MEANT, other, {"Alias": "live"})


def test_a_text_that_is_no_json_is_compared_as_text() -> None:
    assert is_same("StartAt: ${A}\nEnd", "StartAt: x\nEnd", {})
    assert not is_same("StartAt: ${A}\nEnd", "StartAt: x\nend", {})
    assert not is_same("ab${A}bc", "abc", {})  # the pieces may not overlap


def test_many_places_take_no_time() -> None:
    assert not is_same("${a}x" * 2000 + "y", "x" * 20000, {})
    assert not is_same("[" * 100_000, "[" * 99_999, {})
