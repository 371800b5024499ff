"""Whether a profiled suite passes on fresh samples of the same source, and catches planted damage.

    PYTHONPATH=tests python benchmarks/profile.py [--tables 40] [--fresh 10] [--seed 1] [--quick]

Tables are made by seed: columns of twelve kinds (counts, prices with a heavy tail, shares, codes, keys,
times, texts of a shape, free texts, ...), some with nulls, of 200 to 20,000 rows. Each is profiled once;
fresh samples of the same source are then asked the suite, which has to pass at the stated rate, less the
error of so many trials; and each kind of damage is planted into fresh samples, which has to fail. Then the
flights' tables, which nobody made: profiled on a random half of the rows, asked of the other; of their
expectations, a share has to pass (a single gross outlier in one half breaks a range, as it should). Exits 1
where a bound does not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from runner.config.data import TableSource
from runner.model import Status
from runner.profile.profiling import profiled
from runner.profile.writing import suite_of
from runner.sources.opening import Places, opened
from runner.sources.source import Source
from runner.stages.tables.answering import answered
from runner.stages.tables.checks import judge
from runner.stages.tables.engine import validate

CONFIDENCE = 0.99
CAUGHT = 0.95  # of each kind of damage, over all tables
FLIGHTS_PASS = 0.97  # of expectations
FLIGHTS = Path(__file__).parents[1] / "examples" / "flights" / "build" / "data"
Frame = pd.DataFrame
Make = Callable[[np.random.Generator, int], Any]


def _codes(rng: np.random.Generator, rows: int) -> Any:
    return rng.choice(["EU", "US", "JP", "BR", "ZA"], rows, p=[0.5, 0.3, 0.1, 0.06, 0.04])


def _rare(rng: np.random.Generator, rows: int) -> Any:
    """Zipf's many values, some of which a sample has not seen."""
    return np.array([f"shop-{min(n, 500)}" for n in rng.zipf(1.6, rows)])


def _plates(rng: np.random.Generator, rows: int) -> Any:
    letters = rng.choice(list("ABCDEFGHJK"), (rows, 2))
    return [f"N{number}{a}{b}" for number, (a, b) in zip(rng.integers(100, 1000, rows), letters, strict=True)]


def _words(rng: np.random.Generator, rows: int) -> Any:
    return [
        " ".join(rng.choice(["red", "Green", "old", "n1", "x-y"], size)) for size in rng.integers(2, 6, rows)
    ]


def _times(rng: np.random.Generator, rows: int) -> Any:
    return pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 366 * 86_400, rows), unit="s")


COLUMNS: dict[str, Make] = {
    "visits": lambda rng, rows: rng.poisson(20, rows),
    "price": lambda rng, rows: rng.lognormal(3, 1, rows).round(2),
    "loss": lambda rng, rows: (rng.pareto(2.5, rows) * 10).round(2),
    "degrees": lambda rng, rows: rng.normal(15, 8, rows).round(1),
    "share": lambda rng, rows: rng.random(rows),
    "hour": lambda rng, rows: rng.integers(0, 24, rows),
    "level": lambda rng, rows: rng.choice([1, 2, 5, 9], rows, p=[0.7, 0.2, 0.07, 0.03]),
    "country": _codes,
    "shop": _rare,
    "plate": _plates,
    "words": _words,
    "at": _times,
}
# None is so rare that a sample of 200 rows may have none: what is never null there is taken to be never null.
NULLS = {"degrees": 0.05, "words": 0.3, "visits": 0.05, "plate": 0.1}


def made(rng: np.random.Generator, rows: int) -> Frame:
    """A fresh sample: a key first, then every kind of column, and a pair that is ordered."""
    frame = pd.DataFrame({"id": np.arange(rows) + rng.integers(1, 10**6)})
    for name, make in COLUMNS.items():
        frame[name] = make(rng, rows)
        if name in NULLS:
            kept = rng.random(rows) >= NULLS[name]
            frame[name] = frame[name].where(kept, None if frame[name].dtype == object else np.nan)
    frame["low"] = rng.normal(100, 20, rows).round(1)
    frame["high"] = (frame["low"] + rng.exponential(15, rows)).round(1)
    return frame


def _some(rng: np.random.Generator, frame: Frame, share: float = 0.02) -> Any:
    """The places of some rows, five at least."""
    return rng.choice(len(frame), max(5, int(share * len(frame))), replace=False)


def _put(frame: Frame, at: Any, column: str, value: Any) -> Frame:
    found = frame.copy()
    found[column] = found[column].astype(object) if isinstance(value, str) else found[column]
    found.loc[found.index[at], column] = value
    return found


