"""Names of versions and keys of records."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import InfrastructureError
from runner.history.names import CalVer, following, parse, release_name, slot, word


def test_the_first_of_a_day_and_the_next() -> None:
    first = following(None, date(2026, 11, 22))
    assert str(first) == "2026.11.22-1"
    assert str(following(first, date(2026, 11, 22))) == "2026.11.22-2"
    assert str(following(first, date(2026, 11, 23))) == "2026.11.23-1"


def test_a_clock_that_is_behind_gives_no_name_twice() -> None:
    assert str(following(CalVer(date(2026, 11, 22), 4), date(2026, 11, 21))) == "2026.11.22-5"


@given(st.lists(st.dates(), min_size=1, max_size=20))
def test_whatever_the_clocks_say_versions_only_grow(days: list[date]) -> None:
    given_out: list[CalVer] = []
    for day in days:
        given_out.append(following(given_out[-1] if given_out else None, day))
    assert all(one < two for one, two in pairwise(given_out))
    assert [parse(str(each)) for each in given_out] == given_out


@pytest.mark.parametrize(
    "text",
    ["", "2026.11.22", "2026.11.22-0", "2026.11.22-01", "2026.13.01-1", "2026.2.3-1", "0+sha256.abc",
     "2026.11.22-1\n", "²026.11.22-1", "../2026.11.22-1", "2026.11.22-1234567890"],
)  # fmt: skip
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(InfrastructureError, match="is no version"):
        parse(text)


@pytest.mark.parametrize("text", ["", "..", "a/b", "/etc", ".hidden", "a b", "x" * 129, "é", "a\n"])
def test_what_is_no_part_of_a_key(text: str) -> None:
    with pytest.raises(InfrastructureError, match="no name for a record"):
        word(text)


def test_slots_sort_as_they_count_and_a_release_ends_with_its_commit() -> None:
    assert slot("versions/fn", 17) == "versions/fn/00000017.json" < slot("versions/fn", 100)
    version = CalVer(date(2026, 11, 22), 3)
    assert release_name(version, "0123456789abcdef") == "2026.11.22-3+0123456"
    assert release_name(version, "") == "2026.11.22-3"
