"""A whole data stage as `lockgate run` starts it: its child process, imports, report and seal included."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from expecting.measuring import Measured, measured
from expecting.suite import write_suite
from runner import wire
from runner.stages.child import HANDOVER, RESULT, Handover
from runner.wire import load_report

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
LOCKGATE = """version: 1
solution: small
stages:
  data: {kind: data, tables: {small: {source: small.parquet, suite: suite.json}}}
"""


def small_solution(folder: Path, table: Path) -> Path:
    """A solution whose one table is this one, with the whole suite."""
    folder.mkdir(exist_ok=True)
    shutil.copy(table, folder / "small.parquet")
    write_suite(folder / "suite.json")
    (folder / "lockgate.yml").write_text(LOCKGATE)
    return folder


def stage(solution: Path, folder: Path, times: int) -> tuple[Measured, int]:
    """What a solution's data stage takes, and how many checks passed; exits where one did not."""
    out = folder / "out"
    out.mkdir(exist_ok=True)
    wire.save(out / HANDOVER, Handover("speed", sys.executable, {}))
    lockgate = [sys.executable, "-P", "-m", "runner", "run", "--solution", str(solution), "--stage", "data"]
    argv = [*lockgate, "--out", str(out), "--handover", str(out / HANDOVER)]
    return measured(argv, times), len(load_report(out / RESULT).checks)
