"""Which manifest a person means: a file, a run's folder, or a run's id."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from runner.errors import UsageError
from runner.text import one_line

FILE = "manifest.json"
RUNS = Path(".lockgate", "runs")


def find_manifest(reference: str, root: Path) -> Path:
    """The manifest's path; a run's id is looked for in the solution at `root`.

    Raises UsageError where there is none, with the runs that there are."""
    named = Path(reference)
    if not reference or "\x00" in reference:
        raise UsageError("no manifest is named", hint="a manifest.json, a run's folder, or a run's id")
    # Where a file and a run have one name, the file is what the shell completes.
    inside = root / RUNS / reference / FILE if named.name == reference else named / FILE
    for path in (named, named / FILE, inside):
        if os.path.isfile(path):  # noqa: PTH113  no error for a name that is too long
            return path
    raise UsageError(f"there is no manifest {one_line(reference)!r}", hint=_hint(reference, root))


def _hint(reference: str, root: Path) -> str:
    runs = sorted(path.parent.name for path in (root / RUNS).glob(f"*/{FILE}"))
    near = difflib.get_close_matches(reference, runs, 1)
    if near:
        return f"did you mean {near[0]}?"
    return f"runs here: {', '.join(runs[-3:])}" if runs else "a manifest.json, a run's folder, or a run's id"
