from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from helpers import sample_runs as sample

from runner.model import Status, Verdict
from runner.report.variables import variables, write_env


def sourced(path: Path, name: str) -> str:
    """What a shell that sources the file has in a variable."""
    script = f'set -eu; . "$1"; printf %s "${{{name}}}"'
    done = subprocess.run(["/bin/sh", "-c", script, "sh", str(path)], capture_output=True, check=True)
    return done.stdout.decode()


def test_the_variables_name_verdict_commit_and_manifest() -> None:
    found = variables(sample.failing())
    assert found["LOCKGATE_VERDICT"] == "FAILED"
    assert found["LOCKGATE_REASON"] == "model: roc_auc 0.497 < 0.66 (min)"
    assert (found["LOCKGATE_STAGE"], found["LOCKGATE_CHECK"]) == ("model", "roc_auc")
    assert found["LOCKGATE_CHECKS_FAILED"] == "2"
    assert found["LOCKGATE_TREE_CLEAN"] == "false"
    assert variables(sample.undecided())["LOCKGATE_TREE_CLEAN"] == "unknown"
    assert variables(sample.undecided())["LOCKGATE_COMPLETE"] == "false"
    assert found["LOCKGATE_MANIFEST_SHA256"] == sample.sha("manifest")


def test_a_shell_reads_back_what_was_written_and_runs_nothing(tmp_path: Path) -> None:
    reason = f"it's $(touch {tmp_path}/ran) `touch {tmp_path}/ran` \"; touch {tmp_path}/ran; é <>&|"
    record = replace(sample.hostile(), verdict=Verdict(Status.FAILED, reason), branch="")
    write_env(record, tmp_path / "variables.env")
    assert sourced(tmp_path / "variables.env", "LOCKGATE_REASON") == reason
    assert sourced(tmp_path / "variables.env", "LOCKGATE_BRANCH") == ""
    assert not (tmp_path / "ran").exists()


def test_every_value_is_one_bounded_line(tmp_path: Path) -> None:
    record = replace(sample.hostile(), solution="x\ny" * 10_000)
    write_env(record, tmp_path / "variables.env")
    lines = (tmp_path / "variables.env").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(variables(record))
    assert all(line.startswith("LOCKGATE_") and len(line) < 1000 for line in lines)
