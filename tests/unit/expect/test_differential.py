"""What is compiled answers as Great Expectations does: 500 cases (benchmarks/differential.py has 20,000)."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path

from helpers.differential import case_of, compared
from helpers.explained import explained

from runner.expect.compilers import COMPILERS

SEEDS = range(100_000, 100_066)
LEAST = 500


def test_every_field_is_great_expectations_own(tmp_path: Path) -> None:
    types: Counter[str] = Counter()
    unexplained = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in SEEDS:
            found = compared(case_of(seed, tmp_path))
            types.update(type for type, _ in found.answers.values())
            unexplained += [each for each in found.differences if not explained(each)]
    assert not unexplained
    assert types.total() >= LEAST and types.keys() == COMPILERS.keys()
