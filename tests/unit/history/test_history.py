"""One content, one version, for ever: in order, against the clock, at the same time, through crashes."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from helpers.histories import (
    HOWS,
    NOON,
    Faulty,
    Killed,
    Memory,
    artifact,
    history,
    never,
    numbered,
    sound,
    version,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import InfrastructureError
from runner.history.history import Origin
from runner.history.log import ATTEMPTS, Log
from runner.history.records import Judgement, Version
from runner.history.store import FolderRecords


def test_a_version_moves_only_when_the_content_does() -> None:
    at = history()
    assert version(at, "A") == version(at, "A", "r2") == "2026.11.22-1"
    assert version(at, "B") == "2026.11.22-2"
    assert version(at, "A", "r3") == "2026.11.22-1"  # A -> B -> A
    assert version(at, "A", name="other") == "2026.11.22-1"  # each component counts for itself
    assert len(sound(at)) == 2


def test_it_says_what_is_new_what_stands_and_what_came_back() -> None:
    at = history()
    first, again = numbered(at, "A", "r1"), numbered(at, "A", "r2")
    assert (first.is_new, first.is_latest, again.is_new, again.is_latest) == (True, True, False, True)
    numbered(at, "B", "r3")
    back = numbered(at, "A", "r4")
    assert (back.is_new, back.is_latest, back.record) == (False, False, first.record)


def test_a_record_says_who_made_what_from_what() -> None:
    record = numbered(history(), "A", "r7").record
    assert record == Version(
        1, "2026.11.22-1", "fn", "lambda-zip", artifact("A").sha256, "inputs of A", "c" * 40, True,
        "2026-11-22T12:00:00+00:00", "ada", "r7",
    )  # fmt: skip


def test_days_count_anew_and_a_clock_that_is_behind_does_not() -> None:
    memory = Memory()
    version(history(memory), "A")
    assert version(history(memory, NOON + timedelta(days=1)), "B") == "2026.11.23-1"
    assert version(history(memory, NOON - timedelta(days=400)), "C") == "2026.11.23-2"


def test_who_builds_is_asked_only_where_content_is_new() -> None:
    at = history()
    version(at, "A")
    at.number(artifact("A"), "r2", never)


@pytest.mark.parametrize("contents", [[f"c{n}" for n in range(50)], ["same"] * 50], ids=["fifty", "one"])
@pytest.mark.parametrize("where", ["memory", "folder"])
def test_fifty_at_the_same_time(contents: list[str], where: str, tmp_path: Path) -> None:
    records = Memory() if where == "memory" else FolderRecords(tmp_path)
    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(lambda c: version(history(records), c), contents))
    pairs = sound(history(records))
    assert found == [pairs[artifact(c).sha256] for c in contents]
    assert set(pairs.values()) == {f"2026.11.22-{n + 1}" for n in range(len(set(contents)))}


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_fault_at_any_write_leaves_what_the_next_call_mends(how: str, before: int) -> None:
    """Every write in turn, until there is one write too many to hit."""
    for nth in range(1, 20):
        memory = Memory()
        for n in range(before):
            version(history(memory), f"before {n}")
        if before:  # the last one's writer was killed before its index entry, as here
            memory.held.pop(f"digests/fn/{artifact(f'before {before - 1}').sha256}.json")
        faulty = Faulty(memory, nth, how)
        try:
            told = version(history(faulty), "A")
        except (InfrastructureError, Killed):
            told = None
        assert told in (None, f"2026.11.22-{before + 1}")
        assert version(history(memory), "B", "r2") != version(history(memory), "A", "r3")
        assert len(sound(history(memory))) == before + 2
        if faulty.writes < nth:
            break
    assert nth == (3 if before == 0 else 4)


STEPS = st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(1, 5), st.sampled_from(HOWS)), max_size=12)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_whatever_goes_wrong_each_content_keeps_its_version(steps: list[tuple[str, int, str]]) -> None:
    memory, known = Memory(), dict[str, str]()
    for content, nth, how in steps:
        try:
            told = version(history(Faulty(memory, nth, how)), content)
        except (InfrastructureError, Killed):
            continue
        assert known.setdefault(content, told) == told
    assert known.items() <= {c: version(history(memory), c) for c in known}.items()
    sound(history(memory))


def test_a_write_whose_answer_was_lost_is_still_called_new() -> None:
    """S3's client tries again by itself, and is refused because its own first try is there."""
    memory = Memory()
    found = numbered(history(Faulty(memory, 1, "repeated")), "A")
    assert found.is_new and found.record.version == "2026.11.22-1"
    assert len(sound(history(memory))) == 1


def test_a_store_that_never_decides_ends_in_an_error() -> None:
    class Undecided(Memory):
        def put(self, key: str, data: bytes) -> bool:
            return False

    waits = list[int]()
    log = Log(Undecided(), "versions/fn", "digests/fn", Version, waits.append)
    with pytest.raises(InfrastructureError, match="no number could be had"):
        log.claim("a" * 64, lambda last: numbered(history(), "A").record)
    assert len(waits) == ATTEMPTS


