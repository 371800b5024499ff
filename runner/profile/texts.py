"""Closed sets, lengths and patterns. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from runner.expect.columns import Kind
from runner.profile.chance import Chance
from runner.profile.ends import ends
from runner.profile.readable import rest_of, share_above
from runner.profile.seen import Proposal, SeenColumn
from runner.profile.shapes import is_dated, pattern_of

LARGEST, NUMBERS, REPEATED = (
    50,
    12,
    20,
)  # different values of a set, of a set of numbers, rows a value on average
LEAST = 100
OPEN = 0.02  # a set or a pattern that more rows of a fresh sample may leave is none


def set_of(column: SeenColumn, chance: Chance) -> Iterator[Proposal]:
    """The values, where they are few and what has not been seen is rare. Whole numbers that follow each other
    are a range."""
    counts = column.values
    if counts is None or column.present < LEAST or len(counts) * REPEATED > column.present:
        return
    if is_dated(column.first):
        return
    values = sorted(value for value, _ in counts)  # type: ignore[type-var]
    if column.column.kind is not Kind.TEXT and not _is_code(column, values):
        return
    if len(values) > LARGEST:
        return
    kwargs, unseen = _mostly(column, chance, [count for _, count in counts])
    if unseen <= OPEN:
        rarest = min(count for _, count in counts)
        different = f"{len(values)} different value{'s' * (len(values) != 1)}"
        why = f"{different} in {column.present:,} rows, the rarest {rarest:,} times{_said(unseen)}"
        yield Proposal("expect_column_values_to_be_in_set", {**kwargs, "value_set": values}, why)


def _is_code(column: SeenColumn, values: list[object]) -> bool:
    """Whether whole numbers are few, and not all of those between the first and the last."""
    if column.column.kind is not Kind.INTEGER or len(values) > NUMBERS:
        return False
    return len(values) == 1 or column.highest[0] - column.lowest[0] + 1 > len(values)


def _mostly(column: SeenColumn, chance: Chance, counts: list[int]) -> tuple[dict[str, object], float]:
    unseen = share_above(chance.unseen(counts))
    kwargs: dict[str, object] = {"column": column.name}
    return (kwargs | {"mostly": rest_of(unseen)} if unseen else kwargs), unseen


def _said(unseen: float) -> str:
    return f"; a fresh sample may have {100 * unseen:.2g} % of others" if unseen else ""


def lengths_of(column: SeenColumn, chance: Chance) -> Iterator[Proposal]:
    """One length, or a range with slack at the ends that are not frequent."""
    low, high = int(column.lowest[0]), int(column.highest[0])
    said = f"{column.present:,} texts of {low:,}" + (
        f" to {high:,} characters" if low != high else " characters"
    )
    least, most = ends(column, chance, whole=True)
    kwargs: dict[str, object] = {"column": column.name}
    if least == most and least == low:
        yield Proposal("expect_column_value_lengths_to_equal", kwargs | {"value": low}, said)
        return
    kwargs |= {"min_value": max(int(least or 0), 1)} if low > 0 else {}
    kwargs |= {"max_value": int(most)} if most is not None else {}
    yield Proposal("expect_column_value_lengths_to_be_between", kwargs, said)


def pattern_of_column(column: SeenColumn, chance: Chance) -> Iterator[Proposal]:
    """The regular expression of the texts' shapes, where few shapes are all there are."""
    shapes = column.shapes
    if not shapes or column.present < LEAST:
        return
    pattern = pattern_of((str(shape) for shape, _ in shapes), column.first, column.last)
    kwargs, unseen = _mostly(column, chance, [count for _, count in shapes])
    if pattern and unseen <= OPEN:
        why = f"{len(shapes)} shape{'s' * (len(shapes) != 1)} in {column.present:,} texts{_said(unseen)}"
        yield Proposal("expect_column_values_to_match_regex", {**kwargs, "regex": pattern}, why)
