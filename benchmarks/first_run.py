"""How long a new user waits: a clean clone, `make flights` with an empty cache, then runs again.

    python benchmarks/first_run.py [RUNS]

Prints seconds, and the median of RUNS (default 3) further runs with nothing changed. Goals: the first
command under 180 s on two cores with its installation, a run under 60 s.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def timed(argv: list[str], cwd: Path, env: dict[str, str]) -> tuple[float, str]:
    """Seconds and output of a command; ends with the output where it fails."""
    begun = time.monotonic()
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(argv)} exited {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return time.monotonic() - begun, done.stdout


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        clone = Path(place, "lockgate")
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        env = {**os.environ, "LOCKGATE_CACHE": f"{place}/cache", "PIP_NO_CACHE_DIR": "1"}
        whole, said = timed(["make", "flights"], clone, env)
        first = re.search(r" in ([\d.]+) s; manifest", said)
        print(f"make flights, all of it: {whole:.1f} s (goal 180)")
        print(f"  of which the run:      {first[1] if first else '?'} s (goal 60)")
        command = [".venv/bin/lockgate", "run", "--solution", "examples/flights"]
        again = [timed(command, clone, env)[0] for _ in range(runs)]
        print(f"a run, nothing changed:  {statistics.median(again):.1f} s (median of {runs})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
