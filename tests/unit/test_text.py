from __future__ import annotations

import re
import time
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.text import block, clean, is_heavy, one_line, unique_line

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=80)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;a title\x07after", "after"),
        ("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x00b\x07c\ud800d", "a�b�c�d"),
        ("\u202egpj.exe", "�gpj.exe"),
        ("10%\r20%\r\nend", "10%\n20%\nend"),
        ("שלום 漢字 é 🚀", "שלום 漢字 é 🚀"),
    ],
)
def test_escapes_go_and_what_cannot_be_shown_is_replaced(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_an_escape_without_an_end_hides_nothing_behind_it() -> None:
    assert "the cause" in clean("\x1b]0;the cause")
    assert "the cause" in clean("\x1b]0;" + "x" * 3000 + "the cause\x07")


@given(ANYTHING)
def test_clean_text_is_xml_utf8_and_without_escapes(text: str) -> None:
    shown = clean(text)
    element = ET.Element("a")
    element.text = shown
    assert (ET.fromstring(ET.tostring(element, encoding="utf-8")).text or "") == shown  # noqa: S314
    assert not re.search(r"[\x00-\x08\x1b\x7f-\x9f]", shown)


@given(ANYTHING, st.integers(2, 40))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_two_long_names_that_differ_at_their_ends_stay_different() -> None:
    first, second = (unique_line("n" * 2000 + end, 1000) for end in "ab")
    assert first != second
    assert len(first) == len(second) == 1000
    assert unique_line("short", 1000) == "short"


def test_a_long_block_keeps_its_head_and_its_tail() -> None:
    text = block("head" + "x" * 50_000 + "\nValueError: the cause", 20_000)
    assert len(text) <= 20_000
    assert text.startswith("head")
    assert text.endswith("ValueError: the cause")
    assert "characters left out" in text


@pytest.mark.parametrize(
    ("json", "heavy"),
    [
        (b"[" + b"{}," * 300_000 + b"1]", True),
        (b"[" + b"{}," * 250_000 + b"1]", False),
        (b"[" + b"[]," * 300_000 + b"1]", True),
        (b"[" + b"1," * 2_500_000 + b"1]", True),
        (b"[" + b"1," * 2_000_000 + b"1]", False),
        (b'["' + b"{,[" * 1_000_000 + b'"]', False),  # text, not values
        (b'["' + b'\\"{,[' * 1_000_000 + b'"]', False),
        (b'["\\\\",' + b'"",' * 3_000_000 + b"1]", True),
        (b'["\\"' + b'\\",{' * 1_000_000, False),  # a string without an end: the parser refuses it
        (b"", False),
    ],
    ids=lambda value: str(value)[:12],
)
def test_json_of_too_many_values_is_told_before_it_is_parsed(json: bytes, heavy: bool) -> None:
    begun = time.monotonic()
    assert is_heavy(json) is heavy
    assert time.monotonic() - begun < 5
