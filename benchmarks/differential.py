"""Whether what is compiled answers as Great Expectations does, over many made tables and suites.

    PYTHONPATH=tests python benchmarks/differential.py [--cases 20000] [--seed 1000000]

A case is one compiled expectation over one made table; tables are made seed by seed
(helpers/differential.py) until there are as many cases as wanted. Printed: how many were compiled, by type;
how many were left, and why; differences that docs/data.md explains, by cause; those that nothing explains,
each with its seed; and a digest of all compiled answers, floats to nine digits, that the same seeds give
again. Exits 1 where a difference is unexplained.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import re
import tempfile
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.differential import Compared, case_of, compared
from helpers.explained import Difference, explained

EVERY = 1000
EXPECTATIONS = 32  # of a suite: a table costs more than an expectation


@dataclass
class Log:
    """What all cases gave."""

    compiled: Counter[str] = field(default_factory=Counter)
    left: Counter[tuple[str, str]] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)
    unexplained: list[Difference] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)

    def take(self, seed: int, found: Compared) -> None:
        """Count a table's cases, and put their answers under the digest."""
        for id, (type, answer) in sorted(found.answers.items()):
            self.compiled[type] += 1
            self.digest.update(json.dumps([seed, id, type, _plain(answer)]).encode() + b"\n")
        self.left.update(found.left)
        for difference in found.differences:
            cause = explained(difference)
            self.explained.update([cause] if cause else [])
            self.unexplained += [] if cause else [difference]


def _plain(value: Any) -> Any:
    """As JSON, whose floats are cut to nine digits: the last ones are the machine's."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return f"{value:.9g}" if isinstance(value, float) else value


def run(cases: int, seed: int) -> tuple[Log, int]:
    """Make tables from this seed on until there are as many cases; the log, and the last seed."""
    log, at = Log(), seed
    with tempfile.TemporaryDirectory() as folder:
        while log.compiled.total() < cases:
            before = log.compiled.total() // EVERY
            case = case_of(at, Path(folder), EXPECTATIONS)
            log.take(at, compared(case))
            case.path.unlink()
            at += 1
            if log.compiled.total() // EVERY > before:
                seeds = sorted({each.seed for each in log.unexplained})
                print(f"{log.compiled.total():>7} cases; unexplained: {seeds}", flush=True)
    return log, at - 1


def by_cause(log: Log) -> dict[str, Counter[str]]:
    """Why expectations were left, whatever the column's name -> of which types."""
    causes: dict[str, Counter[str]] = {}
    for (type, why), count in log.left.items():
        plain = re.sub(r"column (['\"]).*?\1 is", "a column is", why)
        causes.setdefault(plain, Counter())[type] += count
    return causes


def told(log: Log, seed: int, last: int) -> None:
    """Print what was found."""
    print(f"\nseeds {seed} to {last}: {log.compiled.total():,} compiled, {log.left.total():,} left")
    for type, count in sorted(log.compiled.items()):
        print(f"  {count:>6} {type}")
    print("left to Great Expectations, by cause:")
    for why, kinds in sorted(by_cause(log).items()):
        print(f"  {kinds.total():>6} {why}: {len(kinds)} types, {kinds.most_common(1)[0][0]} first")
    print(f"explained differences: {log.explained.total()}")
    for cause, count in sorted(log.explained.items()):
        print(f"  {count:>6} {cause}")
    print(f"unexplained differences: {len(log.unexplained)}")
    for each in log.unexplained:
        print(f"  seed {each.seed} {each.type} {dict(each.kwargs)}")
        print(f"    ours   {each.ours}\n    theirs {each.theirs}")
    print(f"digest of all answers: sha256:{log.digest.hexdigest()}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument(
        "--seed", type=int, default=1_000_000, help="of the first table; the next has the next"
    )
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    log, last = run(given.cases, given.seed)
    told(log, given.seed, last)
    return 1 if log.unexplained else 0


if __name__ == "__main__":
    raise SystemExit(main())
