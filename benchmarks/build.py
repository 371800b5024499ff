"""What a second `lockgate build` costs, with nothing changed: the whole process, as a person waits for it.

    python benchmarks/build.py [RUNS]

Prints the seconds of each of RUNS (default 5), and the median, for a committed copy of examples/flights.
Goal: under 0.5 s. The first build trains and packs; what it needs is taken from the usual cache.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOAL = 0.5
IGNORED = shutil.ignore_patterns(".lockgate", "build", "__pycache__")
GIT = ["git", "-c", "user.name=b", "-c", "user.email=b@example.org"]


def build(solution: Path) -> float:
    """Seconds of one build; ends with its output where it fails."""
    argv = [str(Path(sys.executable).with_name("lockgate")), "build", "--solution", str(solution)]
    begun = time.perf_counter()
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return time.perf_counter() - begun


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        solution = Path(place, "flights")
        shutil.copytree(ROOT / "examples" / "flights", solution, ignore=IGNORED)
        (solution / ".gitignore").write_text("build/\n.lockgate/\n__pycache__/\n")
        for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "flights"]):
            subprocess.run([*GIT, *words], cwd=solution, check=True)
        print(f"the first build:       {build(solution):.2f} s")
        again = [build(solution) for _ in range(runs)]
        print(f"again, nothing changed: {' '.join(f'{each:.2f}' for each in again)} s")
        print(f"median of {runs}:           {statistics.median(again):.2f} s (goal under {GOAL})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
