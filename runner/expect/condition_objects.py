"""Row conditions as Great Expectations 1.x saves them -> the query that it asks pandas. Pure."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any

from runner.expect.literals import Uncompiled

SIGNS = ("==", "!=", "<", "<=", ">", ">=")
SETS = {"IN": "in", "NOT_IN": "not in"}
PLAIN = (str, int, float)
MOST = 100  # Great Expectations refuses more


def query_of(told: Mapping[str, Any]) -> str:
    """The query; raises Uncompiled for what Great Expectations would refuse, or read otherwise."""
    if told.get("type") == "pass_through":
        return _text(_fields(told, "pass_through_filter")[0])
    try:
        if _number(told) <= MOST:
            return _query(told, within="")
    except RecursionError:
        pass
    raise Uncompiled("its row_condition has too many conditions")


def _number(told: Any) -> int:
    """How many conditions there are, those of `and` and `or` counted by what they join."""
    inner = told.get("conditions") if isinstance(told, Mapping) else None
    return sum(map(_number, inner)) if isinstance(inner, list) else 1


def _query(told: Any, within: str) -> str:
    """One condition, inside an `and`, an `or`, or nothing: no `or` may stand within either."""
    kind = told.get("type") if isinstance(told, Mapping) else None
    if kind == "comparison":
        return _comparison(*_fields(told, "column", "operator", "parameter"))
    if kind == "nullity":
        column, is_null = _fields(told, "column", "is_null")
        return f"{_named(column)}.isnull()" if _truth(is_null) else f"~{_named(column)}.isnull()"
    if kind == "and" or (kind == "or" and not within):
        return _joined(str(kind), _fields(told, "conditions")[0])
    raise Uncompiled("its row_condition is of a kind that there is not, or an `or` within another")


def _joined(kind: str, conditions: Any) -> str:
    if not isinstance(conditions, list) or not conditions:
        raise Uncompiled("its row_condition joins nothing")
    return f"({f' {kind} '.join(_query(each, kind) for each in conditions)})"


def _comparison(column: Any, operator: Any, parameter: Any) -> str:
    if operator in SIGNS and isinstance(parameter, str | int | float):
        return f"{_named(column)} {operator} {parameter!r}"
    if (
        operator in SETS
        and isinstance(parameter, list)
        and all(type(v) in (str, int, float) for v in parameter)
    ):
        return f"{_named(column)} {SETS[operator]} {parameter!r}"
    raise Uncompiled("its row_condition is not a plain comparison")


def _named(column: Any) -> str:
    """A column as pandas' queries name it: in ticks where it is no name of Python's."""
    if not isinstance(column, Mapping):
        raise Uncompiled("its row_condition names no column")
    name = _text(_fields(column, "name", typed=False)[0])
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"`{name}`"


def _fields(told: Mapping[str, Any], *names: str, typed: bool = True) -> list[Any]:
    if set(told) != {*names, *(("type",) if typed else ())}:
        raise Uncompiled("its row_condition has other fields than its kind has")
    return [told[name] for name in names]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Uncompiled("its row_condition has something else where a text belongs")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Uncompiled("its row_condition has something else where a truth belongs")
    return value
