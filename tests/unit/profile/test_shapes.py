"""Regular expressions from shapes: they match what they were read from, and RE2 reads them the same."""

from __future__ import annotations

import re

import pytest

from runner.expect.regex import searched
from runner.profile.shapes import pattern_of, shape_of

CASES = [
    (["EWR", "JFK"], "^[A-Z]{3}$"),
    (["N725MQ", "N14228", "N1EA"], "^N(?:[0-9]{5}|[0-9]{1,3}[A-Z]{2})$"),
    (["2013-01-05", "2013-12-31"], "^(?:2013|2014)-[01][0-9]-[0-3][0-9]$"),
    (
        ["2013-01-05T01:00:00Z", "2014-01-01T09:30:00Z"],
        "^(?:2013|2014|2015)-[01][0-9]-[0-3][0-9]T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
    ),
    (["1900-01-05 1", "2013-12-31 2"], "^[0-9]{4}-[01][0-9]-[0-3][0-9] [0-9]$"),
    (["a.b", "c.d"], r"^[a-z]\.[a-z]$"),
]


@pytest.mark.parametrize(("texts", "pattern"), CASES)
def test_a_pattern_is_read_from_few_shapes(texts: list[str], pattern: str) -> None:
    found = pattern_of(map(shape_of, texts), min(texts), max(texts))
    assert found == pattern
    assert all(re.search(found, text) for text in texts)
    assert searched("c", found)


def test_a_text_that_is_the_beginning_of_another_is_matched_too() -> None:
    texts = ["ab", "ab1", "ab22"]
    found = pattern_of(map(shape_of, texts), min(texts), max(texts))
    assert found and all(re.search(found, text) for text in texts)
    assert not re.search(found, "ab333") and not re.search(found, "cd")


def test_many_shapes_of_few_signs_are_an_alphabet() -> None:
    texts = ["a1b2c3", "1a2b", "abc1d2", "9a", "a9b9c9d9", "z"]
    found = pattern_of(map(shape_of, texts), min(texts), max(texts))
    assert found == "^[0-9a-z]{1,8}$"
    assert all(re.search(found, text) for text in texts)


@pytest.mark.parametrize("texts", [["Ünï", "abc"], ["a\nb"], ["", "a"], ["x" * 100], []])
def test_no_pattern_is_better_than_a_wrong_one(texts: list[str]) -> None:
    assert pattern_of(map(shape_of, texts), min(texts, default=""), max(texts, default="")) == ""


def test_sentences_have_no_pattern() -> None:
    texts = ["One two", "three", "Four-5 six", "7 eight", "NINE", "te N"]
    assert pattern_of(map(shape_of, texts), min(texts), max(texts)) == ""


def test_a_literal_is_escaped_where_it_must_be_and_only_there() -> None:
    texts = ["a+b-1", "a+b-2"]
    assert pattern_of(map(shape_of, texts), *texts) == r"^a\+b-[0-9]$"
