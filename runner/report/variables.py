"""The run as variables, for CodeBuild's exported-variables and any shell that sources the file."""

from __future__ import annotations

import shlex
from pathlib import Path

from runner.adapters.files import write_atomic
from runner.report.record import RunRecord
from runner.report.tally import all_counts, headline
from runner.text import one_line

# CodePipeline takes 1,000 characters a value; a quoted one may grow.
LIMIT = 500


def variables(record: RunRecord) -> dict[str, str]:
    """Short one-line values. Large things never travel this way: a digest does."""
    verdict, tally = record.verdict, all_counts(record)
    found = {
        "LOCKGATE_VERDICT": str(verdict.status),
        "LOCKGATE_COMPLETE": _word(record.complete),
        "LOCKGATE_REASON": headline(verdict),
        "LOCKGATE_STAGE": verdict.stage,
        "LOCKGATE_CHECK": verdict.check,
        "LOCKGATE_SOLUTION_NAME": record.solution,  # LOCKGATE_SOLUTION tells a host the folder
        "LOCKGATE_RUN_ID": record.run_id,
        "LOCKGATE_RELEASE": record.release,
        "LOCKGATE_STARTED": record.started,
        "LOCKGATE_SECONDS": f"{record.seconds:.1f}",
        "LOCKGATE_COMMIT": record.commit,
        "LOCKGATE_TREE_CLEAN": "unknown" if record.tree_clean is None else _word(record.tree_clean),
        "LOCKGATE_BRANCH": record.branch,
        "LOCKGATE_CHECKS_PASSED": str(tally.passed),
        "LOCKGATE_CHECKS_FAILED": str(tally.failed),
        "LOCKGATE_CHECKS_ERROR": str(tally.errors),
        "LOCKGATE_CHECKS_SKIPPED": str(tally.skipped),
        "LOCKGATE_MANIFEST_SHA256": record.manifest_sha256,
        "LOCKGATE_MANIFEST_URI": record.manifest_uri or "manifest.json",
        "LOCKGATE_VERSION": record.release or f"0+sha256.{record.manifest_sha256[:12]}",
    }
    return {name: one_line(value, LIMIT) for name, value in found.items()}


def write_env(record: RunRecord, path: Path) -> None:
    """Write `KEY=value` lines, quoted so that a shell that sources them runs nothing."""
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in variables(record).items())
    write_atomic(path, "".join(lines).encode())


def _word(flag: bool) -> str:
    return "true" if flag else "false"
