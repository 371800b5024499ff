"""What a stage left, gone over by its parent: reports, files of any kind, and what must not be touched."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from runner import wire
from runner.adapters.files import sha256_file
from runner.adapters.output import SECRECY
from runner.errors import InfrastructureError
from runner.model import Check, Evidence, Judged, StageReport, Status
from runner.stages.cleaning import clean_folder, cleaned
from runner.verdict import Ending

SECRET, SHOWN = 'pl"anted\\secret', "[redacted PLANTED_TOKEN]"
ID = f"suites/unit/test_it.py::test_x[{SECRET}]"
REPORT = StageReport(
    "r1", "unit", "unit", Status.FAILED, (ID,),
    (Check(ID, Status.FAILED, cause=SECRET, details=SECRET),), 1.0,
    judged=(Judged("suite", "suites/unit", "ab" * 32),),
    evidence=Evidence(facts={SECRET: [SECRET, 0.5]}),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _known() -> None:
    SECRECY.learn({"PLANTED_TOKEN": SECRET})


def left(out: Path, **files: bytes) -> Ending:
    wire.save(out / "result.json", REPORT)
    for name, data in files.items():
        (out / name.replace("__", ".")).write_bytes(data)
    return Ending(1, REPORT, "", True, sha256_file(out / "result.json"))


def test_the_report_and_its_file_agree_without_the_secret(tmp_path: Path) -> None:
    ending = cleaned(tmp_path, left(tmp_path))
    assert ending.report == wire.load_report(tmp_path / "result.json")
    assert SECRET not in repr(ending) and SHOWN in ending.report.checks[0].id
    assert ending.report.collected == (ending.report.checks[0].id,)
    assert ending.report.judged == REPORT.judged
    assert ending.report.evidence.facts == {SHOWN: [SHOWN, 0.5]}
    assert ending.sealed and ending.sha256 == sha256_file(tmp_path / "result.json")


def test_what_has_no_secret_keeps_its_bytes_and_its_inode(tmp_path: Path) -> None:
    clean = replace(REPORT, collected=("a",), checks=(Check("a", Status.PASSED),), evidence=Evidence())
    wire.save(tmp_path / "result.json", clean)
    (tmp_path / "plot.png").write_bytes(bytes(range(256)) * 100)
    before = {p.name: (p.stat().st_ino, p.read_bytes()) for p in tmp_path.iterdir()}
    ending = Ending(0, clean, "", True, sha256_file(tmp_path / "result.json"))
    assert cleaned(tmp_path, ending) == ending
    assert {p.name: (p.stat().st_ino, p.read_bytes()) for p in tmp_path.iterdir()} == before


def test_files_of_any_kind_are_cleaned_and_json_stays_json(tmp_path: Path) -> None:
    told = json.dumps({SECRET: [SECRET, 1, None]}).encode()
    left(tmp_path, a__json=told, b__json=b"{broken " + SECRET.encode(), c__bin=b"\0\xff" + SECRET.encode())
    (tmp_path / "a.json").chmod(0o600)
    clean_folder(tmp_path, SECRECY.redactor())
    assert json.loads((tmp_path / "a.json").read_bytes()) == {SHOWN: [SHOWN, 1, None]}
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "b.json").read_bytes() == b"{broken " + SHOWN.encode()
    assert (tmp_path / "c.bin").read_bytes() == b"\0\xff" + SHOWN.encode()
    assert not list(tmp_path.glob(".clean.*"))


def test_damage_and_an_unsealed_ending(tmp_path: Path) -> None:
    ending = cleaned(tmp_path, Ending(1, None, f"its log ends: {SECRET}"))
    assert ending.damage == f"its log ends: {SHOWN}"
    assert ending.sha256 == "" and not ending.sealed


def test_links_and_pipes_are_left_alone(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.write_text(SECRET)
    (out / "link").symlink_to(elsewhere)
    (out / "folder").symlink_to(tmp_path)
    os.mkfifo(out / "pipe")
    clean_folder(out, SECRECY.redactor())
    assert elsewhere.read_text() == SECRET and (out / "link").is_symlink()


def test_what_cannot_be_searched_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="cannot be searched for secrets"):
        clean_folder(tmp_path / "none", SECRECY.redactor())
