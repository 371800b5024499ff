from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import wire
from runner.errors import InfrastructureError
from runner.model import Check, Evidence, Judged, Limit, Plot, Series, StageReport, Status, Table

REPORT = StageReport(
    "r", "s", "unit", Status.FAILED, ("a",),
    (Check("a", Status.FAILED, cause="\x00\u202e<", seconds=0.5),), 1.0,
    judged=(Judged("data", "t", "d", {"rows": 1}),),
    evidence=Evidence(
        (Plot("p", "line", "x", "y", (Series("s", (0.0, 1.0), (None, 2.0)),), (Limit(1.0, "l"),)),),
        (Table("t", ("a",), (("1",),)),), {"f": 1.5}, ("file",),
    ),
)  # fmt: skip


def test_a_report_survives_the_wire(tmp_path: Path) -> None:
    wire.save(tmp_path / "r.json", REPORT)
    assert wire.load_report(tmp_path / "r.json") == REPORT


def test_nan_becomes_null_and_not_a_broken_file(tmp_path: Path) -> None:
    wire.save(tmp_path / "r.json", {"x": float("nan"), "y": [float("inf")]})
    assert (tmp_path / "r.json").read_text() == '{"x": null, "y": [null]}'


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"run_id": 1}', "\xff", '{"run_id": "r"' + "}" * 9]
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text, encoding="latin-1")
    with pytest.raises(InfrastructureError, match="does not parse"):
        wire.load_report(tmp_path / "r.json")


@pytest.mark.parametrize(
    ("change", "said"),
    [(("FAILED", "EXPLODED"), "status: Input should be"), (('"a"', "7"), "collected.0: Input should be")],
)
def test_the_field_that_does_not_fit_is_named(change: tuple[str, str], said: str) -> None:
    raw = wire.dump(REPORT).decode().replace(*change, 1).encode()
    with pytest.raises(InfrastructureError, match=said):
        wire.loads(raw, StageReport, "r.json")


def test_a_missing_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match=r"there is no r\.json"):
        wire.load_report(tmp_path / "r.json")


@given(st.integers(0, 10_000), st.binary(max_size=4))
def test_a_damaged_report_is_refused_or_the_same_kind_of_thing(at: int, put: bytes) -> None:
    raw = wire.dump(REPORT)
    path = Path("/dev/shm") / "lockgate-wire-test.json"
    path.write_bytes(raw[: at % len(raw)] + put + raw[at % len(raw) + len(put) :])
    try:
        assert isinstance(wire.load_report(path), StageReport)
    except InfrastructureError as error:
        assert "does not parse" in error.what
    finally:
        path.unlink()


def test_a_report_that_would_take_gigabytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_bytes(b'{"run_id": [' + b"{}," * 400_000 + b"1]}")
    with pytest.raises(InfrastructureError, match="too many values"):
        wire.load_report(tmp_path / "result.json")
