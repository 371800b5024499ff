"""Patterns in databases' words mean what they mean to Python."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.expect.literals import Uncompiled
from runner.expect.regex import searched
from runner.sources.patterns import of_athena, of_postgres, of_redshift

PATTERNS = (
    "a", "^a$", "a|b", "[a-c']+", r"\d{2,3}", r"[^a]", r"[^\d]", r"[\d_]", r"\.\*\\", "a?b*c+", "(a)(b)?",
    r"^\s*$".replace(r"\s", " "), "é|日", "x{0,255}", "𝒳", r"a\nb", ".", "[.-]",
)  # fmt: skip
TEXTS = st.text(st.sampled_from("ab c.'\\_\n*-1٣é日𝒳"), max_size=6)


def re2(pattern: str) -> str:
    """The pattern as compilers write it."""
    said = searched("c", pattern)
    return said.removeprefix("regexp_matches(c, '").removesuffix("')").replace("''", "'")


def as_python(pattern: str) -> re.Pattern[str]:
    r"""Java's, as Python reads it: the end of a text is \Z."""
    return re.compile(pattern.replace(r"\z", r"\Z"))


@settings(deadline=None)
@given(st.sampled_from(PATTERNS), TEXTS)
def test_athenas_pattern_finds_what_pythons_does(pattern: str, text: str) -> None:
    assert bool(as_python(of_athena(re2(pattern))).search(text)) == bool(re.search(pattern, text))


@settings(deadline=None)
@given(st.sampled_from(PATTERNS), TEXTS)
def test_redshifts_pattern_does_or_there_is_none(pattern: str, text: str) -> None:
    try:
        said = of_redshift(re2(pattern))
    except Uncompiled:
        return
    assert said.isascii()
    assert bool(as_python(said).search(text)) == bool(re.search(pattern, text))


@pytest.mark.parametrize("pattern", [r"\d", ".", "[^a]", "é"])
def test_redshift_is_asked_nothing_that_may_be_beyond_ascii(pattern: str) -> None:
    with pytest.raises(Uncompiled):
        of_redshift(re2(pattern))


def test_postgres_has_codes_for_characters_and_its_own_end() -> None:
    assert of_postgres(re2("^a𝒳$")) == r"\A\u0061\U0001d4b3(?:\u000a?\Z)"


@pytest.mark.parametrize("pattern", ["a{256}", "a{0,256}", "a{256,}"])
def test_postgres_repeats_no_more_than_255_times(pattern: str) -> None:
    with pytest.raises(Uncompiled, match="long repeat"):
        of_postgres(re2(pattern))
    assert of_athena(re2(pattern))


@pytest.mark.parametrize("unknown", [r"\w", "(?i)a", r"a\b", r"\x{61}\1", "*"])
def test_words_that_compilers_do_not_write_are_left(unknown: str) -> None:
    for write in (of_postgres, of_athena, of_redshift):
        with pytest.raises(Uncompiled):
            write(unknown)


def test_a_control_character_is_left_where_its_code_is_none() -> None:
    with pytest.raises(Uncompiled, match="control"):
        of_athena(re2("\x01"))
