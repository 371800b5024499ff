"""Columns whose values a suite must not show."""

from __future__ import annotations

import pytest

from runner.profile.private import by_name, by_values


@pytest.mark.parametrize(
    "name", ["email", "customerEmail", "E-Mail", "api_key", "APIKey", "first_name", "IBAN", "user.phone"]
)
def test_names_of_peoples_own_things(name: str) -> None:
    assert by_name(name)


@pytest.mark.parametrize("name", ["carrier", "origin", "name", "keyword", "shipping", "zip"])
def test_names_of_other_things(name: str) -> None:
    assert not by_name(name)


def test_values_that_look_like_addresses_or_keys() -> None:
    assert by_values(["a@b.org", "c.d@example.com", None])
    assert by_values(["sk-9f8a7b6c5d4e3f2a1b0c9d8e", "x"])
    assert not by_values(["JFK", "2013-01-01T05:00:00Z", None]) and not by_values([])