DAMAGE: Mapping[str, Callable[[np.random.Generator, Frame], Frame]] = {
    "nulls in a full column": lambda rng, f: _put(f, _some(rng, f), "country", None),
    "half of a column lost": lambda rng, f: _put(f, _some(rng, f, 0.5), "degrees", np.nan),
    "out of range": lambda rng, f: _put(f, _some(rng, f), "hour", 25),
    "far out of range": lambda rng, f: _put(f, _some(rng, f), "degrees", 999.9),
    "a sign lost": lambda rng, f: _put(f, _some(rng, f), "price", -1.0),
    "a new category": lambda rng, f: _put(f, _some(rng, f), "country", "XX"),
    "a new code": lambda rng, f: _put(f, _some(rng, f), "level", 4),
    "duplicated rows": lambda rng, f: pd.concat([f, f.iloc[_some(rng, f)]], ignore_index=True),
    "columns renamed crosswise": lambda rng, f: f.rename(columns={"price": "share", "share": "price"}),
    "two columns' values swapped": lambda rng, f: f.assign(price=f["share"], share=f["price"]),
    "an order broken": lambda rng, f: f.assign(low=f["high"], high=f["low"]),
    "units x 1000": lambda rng, f: f.assign(degrees=f["degrees"] * 1000),
    "units / 1000": lambda rng, f: f.assign(price=f["price"] / 1000),
    "texts truncated": lambda rng, f: f.assign(plate=f["plate"].str[:4]),
    "texts in lower case": lambda rng, f: f.assign(plate=f["plate"].str.lower()),
    "numbers became texts": lambda rng, f: f.assign(hour=f["hour"].astype(str)),
    "whole numbers became floats": lambda rng, f: f.assign(hour=f["hour"] + 0.5),
    "dates ten years on": lambda rng, f: f.assign(at=f["at"] + pd.DateOffset(years=10)),
    "dates a year back": lambda rng, f: f.assign(at=f["at"] - pd.DateOffset(years=1)),
    "a column dropped": lambda rng, f: f.drop(columns="share"),
    "a column added": lambda rng, f: f.assign(more=1),
    "a tenth of the rows": lambda rng, f: f.head(max(1, len(f) // 10)),
}


@dataclass
class Log:
    """What all tables gave."""

    passed: list[bool] = field(default_factory=list)
    broken: Counter[str] = field(default_factory=Counter)
    caught: dict[str, list[bool]] = field(default_factory=lambda: {name: [] for name in DAMAGE})


def source_of(frame: Frame, folder: Path, name: str = "t") -> Source:
    """A frame as the data stage finds it."""
    frame.to_parquet(folder / f"{name}.parquet", index=False)
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    config = TableSource(source=f"{name}.parquet", suite="unused.json")
    return opened(name, config, Places(folder, scratch, lambda uri, path: None))


def bad(expectations: list[Any], frame: Frame, folder: Path) -> list[str]:
    """The expectations that a table does not pass."""
    source = source_of(frame, folder, "fresh")
    suite = suite_of("fresh", expectations)
    told = answered(source, suite, "fresh", validate)
    checks = judge(suite, told.answers, list(told.columns))
    return [check.id for check in checks if check.status is not Status.PASSED]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tables", type=int, default=40)
    parser.add_argument("--fresh", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    tables, fresh = (6, 4) if asked.quick else (asked.tables, asked.fresh)
    log = Log()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(tables):
            one(np.random.default_rng([asked.seed, number]), fresh, Path(folder), log)
        fine = report(log) & flights(np.random.default_rng(asked.seed), 1 if asked.quick else 5, Path(folder))
    return 0 if fine else 1


def one(rng: np.random.Generator, fresh: int, folder: Path, log: Log) -> None:
    """Profile a table, ask fresh samples of as many rows, and damaged ones."""
    rows = int(10 ** rng.uniform(np.log10(200), np.log10(20_000)))
    written = profiled("t", source_of(made(rng, rows), folder), confidence=CONFIDENCE).written
    expectations = written.document["expectations"]
    for _ in range(fresh):
        found = bad(expectations, made(rng, rows), folder)
        log.passed.append(not found)
        log.broken.update(found)
    for name, damage in DAMAGE.items():
        log.caught[name].append(bool(bad(expectations, damage(rng, made(rng, rows)), folder)))


def report(log: Log) -> bool:
    """Print the shares; whether all bounds hold."""
    trials, share = len(log.passed), float(np.mean(log.passed))
    least = CONFIDENCE - 3 * sqrt(CONFIDENCE * (1 - CONFIDENCE) / trials)
    print(f"fresh samples that pass: {share:.4f} of {trials} (stated {CONFIDENCE}, bound {least:.4f})")
    for id, count in log.broken.most_common(10):
        print(f"    {count}  {id}")
    for name, caught in log.caught.items():
        print(f"{np.mean(caught):8.2f}  {name}")
    return share >= least and all(np.mean(caught) >= CAUGHT for caught in log.caught.values())


def flights(rng: np.random.Generator, splits: int, folder: Path) -> bool:
    """The example's tables: profiled on a random half, asked of the other; and how long a profile takes."""
    asked = broken = 0
    for path in sorted(FLIGHTS.glob("*.parquet")):
        whole = pd.read_parquet(path)
        for _ in range(splits):
            order = rng.permutation(len(whole))
            halves = [whole.iloc[np.sort(each)].reset_index(drop=True) for each in np.array_split(order, 2)]
            begun = time.process_time()
            written = profiled(path.stem, source_of(halves[0], folder), confidence=CONFIDENCE).written
            seconds, count = time.process_time() - begun, len(written.document["expectations"])
            found = bad(written.document["expectations"], halves[1], folder)
            asked, broken = asked + count, broken + len(found)
            print(
                f"{path.stem}: {len(halves[0]):,} rows, {count} expectations in {seconds:.2f} s of CPU;",
                end=" ",
            )
            print(f"the other half: {found or 'passes'}")
    print(f"{asked - broken:,} of {asked:,} expectations pass on the other half (bound {FLIGHTS_PASS})")
    return not asked or 1 - broken / asked >= FLIGHTS_PASS


if __name__ == "__main__":
    sys.exit(main())
