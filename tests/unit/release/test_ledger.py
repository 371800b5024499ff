"""The ledger: each record once, what it remembers, and what damage it tells."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from helpers.flows import NOON, content, release
from helpers.histories import HOWS, S3, Faulty, Killed, Memory

from runner.adapters.aws import Aws, sandbox_target
from runner.errors import InfrastructureError
from runner.release.ledger import Failing, Ledger, S3Cell
from runner.release.records import Ended, Outcome, Release


def ended(number: int, how: Ended = Ended.SUCCEEDED, **more) -> Outcome:
    return Outcome(number, how, "", NOON.isoformat(), "ann", **more)


def intend(ledger: Ledger, id: str) -> Release:
    wanted = release(content(1), id=id)
    return ledger.intend(id, lambda last: replace(wanted, number=last.number + 1 if last else 1))


def test_what_was_written_is_read_back_whole() -> None:
    ledger = Ledger(Memory())
    made = intend(ledger, "a")
    end = ended(1, Ended.FAILED, restored=True, outputs={"F": "f"}, running={"m": "1"}, drift=("x", "y"))
    ledger.conclude(end)
    ledger.mark_failing(Failing(1, "why"))
    again = Ledger(ledger.records)
    assert (again.last(), again.outcome(1), again.failing(1)) == (made, end, Failing(1, "why"))
    assert sorted(again.records.keys("releases")) == ["releases/00000001.json"]


def test_the_same_release_is_written_once() -> None:
    ledger = Ledger(Memory())
    assert [intend(ledger, id).number for id in ("a", "b", "a")] == [1, 2, 1]


def test_the_first_outcome_stands() -> None:
    ledger = Ledger(Memory())
    intend(ledger, "a")
    ledger.conclude(ended(1, Ended.ABANDONED))
    assert ledger.conclude(ended(1)).ended is Ended.ABANDONED


def test_the_good_one_is_the_newest_that_succeeded() -> None:
    ledger = Ledger(Memory())
    assert ledger.good() is None
    ends = [Ended.SUCCEEDED, Ended.SUCCEEDED, Ended.FAILED, Ended.ABANDONED, None]
    for number, how in enumerate(ends, 1):
        intend(ledger, f"r{number}")
        if how:
            ledger.conclude(ended(number, how))
    assert [ledger.good(before).number for before in (None, 5, 2)] == [2, 2, 1]  # type: ignore[union-attr]
    assert ledger.good(before=1) is None
    past = ledger.past()
    assert [r.number for r in past.releases] == [1, 2, 3, 4, 5] and set(past.outcomes) == {1, 2, 3, 4}


def test_a_release_that_is_missing_is_told_and_not_looked_for() -> None:
    ledger = Ledger(Memory())
    intend(ledger, "a")
    ledger.conclude(ended(1))
    far = json.loads(ledger.records.get("releases/00000001.json") or b"")
    ledger.records.put("releases/99999999.json", json.dumps({**far, "number": 99_999_999}).encode())
    good = ledger.good()
    assert good and good.number == 1
    with pytest.raises(InfrastructureError, match="of 99999999 releases 99999997 are missing"):
        ledger.past()


@pytest.mark.parametrize("key", ["releases/00000001.json", "outcomes/00000001.json", "failing/00000001.json"])
@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b"\xff", b'{"number": 1}', b"[" * 9999])
def test_damage_is_told(key: str, damage: bytes) -> None:
    ledger = Ledger(Memory())
    intend(ledger, "a")
    ledger.records.held[key] = damage  # type: ignore[attr-defined]
    with pytest.raises(InfrastructureError, match=key):
        (ledger.last(), ledger.outcome(1), ledger.failing(1))


def test_a_content_without_its_template_is_damage() -> None:
    ledger = Ledger(Memory())
    intend(ledger, "a")
    told = json.loads(ledger.records.get("releases/00000001.json") or b"")
    del told["content"]["parts"]["stack"]
    ledger.records.held["releases/00000001.json"] = json.dumps(told).encode()  # type: ignore[attr-defined]
    with pytest.raises(InfrastructureError, match="does not parse"):
        ledger.last()


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_write_that_goes_wrong_leaves_one_release_and_one_outcome(how: str, nth: int) -> None:
    """Whatever happened to the n-th write: the same again, and there is one of each."""
    records = Memory()
    for store in (Faulty(records, nth, how), records):
        ledger = Ledger(store)
        try:
            intend(ledger, "a")
            ledger.conclude(ended(1))
        except (InfrastructureError, Killed):
            continue
    ledger = Ledger(records)
    assert [r.id for r in ledger.all()] == ["a"]
    assert ledger.outcome(1) == ended(1)


def test_the_cell_writes_over_the_very_bytes_it_read() -> None:
    sent: list[dict] = []

    class OneObject(S3):
        def put_object(self, **request):
            sent.append(request)
            return {"ETag": '"2"'}

        def get_object(self, **request):
            import io

            return {"Body": io.BytesIO(b"lease"), "ETag": '"1"'}

    bucket = OneObject()
    cell = S3Cell(Aws(sandbox_target("http://127.0.0.1:1"), lambda name: bucket), "b", "lease.json")
    assert cell.read() == (b"lease", '"1"')
    assert cell.swap(b"new", '"1"') == '"2"'
    assert cell.swap(b"first", None) == '"2"'
    assert sent[0]["IfMatch"] == '"1"' and "IfNoneMatch" not in sent[0]
    assert sent[1]["IfNoneMatch"] == "*" and "IfMatch" not in sent[1]
    assert all(request["ChecksumAlgorithm"] == "SHA256" for request in sent)


def test_a_lease_of_which_only_a_part_came_is_told_as_that() -> None:
    """The line broke within the answer: an error of AWS's like any other, and no bug."""
    from botocore.exceptions import ResponseStreamingError

    class Broken:
        def read(self) -> bytes:
            raise ResponseStreamingError(error="the line broke")

    class OneObject(S3):
        def get_object(self, **request):
            return {"Body": Broken(), "ETag": '"1"'}

    aws = Aws(sandbox_target("http://127.0.0.1:1"), lambda name: OneObject())
    with pytest.raises(InfrastructureError, match="the line broke"):
        S3Cell(aws, "b", "lease.json").read()
