"""The ending of a stage elsewhere: believed only as it was sealed, to the bit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import InfrastructureError
from runner.remote.job import ENDING_LIMIT, Told, ending_key, exit_status, sealed, unseal

KEY = "k" * 64
TOLD = Told("run-1", "unit", "", 0, "a" * 64, "b" * 64, seconds=1.5, peak_bytes=7)


def stored(folder: Path, data: bytes) -> Path:
    path = folder / "ending.json"
    path.write_bytes(data)
    return path


@given(st.text(), st.integers(-9, 255), st.booleans())
def test_what_was_sealed_is_read(
    tmp_path_factory: pytest.TempPathFactory, damage: str, code: int, late: bool
) -> None:
    told = replace(TOLD, damage=damage, code=code, timed_out=late)
    assert unseal(stored(tmp_path_factory.mktemp("e"), sealed(told, KEY)), KEY) == told


def test_any_bit_that_flips_is_found(tmp_path: Path) -> None:
    data = sealed(TOLD, KEY)
    path = tmp_path / "ending.json"
    accepted = []
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            accepted.append(unseal(path, KEY))
        except InfrastructureError:
            continue
    assert accepted == []


def outer(told: object, mac: object = "x") -> bytes:
    return json.dumps({"told": told, "mac": mac}).encode()


BODY, MAC = (json.loads(sealed(TOLD, KEY))[name] for name in ("told", "mac"))
FORGED = {
    "with another key": sealed(TOLD, "j" * 64),
    "with no key": sealed(TOLD, ""),
    "another's body under this seal": outer(
        BODY.replace("run-1", "run-2"), json.loads(sealed(TOLD, KEY))["mac"]
    ),
    "no seal": json.dumps({"told": BODY}).encode(),
    "a seal that is no text": outer(BODY, None),
    "a seal in other letters": outer(BODY, MAC.upper()),
    "a seal that cannot be encoded": outer(BODY, "\ud800"),
    "a body that cannot be encoded": outer("\ud800"),
    "a list": b"[]",
    "nothing": b"",
    "half of it": sealed(TOLD, KEY)[:-20],
    "no UTF-8": b"\xff\xfe\x00",
    "depth": b"[" * (ENDING_LIMIT - 1),
    "length": sealed(replace(TOLD, damage="x" * ENDING_LIMIT), KEY),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged(tmp_path: Path, name: str) -> None:
    with pytest.raises(InfrastructureError, match="the ending"):
        unseal(stored(tmp_path, FORGED[name]), KEY)


def test_one_that_is_missing_or_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InfrastructureError, match="the ending cannot be read"):
            unseal(path, KEY)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (TOLD, 0),
        (replace(TOLD, code=1), 1),
        (replace(TOLD, code=2), 3),
        (replace(TOLD, code=3), 3),
        (replace(TOLD, code=-9), 3),
        (replace(TOLD, damage="no report"), 3),
        (replace(TOLD, timed_out=True), 3),
        (replace(TOLD, over_memory=True), 3),
        (replace(TOLD, cancelled=True), 3),
        (replace(TOLD, code=1, cancelled=True), 3),
    ],
)
def test_the_container_says_what_its_ending_says(told: Told, status: int) -> None:
    assert exit_status(told) == status


def test_each_part_has_a_place_of_its_own() -> None:
    assert ending_key("unit", "") == "endings/unit.json"
    assert ending_key("unit", "2-of-3") == "endings/unit.2-of-3.json"
