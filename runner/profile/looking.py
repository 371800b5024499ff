"""A table looked at: one scan of aggregates, then the few values, shapes, keys and pairs that it suggests."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from runner.errors import InfrastructureError
from runner.expect.asks import Ask, Asked, Distinct, Rows, Scalar, Values
from runner.expect.columns import NUMBERS, Column, Kind
from runner.profile.keys import candidates, compounds, is_no_accident
from runner.profile.orders import held, orders
from runner.profile.private import by_name, by_values
from runner.profile.seen import TIMES, Counts, Moments, SeenColumn, SeenTable
from runner.profile.shapes import shape_of, shape_sql

EXTREMES = 64
FEW, LISTED, SHAPES = 60, 10_000, 40
MARGIN = 2  # the estimate of different values is off by some percent
EXAMPLES = 200  # rows whose values are looked at for what they are
# More rows than this, and shapes are read from a part of them: the whole table judges what is made of them.
SHAPED = 1_000_000
TAME = 1e70  # what moments are taken of: their fourth powers fit
ROWS = Scalar("count(*)")
Found = Mapping[Ask, Any]


def looked_at(table: Asked, columns: Mapping[str, Column], sensitive: Iterable[str]) -> SeenTable:
    """Raises InfrastructureError where the table cannot be read to its end."""
    found = table.answer([ROWS, *(ask for column in columns.values() for ask in _first(column).values())])
    seen = [_seen(column, found) for column in columns.values()]
    private = frozenset(sensitive) | _private(table, seen)
    known = SeenTable(_counted(found, ROWS), tuple(seen), private)
    return _further(table, known) if known.rows else known


def _first(column: Column) -> dict[str, Scalar]:
    """What is asked of a column in the first scan, by what it is called here. Aggregates skip SQL's nulls by
    themselves, which is several times faster than a filter; NaN is made one first."""
    sql, asks = column.sql, {"present": Scalar("count(*)", f"NOT {column.missing}")}
    if column.kind is Kind.FLOAT:
        number = f"CASE WHEN NOT isnan({sql}) THEN {sql}::DOUBLE END"
        asks |= _numbers(number) | _moments(f"CASE WHEN abs({sql}) < {TAME} THEN {sql}::DOUBLE END")
    elif column.kind is Kind.INTEGER:
        asks |= _numbers(sql) | _moments(sql)
    elif column.kind.value == "decimal":
        asks |= _numbers(f"{sql}::DOUBLE")
    elif column.kind.value in TIMES:
        asks |= _numbers(f"epoch_us({sql})") | _moments(f"epoch_us({sql})")
    elif column.kind is Kind.TEXT:
        asks |= {name: Scalar(f"{name}({sql})") for name in ("min", "max")} | _numbers(f"length({sql})")
    if column.kind in (*NUMBERS, Kind.TEXT):
        asks["about"] = Scalar(f"approx_count_distinct({sql})")
    return asks


def _numbers(sql: str) -> dict[str, Scalar]:
    """Both ends, and the values next to them where the table's engine can tell (DuckDB)."""
    several = {f"{end}s": Scalar(f"arg_{end}({sql}, {sql}, {EXTREMES})") for end in ("min", "max")}
    return {"least": Scalar(f"min({sql})"), "greatest": Scalar(f"max({sql})"), **several}


def _moments(sql: str) -> dict[str, Scalar]:
    functions = {"mean": "avg", "deviation": "stddev_samp", "kurtosis": "kurtosis"}
    return {name: Scalar(f"{function}({sql})") for name, function in functions.items()}


def _seen(column: Column, found: Found) -> SeenColumn:
    """What could not be computed is not known, and nothing is made of it; but for the counts of rows."""
    told = {name: found.get(ask) for name, ask in _first(column).items()}
    return SeenColumn(
        column,
        _counted(found, ROWS),
        _counted(found, _first(column)["present"]),
        told.get("about") or 0,
        _ends_of(told.get("mins"), told.get("least")),
        _ends_of(told.get("maxs"), told.get("greatest")),
        _moments_of(told),
        told.get("min") or "",
        told.get("max") or "",
    )


def _counted(found: Found, ask: Scalar) -> int:
    if found.get(ask) is None:
        raise InfrastructureError("its rows cannot be counted", where="the table")
    return int(found[ask])


