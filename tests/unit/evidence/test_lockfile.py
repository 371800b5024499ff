from __future__ import annotations

import contextlib
import random
import time
from pathlib import Path

import pytest
from helpers.boms import LOCK, MARKED
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import SolutionError
from runner.evidence.lockfile import MAX_BYTES, Locked, parse_lock

FLIGHTS = Path(__file__).parents[3] / "examples" / "flights"
HASH = f"--hash=sha256:{'a' * 64}"


def test_names_versions_and_every_hash_whatever_the_order() -> None:
    numpy, zope = parse_lock(LOCK, "lock")
    assert zope == Locked("zope-interface", "7.2", (("sha256", "a" * 64), ("sha256", "b" * 64)))
    assert (numpy.name, numpy.version, numpy.hashes) == (
        "numpy", "2.4.6+local.1", (("sha512", "c" * 128),)
    )  # fmt: skip


def test_a_marker_is_kept_and_tells_two_versions_apart() -> None:
    assert parse_lock(MARKED, "lock")[1].marker == 'python_version < "3.11"'
    two = f'a==1 ; os_name == "nt" {HASH}\na==2 ; os_name != "nt" {HASH}\n'
    assert [p.version for p in parse_lock(two.encode(), "lock")] == ["1", "2"]


def test_real_locks_are_understood_whole() -> None:
    for path, least in ((FLIGHTS / "requirements.lock", 10), (FLIGHTS / "src/predict/requirements.lock", 4)):
        found = parse_lock(path.read_bytes(), path.name)
        named = [line for line in path.read_text().splitlines() if line[:1].isalpha()]
        assert len(found) == len(named) >= least
        assert sum(len(p.hashes) for p in found) == path.read_text().count("--hash=")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"a>=1 {HASH}", "no NAME==VERSION"),
        (f"a==1.* {HASH}", "no NAME==VERSION"),
        ("a==1", "without a hash"),
        ("a==1 --hash=sha256:abc", "no hash"),
        (f"a==1 --hash=md5:{'a' * 32}", "no hash"),
        (f"a==1 --global-option=x {HASH}", "no hash"),
        ("-r other.txt", "may not say '-r"),
        ("--requirement=other.txt", "may not say"),
        ("-e .", "may not say '-e"),
        (f"a==1 {HASH}\nA==2 {HASH}", "twice"),
        (f"a==1 {HASH}\na==1 {HASH}\na==3 {HASH}", "twice"),
        (f"../evil==1 {HASH}", "no NAME==VERSION"),
    ],
)
def test_what_pins_nothing_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(SolutionError, match=said) as refused:
        parse_lock(f"# lock\n{text}\n".encode(), "the.lock")
    assert refused.value.where.startswith("the.lock:")


def test_a_package_from_a_url_has_no_version_and_keeps_no_address() -> None:
    (package,) = parse_lock(f"a @ https://user:secret@host/a.whl {HASH}".encode(), "lock")
    assert package.version == "" and "secret" not in repr(package)


@pytest.mark.parametrize(
    "data",
    [
        b" " * MAX_BYTES,
        b"a" * MAX_BYTES,
        b"a==" + b"1 " * (MAX_BYTES // 2 - 2),
        b"\\\n" * (MAX_BYTES // 2),
        b"a" + b" #" * (MAX_BYTES // 2 - 1),
        b"a==1 --hash=" * (MAX_BYTES // 12),
        b"a[" + b"," * (MAX_BYTES - 2),
        b"\xff\xfe",
        b"x" * (MAX_BYTES + 1),
    ],
    ids=["spaces", "letters", "words", "continued", "comments", "options", "extras", "bytes", "large"],
)
def test_nothing_makes_it_slow(data: bytes) -> None:
    begun = time.monotonic()
    with contextlib.suppress(SolutionError):
        parse_lock(data, "lock")
    assert time.monotonic() - begun < 5


def test_many_packages_are_read_in_time_and_too_many_refused() -> None:
    begun = time.monotonic()
    assert len(parse_lock("".join(f"p{i}==1 {HASH}\n" for i in range(5_000)).encode(), "lock")) == 5_000
    with pytest.raises(SolutionError, match="more than"):
        parse_lock("".join(f"p{i}==1 {HASH}\n" for i in range(5_001)).encode(), "lock")
    assert time.monotonic() - begun < 5


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200), at=st.integers(0, len(MARKED)))
def test_any_damage_gives_packages_or_one_error(data: bytes, at: int) -> None:
    try:
        parse_lock(MARKED[:at] + data + MARKED[at:], "lock")
    except SolutionError as error:
        assert error.where


def test_a_thousand_seeded_edits_of_a_real_lock() -> None:
    lock = (FLIGHTS / "src/predict/requirements.lock").read_bytes()[:4_000]
    dice, refused = random.Random(4), 0  # noqa: S311  a seed, not a secret
    for _ in range(1_000):
        at, cut = dice.randrange(len(lock)), dice.randrange(40)
        edited = lock[:at] + dice.randbytes(dice.randrange(6)) + lock[at + cut :]
        try:
            parse_lock(edited, "lock")
        except SolutionError:
            refused += 1
    assert refused > 300
