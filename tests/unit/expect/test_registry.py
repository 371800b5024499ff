"""Each of Great Expectations' core expectations is compiled or left to it, and docs/data.md says which."""

from __future__ import annotations

from pathlib import Path

from runner.expect.compilers import COMPILERS, LEFT
from runner.expect.sentences import TOLD

DOCS = Path(__file__).parents[3] / "docs" / "data.md"


def core() -> set[str]:
    """The types in Great Expectations' own module of them."""
    from great_expectations.expectations import core
    from great_expectations.expectations.expectation import Expectation

    classes = [
        each for each in vars(core).values() if isinstance(each, type) and issubclass(each, Expectation)
    ]
    return {each.expectation_type for each in classes if getattr(each, "expectation_type", "")}


def test_each_core_expectation_is_compiled_or_left() -> None:
    assert not COMPILERS.keys() & LEFT.keys()
    assert core() == COMPILERS.keys() | LEFT.keys()
    assert len(COMPILERS) >= 47


def test_each_compiled_one_has_a_sentence_and_its_arguments() -> None:
    assert COMPILERS.keys() == TOLD.keys()


def test_the_documentation_names_them_all() -> None:
    told = DOCS.read_text()
    assert [type for type in (*COMPILERS, *LEFT) if f"`{type.removeprefix('expect_')}`" not in told] == []
