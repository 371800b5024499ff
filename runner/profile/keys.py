"""Columns that tell rows apart: which are worth asking about, and which are unique by no accident. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from runner.expect.columns import Kind
from runner.profile.chance import collisions
from runner.profile.seen import SeenColumn, SeenTable
from runner.profile.shapes import is_dated

LEAST = 100  # rows: among fewer, uniqueness says little
ABOUT = 0.9  # of the rows: the estimate of different values is off by some percent
# So many pairs would be equal by chance, and none is: 1 in 1,000 of Poisson's.
EVIDENCE = 7.0
# So few would be, in a fresh sample too.
RARE = 0.001
ASKED, WIDEST, TAKEN = 6, 3, 8


def candidates(seen: SeenTable) -> list[SeenColumn]:
    """Columns without a null in which nearly every value differs; moments are not theirs alone."""
    kinds = (Kind.INTEGER, Kind.TEXT)
    return [
        column
        for column in seen.columns
        if seen.rows >= LEAST
        and not column.nulls
        and column.column.kind in kinds
        and column.about >= ABOUT * seen.rows
        and not is_dated(column.first)
    ]


def is_no_accident(seen: SeenTable, names: Sequence[str]) -> bool:
    """Whether whole numbers are unique though some would be equal by chance, or so many that none ever will.
    Texts are taken at their word."""
    column = seen.named(names[0])
    if column.column.kind is not Kind.INTEGER:
        return True
    by_chance = collisions(seen.rows, column.highest[0] - column.lowest[0] + 1)
    return by_chance >= EVIDENCE or by_chance <= RARE


def compounds(seen: SeenTable) -> Iterator[tuple[str, ...]]:
    """Combinations of columns without nulls that could tell rows apart, small ones first, at most six: with
    about as many combinations of values as rows, of which some would stand in two rows by chance."""
    if seen.rows < LEAST:
        return
    kept = [
        c for c in seen.columns if not c.nulls and c.about > 1 and c.column.kind in (Kind.INTEGER, Kind.TEXT)
    ]
    kept = sorted(kept, key=lambda column: -column.about)[:TAKEN]
    found = 0
    for width in range(2, WIDEST + 1):
        for several in combinations(kept, width):
            if found < ASKED and _could_tell(seen.rows, several):
                found += 1
                yield tuple(column.name for column in seen.columns if column in several)


def _could_tell(rows: int, several: Sequence[SeenColumn]) -> bool:
    kinds = 1.0
    for column in several:
        kinds *= column.about
    return kinds >= ABOUT * rows and collisions(rows, kinds) >= EVIDENCE