ONE, FOUND = "versions/fn/00000001.json", f"digests/fn/{artifact('A').sha256}.json"
DAMAGE: dict[str, tuple[str, Callable[[bytes], bytes | None], str]] = {
    "torn": (ONE, lambda raw: raw[:40], "does not parse"),
    "empty": (ONE, lambda raw: b"", "does not parse"),
    "not text": (ONE, lambda raw: b"\xff\xfe", "does not parse"),
    "deep": (ONE, lambda raw: b"[" * 100_000, "does not parse"),
    "another shape": (ONE, lambda raw: b'{"number": 1}', "does not parse"),
    "another's place": (ONE, lambda raw: raw.replace(b'"number": 1', b'"number": 7'), "number 7"),
    "another's content": (ONE, lambda raw: raw.replace(artifact("A").sha256.encode(), b"f" * 64), "leads to"),
    "gone": (ONE, lambda raw: None, "is missing"),
    "no number": (FOUND, lambda raw: b'{"number": "1"}', "names no record"),
    "true": (FOUND, lambda raw: b'{"number": true}', "names no record"),
    "out of range": (FOUND, lambda raw: b'{"number": -1}', "names no record"),
    "a list": (FOUND, lambda raw: b"[1]", "names no record"),
    "nonsense": (FOUND, lambda raw: b"\xff", "names no record"),
    "no such record": (FOUND, lambda raw: b'{"number": 99}', "is missing"),
    "another record": (FOUND, lambda raw: b'{"number": 2}', "leads to"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_history_gives_no_version(what: str) -> None:
    memory = Memory()
    version(history(memory), "A")
    version(history(memory), "B")
    key, change, said = DAMAGE[what]
    changed = change(memory.held.pop(key))
    if changed is not None:
        memory.held[key] = changed
    with pytest.raises(InfrastructureError, match=said) as refused:
        version(history(memory), "A")
    assert refused.value.where.startswith("memory/")


@pytest.mark.parametrize("name", ["no version", "2026.11.32-1"])
def test_nothing_follows_a_version_that_is_none(name: str) -> None:
    memory = Memory()
    version(history(memory), "A")
    record = json.loads(memory.held[ONE]) | {"version": name}
    memory.held[ONE] = json.dumps(record).encode()
    with pytest.raises(InfrastructureError, match="is no version"):
        version(history(memory), "B")


def test_fields_of_a_later_version_of_lockgate_are_left_alone() -> None:
    memory = Memory()
    version(history(memory), "A")
    memory.held[ONE] = json.dumps(json.loads(memory.held[ONE]) | {"mood": "good"}).encode()
    assert version(history(memory), "A", "r2") == "2026.11.22-1"


def test_foreign_files_are_no_records() -> None:
    memory = Memory()
    memory.held |= {"versions/fn/README": b"hello", "versions/fn/7.json": b"{}", "versions/x": b""}
    at = history(memory)
    assert version(at, "A") == "2026.11.22-1" and at.components() == ["fn"]


def test_a_release_is_had_once_for_a_run_and_ends_with_its_commit() -> None:
    at = history()
    one = at.release(Origin("r1", "0123456" + "f" * 33, True, "ada"), {"fn": "2026.11.22-1"})
    assert (one.release, one.components) == ("2026.11.22-1+0123456", {"fn": "2026.11.22-1"})
    assert at.release(Origin("r1", "9" * 40), {}) == one
    assert at.release(Origin("r2", "a" * 40, None), {}).release == "2026.11.22-2+aaaaaaa"
    assert at.release(Origin("r3", "a" * 40, False), {}).release == "2026.11.22-3"  # edited: no commit's
    assert at.release(Origin("r4"), {}).release == "2026.11.22-4"
    assert [r.run_id for r in at.releases()] == ["r1", "r2", "r3", "r4"]


def judgement(run: str, status: str, of: str = "2026.11.22-1") -> Judgement:
    return Judgement("fn", of, run, status, "2026-11-22T12:00:00+00:00", "ada", "m" * 64)


def begun(minute: int) -> datetime:
    return datetime(2026, 11, 22, 12, minute, tzinfo=UTC)


def test_the_latest_run_that_judged_a_version_speaks() -> None:
    """Of two runs that which began later: a build's or an execution's id says nothing of time."""
    at = history()
    at.judge(judgement("r2", "FAILED"), begun(2))
    at.judge(judgement("a3", "PASSED"), begun(3))
    at.judge(judgement("r1", "ERROR"), begun(1))
    at.judge(judgement("r9", "ERROR", "2026.11.22-2"), begun(0))
    at.judge(judgement("a3", "FAILED"), begun(3))  # written once: a run's verdict is not changed afterwards
    found = at.judgements("fn")
    assert {v: j.status for v, j in found.items()} == {"2026.11.22-1": "PASSED", "2026.11.22-2": "ERROR"}


def test_a_run_whose_id_leads_elsewhere_is_refused() -> None:
    with pytest.raises(InfrastructureError, match="no name for a record"):
        history().judge(judgement("../../versions/fn/00000001", "PASSED"), begun(0))


def test_a_record_far_behind_the_others_is_damage_and_no_hundred_million_reads() -> None:
    records = Memory()
    log = Log(records, "releases", "ids", Version)
    records.put("releases/00000001.json", b"{}")
    records.put("releases/99999999.json", b"{}")
    asked: list[str] = []
    get = records.get
    records.get = lambda key: asked.append(key) or get(key)  # type: ignore[method-assign, func-returns-value]
    with pytest.raises(InfrastructureError, match="it is missing") as error:
        log.all()
    assert error.value.where.endswith("releases/00000002.json")
    assert asked == ["releases/00000002.json"]
