"""When keys of two types are equal: exactly, or they are not compared at all. Pure.

SQL engines compare a text with a number, or a 64-bit integer with a float, by a cast that loses something;
which keys are equal would then depend on it. Types are DuckDB's, as DESCRIBE says them.
"""

from __future__ import annotations

import re

SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
INTEGERS = (*SIGNED, "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
FLOATS = ("FLOAT", "DOUBLE")
TIMES = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
DECIMAL = re.compile(r"DECIMAL\(\d+,(\d+)\)")
DIGITS = 38  # of DuckDB's widest decimal
AS_IT_IS, WIDEST, LATEST = "{}", "CAST({} AS HUGEINT)", "CAST({} AS TIMESTAMP_NS)"
# A float is an integer's key where it is one; any other equals none.
WHOLE = "CASE WHEN {0} = trunc({0}) THEN TRY_CAST({0} AS HUGEINT) END"


def missing(column: str, type: str) -> str:
    """What is no key: null, and NaN, which is pandas' null."""
    return f"({column} IS NULL OR isnan({column}))" if type in FLOATS else f"({column} IS NULL)"


def alike(left: str, right: str) -> tuple[str, str] | None:
    """Templates that make SQL of either type comparable with the other's, without loss; None where there are
    none."""
    if left == right or (left in FLOATS and right in FLOATS):
        return AS_IT_IS, AS_IT_IS
    if left in INTEGERS and right in INTEGERS:
        return WIDEST, WIDEST
    if left in TIMES and right in TIMES:
        return LATEST, LATEST
    if left in INTEGERS and right in FLOATS:
        return WIDEST, WHOLE
    if left in FLOATS and right in INTEGERS:
        return WHOLE, WIDEST
    return _decimals(left, right)


def _decimals(left: str, right: str) -> tuple[str, str] | None:
    """Decimals with decimals, or with integers: as the one of most places. What is beyond that cannot be
    computed, and says so."""
    found = [DECIMAL.fullmatch(type) for type in (left, right)]
    if not any(found) or not all(m or type in INTEGERS for m, type in zip(found, (left, right), strict=True)):
        return None
    places = max(int(match[1]) for match in found if match)
    template = f"CAST({{}} AS DECIMAL({DIGITS},{places}))"
    return template, template
