"""Malformed models, archives, definitions, envelopes and SBOMs through the real commands, each measured.

PYTHONPATH=tests .venv/bin/python -m helpers.malformed 1000 [SEED]
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from helpers.malformed.archives import ARCHIVES
from helpers.malformed.case import Case, Outcome, bench
from helpers.malformed.components import DEFINITIONS, MODELS
from helpers.malformed.signed import ENVELOPES, SBOMS

KINDS: dict[str, Sequence[Callable[[random.Random], Case]]] = {
    "model": MODELS,
    "archive": ARCHIVES,
    "envelope": ENVELOPES,
    "sbom": SBOMS,
    "definition": DEFINITIONS,
}


def cases(count: int, seed: int = 1) -> Iterator[Case]:
    """`count` cases, the same for the same seed; each kind has its turn, and each maker of a kind."""
    draw = random.Random(seed)  # noqa: S311
    kinds = list(KINDS.values())
    for number in range(count):
        makers = kinds[number % len(kinds)]
        yield makers[number // len(kinds) % len(makers)](draw)


def report(count: int, seed: int = 1) -> int:
    """Judge so many cases and print what came of them; the number of those that went wrong."""
    outcomes: list[Outcome] = []
    with bench() as run:
        for number, case in enumerate(cases(count, seed)):
            outcome = run.run(case)
            outcomes.append(replace(outcome, case=replace(case, files={})))  # some are large
            if fault := outcome.fault():
                print(
                    f"case {number} ({case.kind}, {case.what}): {fault}\n{outcome.said[-2000:]}", flush=True
                )
    for kind in KINDS:
        if of_it := [outcome for outcome in outcomes if outcome.case.kind == kind]:
            print(summary(kind, of_it))
    wrong = sum(bool(outcome.fault()) for outcome in outcomes)
    print(f"{count} cases, {wrong} wrong")
    return wrong


def summary(kind: str, outcomes: Sequence[Outcome]) -> str:
    """How many, by exit status, and the worst of them."""
    codes = Counter(outcome.code for outcome in outcomes)
    told = ", ".join(f"exit {code}: {times}" for code, times in sorted(codes.items()))
    slowest = max(outcomes, key=lambda outcome: outcome.busy)
    largest = max(outcomes, key=lambda outcome: outcome.peak)
    slow = f"slowest {slowest.seconds:.1f} s, {slowest.busy:.1f} of them busy ({slowest.case.what})"
    large = f"largest {largest.peak >> 20} MiB ({largest.case.what})"
    return f"{kind:11}{len(outcomes):5}  {told}; {slow}; {large}"


if __name__ == "__main__":
    sys.exit(1 if report(int(sys.argv[1]), *map(int, sys.argv[2:3])) else 0)