def _ends_of(several: Sequence[Any] | None, one: Any) -> tuple[float, ...]:
    values = several or (() if one is None else (one,))
    return tuple(value if isinstance(value, int) else float(value) for value in values)


def _moments_of(told: Mapping[str, Any]) -> Moments | None:
    """None where there are none; a kurtosis that is not known is infinite."""
    mean, deviation, kurtosis = (_finite(told.get(name)) for name in ("mean", "deviation", "kurtosis"))
    if mean is None or deviation is None:
        return None
    return Moments(mean, deviation, math.inf if kurtosis is None else kurtosis)


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _private(table: Asked, seen: Iterable[SeenColumn]) -> frozenset[str]:
    """Columns whose values nobody should read, by their names and by their first values."""
    named = {each.name for each in seen if by_name(each.name)}
    texts = [each.column for each in seen if each.column.kind is Kind.TEXT and each.name not in named]
    if not texts:
        return frozenset(named)
    rows = table.rows(Rows(tuple(column.sql for column in texts), "true", EXAMPLES))
    shown = {column.name: [row[at] for row in rows] for at, column in enumerate(texts, 1)}
    return frozenset(named | {name for name, values in shown.items() if by_values(values)})


def _further(table: Asked, seen: SeenTable) -> SeenTable:
    """What the first scan suggests, asked for at once; keys of several columns only where none of one is."""
    values, shapes = dict(_values(seen)), dict(_shapes(seen))
    keys = {(c.name,): Distinct((c.column.sql,), f"NOT {c.column.missing}") for c in candidates(seen)}
    pairs = dict(orders(seen))
    asks: list[Ask] = [
        *values.values(),
        *shapes.values(),
        *keys.values(),
        *(a for two in pairs.values() for a in two),
    ]
    found = table.answer(asks)
    unique = [names for names, ask in keys.items() if _all_differ(found, ask) and is_no_accident(seen, names)]
    columns = (_with(c, _told(values, c, found), _told(shapes, c, found)) for c in seen.columns)
    known = replace(seen, columns=tuple(columns), ordered=tuple(held(pairs, found)))
    return replace(known, keys=tuple(unique) or tuple(_compound(table, known)))


def _all_differ(found: Found, ask: Distinct) -> bool:
    told = found.get(ask)
    return told is not None and not told.shared


def _told(asks: Mapping[str, Values], column: SeenColumn, found: Found) -> Counts | None:
    ask = asks.get(column.name)
    told = None if ask is None else found.get(ask)
    return None if told is None else tuple((value, count) for value, count in told)


def _with(column: SeenColumn, values: Counts | None, shapes: Counts | None) -> SeenColumn:
    """Shapes of values that are listed are read from those."""
    if values is not None and column.column.kind is Kind.TEXT:
        counts: Counter[str] = Counter()
        for value, count in values:
            counts[shape_of(str(value))] += count
        shapes = tuple(counts.items()) if len(counts) <= SHAPES else None
    few = values is not None and len(values) <= MARGIN * FEW
    return replace(column, values=values if few else None, shapes=shapes)


def _values(seen: SeenTable) -> Iterator[tuple[str, Values]]:
    """The values of columns that have few; of texts more, since their shapes cost less than all rows'."""
    for each in seen.columns:
        most = LISTED if each.column.kind is Kind.TEXT else FEW
        if each.column.kind in (*NUMBERS, Kind.TEXT) and 0 < each.about <= most:
            yield each.name, Values(each.column.sql, f"NOT {each.column.missing}", MARGIN * most)


def _shapes(seen: SeenTable) -> Iterator[tuple[str, Values]]:
    part = max(1, seen.rows // SHAPED)
    for each in seen.columns:
        if each.column.kind is Kind.TEXT and each.about > LISTED:
            sql = each.column.sql
            kept = f"NOT {each.column.missing}" + (f" AND hash({sql}) % {part} = 0" if part > 1 else "")
            yield each.name, Values(shape_sql(sql), kept, SHAPES)


def _compound(table: Asked, seen: SeenTable) -> Iterator[tuple[str, ...]]:
    """The first combination of columns that no two rows share."""
    for names in compounds(seen):
        ask = Distinct(tuple(seen.named(name).column.sql for name in names), "true")
        if _all_differ(table.answer([ask]), ask):
            yield names
            return
