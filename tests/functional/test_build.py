"""`lockgate build` and `lockgate versions` as a person calls them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from runner.cli import main

CONFIG = """\
solution: tiny
components:
  hello: {kind: lambda-zip, source: src/hello, handler: app.handler}
  bye: {kind: lambda-zip, source: src/bye, handler: app.handler}
stages:
  unit: {suites: [suites/unit]}
"""
VERSION = r"\d{4}\.\d\d\.\d\d-"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two functions without dependencies, and a cache of the test's own."""
    monkeypatch.setenv("LOCKGATE_CACHE", str(tmp_path / "cache"))
    for name in ("hello", "bye"):
        (tmp_path / "root/src" / name).mkdir(parents=True)
        write(tmp_path / "root", name, name)
    (tmp_path / "root/suites/unit").mkdir(parents=True)
    (tmp_path / "root/requirements.lock").touch()
    (tmp_path / "root/lockgate.yml").write_text(CONFIG)
    return tmp_path / "root"


def write(root: Path, name: str, word: str) -> None:
    (root / "src" / name / "app.py").write_text(f"def handler(event, context):\n    return {word!r}\n")


def call(capsys: pytest.CaptureFixture[str], root: Path, command: str, *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main([command, "--solution", str(root), *words])
    found = capsys.readouterr()
    return code, found.out + found.err


def built(capsys: pytest.CaptureFixture[str], root: Path, *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["build", "--solution", str(root), "--json", *words]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["exit_code"] == 0
    return found["components"]


def test_a_version_moves_when_the_content_does(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = call(capsys, root, "build")
    assert code == 0 and len(re.findall(f"built {VERSION}1", said)) == 2
    code, said = call(capsys, root, "build")
    assert code == 0 and len(re.findall(f"unchanged since {VERSION}1", said)) == 2
    write(root, "hello", "good day")
    code, said = call(capsys, root, "build")
    assert re.search(rf"hello +\w{{12}} +built {VERSION}2", said)
    assert re.search(rf"bye +\w{{12}} +unchanged since {VERSION}1", said)
    write(root, "hello", "hello")
    assert re.search(f"back to {VERSION}1", call(capsys, root, "build", "--component", "hello")[1])


def test_a_machine_gets_digests_and_paths(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, again = built(capsys, root), built(capsys, root, "--component", "bye")
    assert set(first) == {"hello", "bye"} and set(again) == {"bye"}
    assert first["bye"]["is_new"] is True and again["bye"]["is_new"] is False
    for key in ("version", "sha256", "inputs"):
        assert first["bye"][key] == again["bye"][key]
    assert Path(again["bye"]["path"]).stat().st_size == again["bye"]["size"]


def test_what_fails_gets_no_version_and_holds_up_nobody(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "src/hello/away").symlink_to("/etc/hostname")
    code, said = call(capsys, root, "build")
    assert code == 1 and "hello                FAILED  hello: away: a link leads out of the solution" in said
    assert re.search(f"bye .* built {VERSION}1", said)
    code, said = call(capsys, root, "versions")
    assert code == 0 and "hello\n  no versions yet" in said and said.count("DIGEST") == 1


def test_versions_of_one_component_and_of_none(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    version = built(capsys, root)["hello"]["version"]
    code, said = call(capsys, root, "versions", "hello")
    assert code == 0 and version in said and "bye" not in said
    assert call(capsys, root, "versions", "helo")[0] == 2
    found = json.loads(call(capsys, root, "versions", "--json")[1])
    assert [v["version"] for v in found["components"]["hello"]] == [version]
    assert found["releases"] == [] and found["components"]["hello"][0]["verdict"] is None


def test_a_component_that_was_taken_out_keeps_its_versions(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built(capsys, root)
    (root / "lockgate.yml").write_text(CONFIG.replace("  bye: ", "  ciao: "))
    code, said = call(capsys, root, "versions", "bye")
    assert code == 0 and re.search(f"{VERSION}1", said)


@pytest.mark.parametrize("command", ["build", "versions"])
def test_wrong_usage_is_2(
    command: str, root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for history, said in (
        ("s3://bucket", "is no place for a history"),
        ("s3://bucket/history", "no AWS was asked for"),
    ):
        monkeypatch.setenv("LOCKGATE_HISTORY", history)
        code, told = call(capsys, root, command)
        assert code == 2 and said in told, told
    monkeypatch.delenv("LOCKGATE_HISTORY")
    monkeypatch.setenv("LOCKGATE_AWS", "1")
    code, told = call(capsys, root, command)
    assert code == 2 and "until their history is named" in told


def test_nothing_to_build_and_unknown_names_are_2(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, root, "build", "--component", "helo")[0] == 2
    (root / "lockgate.yml").write_text("solution: tiny\nstages:\n  unit: {suites: [suites/unit]}\n")
    code, said = call(capsys, root, "build")
    assert code == 2 and "no components" in said
    assert call(capsys, root, "versions") == (0, "no versions yet: lockgate build gives the first ones\n")


def test_a_history_that_cannot_be_written_is_3(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCKGATE_HISTORY", str(root / "lockgate.yml"))
    for command in ("build", "versions"):
        code, said = call(capsys, root, command)
        assert code == 3 and "the history cannot be used" in said and "Traceback" not in said


def test_a_damaged_history_is_3_and_nothing_is_numbered(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built(capsys, root)
    record = root / ".lockgate/history/versions/hello/00000001.json"
    record.write_bytes(record.read_bytes()[:50])
    code, said = call(capsys, root, "build")
    assert code == 3 and "does not parse" in said and re.search(f"bye .* unchanged since {VERSION}1", said)
    assert call(capsys, root, "versions")[0] == 3


def test_another_build_in_the_same_folder_is_3(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from runner.adapters.locks import locked

    with locked(root / ".lockgate" / "lock"):
        code, said = call(capsys, root, "build")
    assert code == 3 and "another lockgate is at work here" in said
