# ruff: noqa: E501  its tables of cases are wide
"""Suites by a seed's dice: expectations of every type that is compiled, of columns that fit and that do not."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from helpers.made_tables import TEXTS

from runner.stages.tables.suite import Expectation, Suite

Made = tuple[str, dict[str, Any]]
FORMATS = (
    "BOOLEAN_ONLY",
    "BASIC",
    "SUMMARY",
    "COMPLETE",
    {"result_format": "COMPLETE", "include_unexpected_rows": True, "unexpected_index_column_names": ["a"]},
    {"result_format": "BASIC", "partial_unexpected_count": 1, "exclude_unexpected_values": True},
)
MOSTLY = (0, 0.0, 0.5, 0.75, 0.9, 0.95, 1, 1.0, 2 / 3, 1 / 3)
CONDITIONAL = ("expect_column_", "expect_compound", "expect_select", "expect_multi")
ROW_BY_ROW = ("expect_select", "expect_multi", "expect_column_value", "expect_column_pair", "expect_compound")
PATTERNS = (
    "a",
    "^a",
    "b$",
    "^$",
    "[ab]+",
    r"^\d+$",
    "a|é",
    "^.{2}$",
    "(a)(b)?",
    "[^a]",
    r"a\nb",
    ".",
    "日",
    "x{2,3}",
)


def suite_of(dice: random.Random, kinds: Mapping[str, str], rows: int, expectations: int) -> Suite:
    """A suite over a table's columns, whose types by name are `kinds`."""
    made: list[Made] = []
    for _ in range(expectations):
        again = made and dice.random() < 0.15
        made.append(_again(dice, dice.choice(made)) if again else _expectation(dice, kinds, rows))
    listed = tuple(
        Expectation(f"{i}", type, kwargs, {"type": type, "kwargs": kwargs})
        for i, (type, kwargs) in enumerate(_unlike(made))
    )
    return Suite("s", "s.json", "", {}, listed)


def _unlike(made: list[Made]) -> list[Made]:
    """Great Expectations takes two lists of quantiles of one column for the same one: one of them is left.
    So is one of two that are equal, which would be one case counted twice."""
    kept: dict[tuple[str, str], Made] = {}
    for type, kwargs in made:
        kept[type, kwargs["column"] if "quantile" in type else repr(kwargs)] = (type, kwargs)
    return list(kept.values())


def _again(dice: random.Random, made: Made) -> Made:
    """An expectation of the same type and column once more, with another argument."""
    type, kwargs = made[0], dict(made[1])
    if "mostly" in kwargs:
        kwargs["mostly"] = dice.choice(MOSTLY)
    elif "min_value" in kwargs and "max_value" in kwargs:
        kwargs.pop(dice.choice(("min_value", "max_value")))
    elif isinstance(kwargs.get("value_set"), list):
        kwargs["value_set"] = kwargs["value_set"][::-1][:2]
    return type, kwargs


