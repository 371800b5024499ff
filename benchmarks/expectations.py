"""How long a suite takes: Lockgate beside Great Expectations on pandas and pointblank on lazy polars.

    python benchmarks/expectations.py [--quick] [--large] [--times 3] [--folder DIR] [--clean]

25 expectations on 21 columns of Parquet (seeded, written once into the folder), on sorted and on shuffled
keys: 10 million rows, with --quick 1 million. Each contestant runs in a process of its own, in turn, from its
start to its end; medians of three. pointblank has an environment of its own, made from
requirements/peers.lock; it leaves out the quantile and the type. Then whole data stages as `lockgate run`
starts them: 1,000 rows, and flights (after `make flights`). --large adds 50 million rows (6.5 GB of disk),
for memory and for whether time grows as rows do. Exits 1 where a bound does not hold; --clean removes the
tables and the environment.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

from expecting.measuring import Measured, measured
from expecting.stages import FLIGHTS, small_solution, stage
from expecting.suite import EXPECTATIONS, write_suite

HERE = Path(__file__).parent
LOCK = HERE.parent / "requirements" / "peers.lock"
MILLION = 1_000_000


@dataclass
class Bounds:
    """What has to hold, said as it is looked at."""

    held: bool = True

    def say(self, what: str, value: float, bound: str, good: bool) -> None:
        self.held = self.held and good
        print(f"  {'ok    ' if good else 'BROKEN'} {what}: {value:.2f} ({bound})", flush=True)

    def most(self, what: str, value: float, limit: float) -> None:
        self.say(what, value, f"at most {limit:g}", value <= limit)

    def least(self, what: str, value: float, limit: float) -> None:
        self.say(what, value, f"at least {limit:g}", value >= limit)


@dataclass(frozen=True)
class Place:
    """Where tables, suite and the peers' environment lie, and how often each is run."""

    folder: Path
    times: int

    def table(self, rows: int, *, shuffled: bool) -> Path:
        """A table, read once, so that all contestants find it in memory."""
        order = "shuffled" if shuffled else "sorted"
        path = self.folder / f"{rows}-{order}.parquet"
        subprocess.run([sys.executable, HERE / "expecting" / "table.py", path, str(rows), order], check=True)
        with path.open("rb") as stream:
            while stream.read(2**24):
                pass
        return path

    def lockgate(self, table: Path, mode: str, times: int = 0) -> Measured:
        return self._run("lockgate", sys.executable, "ours.py", table, times, mode)

    def gx(self, table: Path) -> Measured:
        return self._run("Great Expectations on pandas", sys.executable, "gx.py", table, 0)

    def pointblank(self, table: Path) -> Measured:
        return self._run("pointblank on lazy polars", str(self.peers()), "pointblank_lazy.py", table, 0)

    def _run(self, who: str, python: str, script: str, table: Path, times: int, *more: str) -> Measured:
        argv = [python, str(HERE / "expecting" / script), str(table), str(self.folder / "suite.json"), *more]
        found = measured(argv, times or self.times)
        said = json.loads(found.said)
        if said["passed"] != said["of"]:
            raise SystemExit(f"{who}: {found.said}; figures of checks that do not pass are none")
        name = " ".join((who, *more))
        print(f"  {name:30} {said['of']} checks {found.seconds:7.2f} s {found.memory:6.2f} GB", flush=True)
        return found

    def peers(self) -> Path:
        """The peers' interpreter; their environment is made where it is not there."""
        home = self.folder / "peers"
        python = home / "bin" / "python"
        if not (home / "made").exists():
            venv.create(home, with_pip=True, clear=True)
            pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
            subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], check=True)
            (home / "made").touch()
        return python


def beside_peers(place: Place, rows: int, bounds: Bounds, *, shuffled: bool, quick: bool) -> None:
    """One table, all contestants."""
    print(f"\n{rows:,} rows, {'shuffled' if shuffled else 'sorted'} keys", flush=True)
    table = place.table(rows, shuffled=shuffled)
    ours, trusting = place.lockgate(table, "doubting"), place.lockgate(table, "trusting")
    pointblank, gx = place.pointblank(table), place.gx(table)
    bounds.least("times faster than Great Expectations", gx.seconds / ours.seconds, 8 if quick else 12)
    bounds.most("of pointblank's time", ours.seconds / pointblank.seconds, 1.1)
    bounds.most("GB", ours.memory, 2.5)
    if not quick:  # of a million rows, imports take most of the time
        bounds.least("times faster, trusting the footer", gx.seconds / trusting.seconds, 20)


def whole_stages(place: Place, bounds: Bounds) -> None:
    """Data stages of few rows, where imports are what takes time."""
    print("\nwhole data stages", flush=True)
    small, checks = stage(
        small_solution(place.folder / "small", place.folder / "first.parquet"),
        place.folder,
        max(place.times, 5),
    )
    print(f"  1,000 rows, {checks} checks: {small.memory:.2f} GB")
    bounds.most("s", small.seconds, 0.7)
    if not (FLIGHTS / "build" / "data" / "flights.parquet").exists():
        raise SystemExit("flights was not built: make flights")
    flights, checks = stage(FLIGHTS, place.folder, place.times)
    print(f"  flights, {checks} checks: {flights.memory:.2f} GB")
    bounds.most("s", flights.seconds, 1.5)


def growing(place: Place, bounds: Bounds) -> None:
    """50 million rows: memory, and seconds a million rows beside those from 1 to 10 million."""
    print("\n50,000,000 rows, shuffled keys", flush=True)
    seconds = {}
    for millions in (1, 10, 50):
        table = place.table(millions * MILLION, shuffled=True)
        found = place.lockgate(table, "doubting")
        seconds[millions] = found.seconds
    bounds.most("GB", found.memory, 2)
    each = (seconds[50] - seconds[10]) / 40, (seconds[10] - seconds[1]) / 9
    bounds.most("times the seconds a row of 1 to 10 million", each[0] / each[1], 1.25)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1 million rows")
    parser.add_argument("--large", action="store_true", help="50 million rows, too")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "lockgate-expectations")
    parser.add_argument("--clean", action="store_true", help="remove what was made, and do nothing else")
    given = parser.parse_args()
    if given.clean:
        shutil.rmtree(given.folder, ignore_errors=True)
        return 0
    given.folder.mkdir(parents=True, exist_ok=True)
    place, bounds = Place(given.folder.resolve(), given.times), Bounds()
    write_suite(place.folder / "suite.json")
    print(f"{len(EXPECTATIONS)} expectations, medians of {given.times}")
    rows = MILLION if given.quick else 10 * MILLION
    for shuffled in (False, True):
        beside_peers(place, rows, bounds, shuffled=shuffled, quick=given.quick)
    whole_stages(place, bounds)
    if given.large:
        growing(place, bounds)
    return 0 if bounds.held else 1


if __name__ == "__main__":
    raise SystemExit(main())
