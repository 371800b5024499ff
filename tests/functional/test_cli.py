from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.project import minimal, write

from runner.cli import COMMANDS, main

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_of_every_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*([command] if command else []), "--help"]) == 0
    assert "Usage: lockgate" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["plna"], "did you mean 'plan'"),
        (["run", "--nope"], "--nope"),
        (["plan", "--stage", "unti"], "did you mean 'unit'"),
        (["run", "--stage", "unit", "--stage", "data", "--out", "x"], "--out runs one stage"),
        (["run", "--solution", "/nonexistent"], "lockgate.yml"),
        (["completion", "tcsh"], "tcsh"),
        (["run", "--handover", "/nonexistent"], "does not exist"),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_do(
    argv: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(write(tmp_path, minimal()))
    assert main(argv) == 2
    assert said in capsys.readouterr().err


def test_plan_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--json", "--solution", str(write(tmp_path, minimal()))]) == 0
    plan = json.loads(capsys.readouterr().out)
    ids = [s["id"] for s in plan["steps"]]
    assert plan["complete"] and {"build:fn", "stage:unit", "stage:integration"} <= set(ids)
    assert ids.index("stage:unit") < ids.index("stage:integration")


def test_a_plan_reads_the_rules_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is trained for criteria that nobody can read; all problems of all files at once."""
    root = shutil.copytree(FLIGHTS, tmp_path / "flights", ignore=shutil.ignore_patterns("build", ".lockgate"))
    criteria = root / "suites/model/criteria.yml"
    criteria.write_text(criteria.read_text().replace("metric: roc_auc", "metric: roc_acu", 1))
    (root / "suites/data/planes.json").write_text("{}")
    assert main(["plan", "--solution", str(root)]) == 2
    said = capsys.readouterr().err
    assert "unknown metric 'roc_acu'" in said and "planes.json" in said
    assert main(["plan", "--stage", "unit", "--solution", str(root)]) == 0


def test_completion_knows_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    assert "_LOCKGATE_COMPLETE" in capsys.readouterr().out


def test_a_broken_solution_folder_gives_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lockgate.yml").mkdir()
    assert main(["plan", "--solution", str(tmp_path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_output_that_a_full_disk_did_not_take_is_no_success() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "runner", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3 and "could not be written whole: No space left" in done.stderr