def _expectation(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
    make = dice.choice(MAKERS)
    type, kwargs = make(dice, kinds, rows)
    if type.startswith(ROW_BY_ROW) and "type" not in type and dice.random() < 0.4:
        kwargs["mostly"] = dice.choice(MOSTLY)
    if dice.random() < 0.1:
        kwargs["result_format"] = dice.choice(FORMATS)
    conditional = type.startswith(CONDITIONAL) and "type" not in type and type != "expect_column_to_exist"
    if conditional and dice.random() < 0.2:
        kwargs |= _condition(dice, kinds)
    return type, kwargs


def _of(dice: random.Random, kinds: Mapping[str, str], *wanted: str) -> str:
    fits = [name for name, kind in kinds.items() if any(each in kind for each in wanted)]
    return dice.choice(fits or list(kinds))


def _bounds(dice: random.Random, pool: tuple[Any, ...]) -> dict[str, Any]:
    low, high = sorted(dice.choice([v for v in pool if v == v]) for _ in range(2))
    told: dict[str, Any] = {"min_value": low, "max_value": high}
    told.pop(dice.choice(("min_value", "max_value", "", "")), None)
    return told | {name: True for name in ("strict_min", "strict_max") if dice.random() < 0.2}


def _set(dice: random.Random, kind: str) -> list[Any]:
    pool: tuple[Any, ...] = (
        TEXTS if "string" in kind else (True, False) if kind == "bool" else (0, 1, 2, 3, -1, 0.1, 100)
    )
    wanted = dice.sample(pool, dice.randint(1, min(6, len(pool))))
    odd = dice.random()
    if odd < 0.05:
        return [*wanted, dice.choice((None, "a", 1, 2.5, True))]
    return wanted * 2 if odd < 0.1 else wanted


def _on(name: str, *wanted: str, **fixed: Any) -> Any:
    def make(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
        return name, {"column": _of(dice, kinds, *wanted), **fixed}

    return make


def _bounded(name: str, pool: tuple[Any, ...], *wanted: str) -> Any:
    def make(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
        return name, {"column": _of(dice, kinds, *wanted), **_bounds(dice, pool)}

    return make


def _ranged(name: str) -> Any:
    """Bounds of whatever has an order: numbers, times with a zone and without, dates, decimals."""

    def make(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
        column = _of(dice, kinds, "int", "double", "float", "timestamp", "date", "decimal")
        fitting = [pool for word, pool in POOLS if word in kinds[column]]
        pool = dice.choice(POOLS)[1] if dice.random() < 0.05 else (fitting or [VALUES])[0]
        return name, {"column": column, **_bounds(dice, pool)}

    return make


def _sets(name: str) -> Any:
    def make(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
        column = dice.choice(list(kinds))
        return name, {"column": column, "value_set": _set(dice, kinds[column])}

    return make


def _regex(name: str, many: bool = False) -> Any:
    def make(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
        column = {"column": _of(dice, kinds, "string")}
        if not many:
            return name, {**column, "regex": dice.choice(PATTERNS)}
        listed = {**column, "regex_list": dice.sample(PATTERNS, dice.randint(1, 3))}
        return name, listed | ({"match_on": dice.choice(("any", "all"))} if "not" not in name else {})

    return make


def _lengths(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
    return "expect_column_value_lengths_to_equal", {
        "column": _of(dice, kinds, "string"),
        "value": dice.choice((0, 1, 2, 3)),
    }


def _quantiles(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
    wanted = sorted(dice.sample((0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0), dice.randint(1, 3)))
    ranges = [[dice.choice((None, -1, 0, 1)), dice.choice((None, 2, 3, 100))] for _ in wanted]
    told = {
        "column": _of(dice, kinds, "int", "double"),
        "quantile_ranges": {"quantiles": wanted, "value_ranges": ranges},
    }
    return "expect_column_quantile_values_to_be_between", told | dice.choice(
        ({}, {"allow_relative_error": "linear"})
    )


def _whole_table(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
    names = list(kinds)
    listed = dice.sample([*names, "nope"], dice.randint(1, len(names)))
    return dice.choice(
        (
            ("expect_table_row_count_to_be_between", {"min_value": dice.choice((0, rows, rows + 1)), "max_value": rows + 5}),
            ("expect_table_row_count_to_equal", {"value": dice.choice((rows, rows + 1))}),
            ("expect_table_column_count_to_be_between", {"min_value": 2, "max_value": dice.choice((3, 9))}),
            ("expect_table_column_count_to_equal", {"value": dice.choice((2, len(names)))}),
            ("expect_table_columns_to_match_ordered_list", {"column_list": dice.choice((names, listed))}),
            ("expect_table_columns_to_match_set", {"column_set": dice.choice((names, listed)), "exact_match": dice.choice((True, False))}),
            ("expect_column_to_exist", {"column": dice.choice((*names, "nope"))} | dice.choice(({}, {"column_index": dice.choice((0, 1, 7))}))),
        )
    )  # fmt: skip


def _pair(name: str) -> Any:
    def make(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
        a = dice.choice(list(kinds))
        alike = [b for b in kinds if b != a and (kinds[b] == kinds[a] or dice.random() < 0.2)]
        b = dice.choice(alike or [b for b in kinds if b != a])
        told: dict[str, Any] = {"column_A": a, "column_B": b}
        told |= dice.choice(({}, {"ignore_row_if": "either_value_is_missing"}, {"ignore_row_if": "neither"}))
        return name, told | ({"or_equal": True} if "greater" in name and dice.random() < 0.5 else {})

    return make


def _compound(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
    names = dice.sample(list(kinds), dice.randint(2, min(3, len(kinds))))
    told = dice.choice(({}, {"ignore_row_if": "any_value_is_missing"}, {"ignore_row_if": "never"}))
    return "expect_compound_columns_to_be_unique", {"column_list": names, **told}


def _condition(dice: random.Random, kinds: Mapping[str, str]) -> dict[str, str]:
    """A row condition, in pandas' words or in Great Expectations'."""
    name = dice.choice(list(kinds))
    value = (
        dice.choice(TEXTS[:4])
        if "string" in kinds[name]
        else dice.choice((True, 1) if kinds[name] == "bool" else (0, 1, 2.5))
    )
    sign = dice.choice(("==", "!=") if isinstance(value, str | bool) else ("==", "!=", "<", ">=", ">"))
    if dice.random() < 0.5:
        shown = f"`{name}`"
        plain = dice.choice((f"{shown} {sign} {value!r}", f"{shown}.isnull()", f"not {shown}.isnull()"))
        return {"row_condition": plain, "condition_parser": "pandas"}
    text = f'"{value}"' if isinstance(value, str) else value
    told = dice.choice((f'col("{name}") {sign} {text}', f'col("{name}").notNull()'))
    return {"row_condition": told, "condition_parser": "great_expectations"}


def _record(name: str, *wanted: str) -> Any:
    def make(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
        kind = kinds[_of(dice, kinds, *wanted)]
        alike = [each for each in kinds if kinds[each] == kind or dice.random() < 0.1]
        names = dice.sample(alike if len(alike) > 1 else list(kinds), 2)
        names += dice.sample(sorted({*alike} - {*names}), dice.randint(0, len({*alike} - {*names})))
        told = dice.choice(({}, {"ignore_row_if": "any_value_is_missing"}, {"ignore_row_if": "never"}))
        told |= {"sum_total": dice.choice((0, 2, 3, 4, 12.1, -2.5))} if "sum" in name else {}
        return name, {"column_list": names, **told}

    return make


def _in_order(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
    name = dice.choice(("expect_column_values_to_be_increasing", "expect_column_values_to_be_decreasing"))
    column = _of(dice, kinds, "int", "double", "float", "timestamp", "date", "decimal")
    return name, {"column": column, **dice.choice(({}, {"strictly": True}, {"strictly": False}))}


def _z_scores(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
    told = {
        "threshold": dice.choice((0.51, 1.01, -1.01, 2.03, 3)),
        "double_sided": dice.choice((True, False)),
    }
    return "expect_column_value_z_scores_to_be_less_than", {
        "column": _of(dice, kinds, "int", "double"),
        **told,
    }


def _outliers(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
    told = dice.choice(({}, {"method": "std"}, {"method": "iqr", "multiplier": 0.5}, {"multiplier": 3}))
    return "expect_column_values_to_not_be_outliers", {"column": _of(dice, kinds, "int", "double"), **told}


def _pairs_set(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
    a, b = dice.sample(list(kinds), 2)
    one, other = ([*_set(dice, kinds[name]), None] for name in (a, b))
    pairs = [[dice.choice(one), dice.choice(other)] for _ in range(dice.randint(1, 8))]
    told = dice.choice(({}, {"ignore_row_if": "either_value_is_missing"}, {"ignore_row_if": "neither"}))
    return "expect_column_pair_values_to_be_in_set", {
        "column_A": a,
        "column_B": b,
        "value_pairs_set": pairs,
        **told,
    }


def _dtype(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
    words = (*TYPES, "datetime64[us]", "datetime64[us, UTC]", "category", "str", "object")
    return "expect_column_type_to_be", {"column": dice.choice(list(kinds)), "type_": dice.choice(words)}


def _types(dice: random.Random, kinds: Mapping[str, str], rows: int) -> Made:
    column = {"column": _of(dice, kinds, "")}
    words = dice.sample(TYPES, dice.randint(1, 3))
    if dice.random() < 0.5:
        return "expect_column_values_to_be_of_type", {**column, "type_": words[0]}
    return "expect_column_values_to_be_in_type_list", {**column, "type_list": words}


TYPES = (
    "int",
    "float",
    "int8",
    "int32",
    "int64",
    "uint8",
    "float32",
    "float64",
    "bool",
    "str",
    "object",
    "Int64",
    "string",
    "datetime64",
    "Timestamp",
    "nope",
)
ZONED = (
    "2013-01-01T05:30:00Z",
    "2013-01-01T06:30:00+01:00",
    "1900-01-01 00:00:00.000001+00:00",
    "2030-12-31T23:59Z",
)
UNZONED = (
    "2013-01-01T05:30:00",
    "2013-01-01 05:30:00.001",
    "2013-01-01T05:30:00.5",
    "1900-01-01T00:00:00",
    "0001-01-01T00:00:00",
    "2030-12-31T23:59",
    "2000-01-01T00:00:00.000001",
)
DATES = ("2013-01-01", "1900-01-01", "0001-01-01", "9999-12-31", "2026-03-29")
# The first whose word a type has: what its values may be bounded by.
POOLS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("timestamp[ms, tz", ZONED),
    ("timestamp[us, tz", ZONED),
    ("timestamp", UNZONED),
    ("date", DATES),
    ("decimal", (0, 0.1, 0.2, 0.30000000000000004, -1, 99.99, 1e30, -1e300, 2.5, 12345678901234567890)),
    ("float", (0.1, 1e300, -1e300, 3.4e38, 0, 123456.789, 2.5, -2.5)),
    (
        "int",
        (-1, 0, 1, 2.5, 100, 127, 2**53, 2**53 + 1, 2**63 - 1, 2.0**63, -(2**63), 2**64 - 1, -1e300, 1e300),
    ),
)
VALUES = (-1, 0, 1, 2.5, 100, 0.1, 127, 2.0**53, -1e300)
MAKERS = (
    _on("expect_column_values_to_not_be_null", ""),
    _on("expect_column_values_to_be_null", ""),
    _on("expect_column_values_to_be_unique", ""),
    _ranged("expect_column_values_to_be_between"),
    _ranged("expect_column_values_to_be_between"),
    _ranged("expect_column_min_to_be_between"),
    _ranged("expect_column_max_to_be_between"),
    _sets("expect_column_values_to_be_in_set"),
    _sets("expect_column_values_to_not_be_in_set"),
    _bounded("expect_column_value_lengths_to_be_between", (0, 1, 2, 3), "string"),
    _lengths,
    _regex("expect_column_values_to_match_regex"),
    _regex("expect_column_values_to_not_match_regex"),
    _regex("expect_column_values_to_match_regex_list", True),
    _regex("expect_column_values_to_not_match_regex_list", True),
    *(
        _bounded(f"expect_column_{what}_to_be_between", VALUES, "int", "double", "float")
        for what in ("mean", "stdev", "sum", "median")
    ),
    _quantiles,
    _bounded("expect_column_unique_value_count_to_be_between", (0, 1, 2, 5), ""),
    _bounded("expect_column_proportion_of_unique_values_to_be_between", (0, 0.1, 0.5, 1), ""),
    _bounded("expect_column_proportion_of_non_null_values_to_be_between", (0, 0.1, 0.5, 1), ""),
    _sets("expect_column_distinct_values_to_be_in_set"),
    _sets("expect_column_distinct_values_to_contain_set"),
    _sets("expect_column_distinct_values_to_equal_set"),
    _sets("expect_column_most_common_value_to_be_in_set"),
    _pair("expect_column_pair_values_a_to_be_greater_than_b"),
    _pair("expect_column_pair_values_to_be_equal"),
    _compound,
    _whole_table,
    _whole_table,
    _pair("expect_column_pair_values_a_to_be_greater_than_b"),
    _pair("expect_column_pair_values_to_be_equal"),
    _pairs_set,
    _pairs_set,
    _record("expect_multicolumn_values_to_be_equal", ""),
    _record("expect_multicolumn_values_to_be_equal", ""),
    _record("expect_select_column_values_to_be_unique_within_record", ""),
    _record("expect_multicolumn_sum_to_equal", "int", "double"),
    _dtype,
    _compound,
    _in_order,
    _in_order,
    _z_scores,
    _outliers,
    _record("expect_select_column_values_to_be_unique_within_record", ""),
    _record("expect_multicolumn_sum_to_equal", "int", "double"),
    _types,
)
