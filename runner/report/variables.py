"""The run as variables, for CodeBuild's exported-variables and any shell that sources the file."""

from __future__ import annotations

import shlex
from pathlib import Path

from runner.adapters.files import write_atomic
from runner.report.record import RunRecord
from runner.report.tally import headline
from runner.report.text import one_line


def variables(record: RunRecord) -> dict[str, str]:
    """Short one-line values. Large things never travel this way: a digest does."""
    found = {
        "LOCKGATE_VERDICT": str(record.verdict.status),
        "LOCKGATE_COMPLETE": "true" if record.complete else "false",
        "LOCKGATE_REASON": headline(record.verdict),
        "LOCKGATE_SOLUTION": record.solution,
        "LOCKGATE_RUN_ID": record.run_id,
        "LOCKGATE_COMMIT": record.commit,
        "LOCKGATE_BRANCH": record.branch,
        "LOCKGATE_MANIFEST_SHA256": record.manifest_sha256,
    }
    return {name: one_line(value, 500) for name, value in found.items()}


def write_env(record: RunRecord, path: Path) -> None:
    """Write `KEY=value` lines, quoted so that a shell that sources them runs nothing."""
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in variables(record).items())
    write_atomic(path, "".join(lines).encode())
