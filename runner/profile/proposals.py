"""What is proposed of a table: of it as a whole, then of each column, of its keys, of ordered pairs. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator

from runner.expect.columns import NUMBERS, Kind
from runner.profile.chance import Chance
from runner.profile.numbers import moments_of, range_of
from runner.profile.readable import above, below, rest_of, share_above
from runner.profile.seen import TIMES, Proposal, SeenColumn, SeenTable
from runner.profile.texts import lengths_of, pattern_of_column, set_of
from runner.profile.times import times_of

EACH = 8  # about so many expectations of a column can fail by chance
ENOUGH = 0.01  # a smaller `mostly` disarms its rule


def fresh_rows(rows: int) -> tuple[int, int]:
    """How many rows a fresh sample has at least and at most: half and twice as many, in two digits."""
    return max(1, int(below(rows / 2, rows, whole=True))), int(above(rows * 2, rows * 2, whole=True))


def proposals(seen: SeenTable, confidence: float) -> Iterator[Proposal]:
    """Everything that holds, in the table's order. A fresh sample of the same source with as many rows as the
    first of them allows passes all with a chance of `confidence`, as far as chance.py can tell."""
    least, most = fresh_rows(seen.rows)
    chance = Chance(seen.rows, least, (1 - confidence) / max(1, EACH * len(seen.columns)))
    yield from _whole(seen, least, most)
    for column in seen.columns:
        yield from _of(column, seen, chance)
    yield from _keys(seen)
    yield from (_ordered(a, b) for a, b in seen.ordered)


def _whole(seen: SeenTable, least: int, most: int) -> Iterator[Proposal]:
    why = f"{seen.rows:,} rows; half to twice as many may come"
    yield Proposal("expect_table_row_count_to_be_between", {"min_value": least, "max_value": most}, why)
    names = [column.name for column in seen.columns]
    why = f"{len(names)} columns, in this order"
    yield Proposal("expect_table_columns_to_match_ordered_list", {"column_list": names}, why)


def _ordered(a: str, b: str) -> Proposal:
    kwargs = {"column_A": b, "column_B": a, "or_equal": True, "ignore_row_if": "either_value_is_missing"}
    why = f"{a} is above {b} in no row that has both"
    return Proposal("expect_column_pair_values_a_to_be_greater_than_b", kwargs, why)


def _of(column: SeenColumn, seen: SeenTable, chance: Chance) -> Iterator[Proposal]:
    yield from _type(column)
    yield from _nulls(column, chance)
    if not column.lowest or not column.highest:
        return
    is_private, is_key = column.name in seen.sensitive, (column.name,) in seen.keys
    if column.column.kind is Kind.TEXT:
        closed = [] if is_private else list(set_of(column, chance))
        yield from closed
        if not closed or "mostly" in closed[0].kwargs:
            yield from lengths_of(column, chance)
            yield from [] if is_private else pattern_of_column(column, chance)
    elif column.column.kind in NUMBERS and not is_private:
        yield from list(set_of(column, chance)) or range_of(column, chance, is_key=is_key)
        yield from [] if is_key else moments_of(column, chance)
    elif column.column.kind.value == "decimal" and not is_private:
        yield from range_of(column, chance, is_key=is_key)
    elif column.column.kind.value in TIMES and not is_private:
        yield from times_of(column, chance)


def _type(column: SeenColumn) -> Iterator[Proposal]:
    """To pandas, whole numbers with nulls among them are floats, and it writes them as such: either is right
    where there are nulls."""
    dtype, name = column.column.dtype, column.name
    if column.column.kind in NUMBERS and column.nulls and _are_whole(column):
        why = f"whole numbers, stored as {dtype}; with nulls among them, pandas makes floats of them"
        types = [dtype, "int64" if column.column.kind is Kind.FLOAT else "float64"]
        kwargs: dict[str, object] = {"column": name, "type_list": types}
        yield Proposal("expect_column_values_to_be_in_type_list", kwargs, why)
    elif word := dtype if column.column.kind in NUMBERS else _word(column):
        kwargs = {"column": name, "type_": word}
        yield Proposal("expect_column_values_to_be_of_type", kwargs, f"stored as {dtype}")


def _word(column: SeenColumn) -> str:
    """Great Expectations' word for the type of what is no number; '' where it depends on the values."""
    if column.column.kind is Kind.BOOLEAN:
        return "" if column.nulls else "bool"
    if column.column.kind is Kind.TEXT:
        return "str" if column.column.dtype == "str" else ""
    return {"time": "datetime64", "instant": "Timestamp"}.get(column.column.kind.value, "")


def _are_whole(column: SeenColumn) -> bool:
    extremes = (*column.lowest, *column.highest)
    return bool(extremes) and all(math.isfinite(value) and value == int(value) for value in extremes)


def _nulls(column: SeenColumn, chance: Chance) -> Iterator[Proposal]:
    said = f"{column.rows:,} rows, {column.nulls:,} null{'s' * (column.nulls != 1)}"
    if not column.nulls:
        yield Proposal("expect_column_values_to_not_be_null", {"column": column.name}, said)
        return
    share = share_above(chance.most(column.nulls, column.rows))
    if share <= 1 - ENOUGH:
        why = (
            f"{said} ({100 * column.nulls / column.rows:.3g} %); a fresh sample may have {100 * share:.3g} %"
        )
        kwargs = {"column": column.name, "mostly": rest_of(share)}
        yield Proposal("expect_column_values_to_not_be_null", kwargs, why)


def _keys(seen: SeenTable) -> Iterator[Proposal]:
    for names in seen.keys:
        if len(names) == 1:
            why = f"{seen.rows:,} rows, no value twice"
            yield Proposal("expect_column_values_to_be_unique", {"column": names[0]}, why)
        else:
            why = f"{seen.rows:,} rows, no combination twice; by chance, some would be"
            yield Proposal("expect_compound_columns_to_be_unique", {"column_list": list(names)}, why)
