"""What foreign keys cost: rows of one table beside the keys of another, by one anti join.

    PYTHONPATH=tests python benchmarks/between.py [--rows 10000000] [--seed 1] [--quick]

A table of ROWS keys is drawn by seed from a tenth as many, of which ten are not in the other table; so how
many rows refer to nothing is known before it is asked. Each comparison runs in a process of its own. Exits 1
where a count is wrong, or it takes more than 4 s of processor time or 800 MB for ten million rows (start and
imports among them).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LOST = 10  # keys that are nowhere
SECONDS, MEGABYTES = 4.0, 800
FORMS = {"integers": lambda keys: keys, "texts": lambda keys: np.char.add("key-", keys.astype(str))}


def written(folder: Path, form: str, rows: int, seed: int) -> int:
    """Two tables; how many rows of the first have no match in the second."""
    keys = np.random.default_rng(seed).integers(0, rows // 10, rows)
    pq.write_table(pa.table({"k": FORMS[form](keys)}), folder / "c.parquet")
    pq.write_table(pa.table({"k": FORMS[form](np.arange(rows // 10 - LOST))}), folder / "p.parquet")
    return int((keys >= rows // 10 - LOST).sum())


def compared(folder: Path) -> dict[str, Any]:
    """What was found, in this process, and what it took."""
    from helpers.between import source

    from runner.sources.in_memory import workspace
    from runner.stages.tables.orphans import Side, orphans

    begun = time.monotonic()
    sides = (Side(source(folder, f"{name}.parquet"), ("k",)) for name in "cp")
    found = orphans(workspace(), *sides)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "rows": found.rows,
        "keys": found.keys,
        "wall": time.monotonic() - begun,
        "seconds": used.ru_utime + used.ru_stime,
        "megabytes": _peak(),
    }


def _peak() -> float:
    """The most memory this program had: getrusage also counts that of the one which started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def apart(folder: Path) -> dict[str, Any]:
    """The same in a process of its own."""
    told = subprocess.run(
        [sys.executable, __file__, "--compare", str(folder)], check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a million rows")
    parser.add_argument("--compare", type=Path, help="a folder of two tables, for the process that compares")
    options = parser.parse_args()
    if options.compare:
        print(json.dumps(compared(options.compare)))
        return 0
    rows, wrong = 1_000_000 if options.quick else options.rows, 0
    for form in FORMS:
        with tempfile.TemporaryDirectory(prefix="between-") as place:
            expected = written(Path(place), form, rows, options.seed)
            found = apart(Path(place))
        sound = found["rows"] == expected and found["keys"] == LOST
        cheap = found["seconds"] <= SECONDS * max(1, rows / 1e7) and found["megabytes"] <= MEGABYTES
        wrong += not (sound and cheap)
        print(
            f"{form:9} {rows:,} rows: {found['rows']} without a match ({expected} planted),"
            f" {found['seconds']:.2f} s of processor, {found['wall']:.2f} s, {found['megabytes']:.0f} MB"
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
