from __future__ import annotations

from dataclasses import replace

import pytest

from runner.errors import RefusedError
from runner.merge.decide import is_needed, named
from runner.merge.records import Seen, Strategy, Wanted

WANTED = Wanted("c" * 40)
READY = Seen("c" * 40, "b" * 40, known=True, in_source=True, forward=True)


def test_what_was_tested_and_lies_ahead_of_main_is_merged() -> None:
    assert is_needed(WANTED, READY, "host") is True


def test_what_main_has_is_not_merged_again_whatever_became_of_dev() -> None:
    assert is_needed(WANTED, replace(READY, in_target=True, in_source=False), "host") is False


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (replace(READY, known=False), "there is no commit"),
        (replace(READY, in_source=False), "dev was rewritten"),
        (replace(READY, forward=False), "main has moved on to bbbbbbbbbbbb"),
        (replace(READY, forward=False, conflicts=("a.py",)), "conflict in a.py"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_refusal_says_why_and_what_to_do(seen: Seen, words: str) -> None:
    with pytest.raises(RefusedError) as caught:
        is_needed(WANTED, seen, "host")
    assert words in str(caught.value) and "nothing was changed" in caught.value.what and caught.value.hint


@pytest.mark.parametrize("strategy", [Strategy.THREE_WAY, Strategy.SQUASH])
def test_another_strategy_takes_what_has_moved_apart_but_no_conflict(strategy: Strategy) -> None:
    wanted, apart = replace(WANTED, strategy=strategy), replace(READY, forward=False)
    assert is_needed(wanted, apart, "host") is True
    with pytest.raises(RefusedError):
        is_needed(wanted, replace(apart, conflicts=("a.py",)), "host")


def test_many_files_are_counted_and_a_hostile_name_is_one_line() -> None:
    assert named([f"{n}.py" for n in range(12)]).endswith("9.py and 2 more")
    assert "\n" not in named(["a\n\x1b[31mb"])
