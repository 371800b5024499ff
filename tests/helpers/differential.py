# ruff: noqa: E501  its tables of cases are wide
"""Tables and suites by seed, judged by Great Expectations and by what is compiled; where they differ.

A case is one expectation over one table. Tables have what breaks engines: nulls, NaN, infinities, odd
texts, big integers, booleans, 0 and 1 rows, names with quotes and spaces.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from runner.adapters.tables import read_frame
from runner.expect.duck import DuckTable, columns_of
from runner.expect.planning import answers, plan
from runner.stages.tables.engine import validate
from runner.stages.tables.suite import Expectation, Suite

NAMES = ("a", "b c", 'q"uote', "Ünï", "select", "x.y", "1st", "B")
TEXTS = (
    "",
    "a",
    "b",
    "A",
    "ab",
    "a1",
    "12",
    "é",
    "e\u0301",
    "日本",
    "a\nb",
    "a\n",
    " ",
    "null",
    "nan",
    "𝒳",
    "%",
    "'",
)
INTEGERS = (0, 1, -1, 2, 3, 7, 100, 2**31, -(2**31), 2**53 - 1)
FLOATS = (0.0, -0.0, 1.0, 0.1, -2.5, 3.75, 1e300, -1e300, 1e-300, math.inf, -math.inf, math.nan)
TAME = (0.0, 1.0, 0.1, -2.5, 3.75, 12.0, 100.25)
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


@dataclass(frozen=True)
class Case:
    """A table (Parquet) and its suite."""

    seed: int
    path: Path
    suite: Suite


def case_of(seed: int, folder: Path, expectations: int = 12) -> Case:
    """The case of a seed, always the same one."""
    dice = random.Random(seed)  # noqa: S311
    rows = dice.choice((0, 1, 2, 3, 5, 8, 13, 30))
    names = dice.sample(NAMES, dice.randint(2, 5))
    table = pa.table({name: _column(dice, rows) for name in names})
    path = folder / f"{seed}.parquet"
    pq.write_table(table, path)
    kinds = {name: str(table.schema.field(name).type) for name in names}
    made = _unlike([_expectation(dice, kinds, rows) for _ in range(expectations)])
    listed = tuple(
        Expectation(f"{i}", type, kwargs, {"type": type, "kwargs": kwargs})
        for i, (type, kwargs) in enumerate(made)
    )
    return Case(seed, path, Suite("s", "s.json", "", {}, listed))


def _unlike(made: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Great Expectations takes two lists of quantiles of one column for the same one: one of them is left."""
    kept: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
    for number, (type, kwargs) in enumerate(made):
        kept[type, kwargs["column"] if "quantile" in type else str(number)] = (type, kwargs)
    return list(kept.values())


def _column(dice: random.Random, rows: int) -> pa.Array:
    type, pool = dice.choice(
        (
            (pa.int64(), INTEGERS), (pa.int64(), (1, 2, 3)), (pa.int32(), (0, 1, -1, 5, 2**31 - 1)), (pa.int8(), (0, 1, 127, -128)),
            (pa.float64(), FLOATS), (pa.float64(), TAME), (pa.float32(), TAME), (pa.bool_(), (True, False)),
            (pa.string(), TEXTS), (pa.string(), TEXTS), (pa.string(), ("a", "b")), (pa.large_string(), TEXTS),
        )
    )  # fmt: skip
    nulls = dice.choice((0, 0, 0.2, 1))
    return pa.array([None if dice.random() < nulls else dice.choice(pool) for _ in range(rows)], type)


def _expectation(dice: random.Random, kinds: Mapping[str, str], rows: int) -> tuple[str, dict[str, Any]]:
    make = dice.choice(MAKERS)
    type, kwargs = make(dice, kinds, rows)
    if type.startswith("expect_column_value") and "to_be_of_type" not in type and dice.random() < 0.4:
        kwargs["mostly"] = dice.choice((0.0, 0.5, 0.9, 1.0, 2 / 3))
    if type.startswith("expect_column_") and type != "expect_column_to_exist" and dice.random() < 0.2:
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
    return dice.sample(pool, dice.randint(1, min(6, len(pool))))


def _on(name: str, *wanted: str, **fixed: Any) -> Any:
    def make(dice: random.Random, kinds: Mapping[str, str], rows: int) -> tuple[str, dict[str, Any]]:
        return name, {"column": _of(dice, kinds, *wanted), **fixed}

    return make


def _bounded(name: str, pool: tuple[Any, ...], *wanted: str) -> Any:
    def make(dice: random.Random, kinds: Mapping[str, str], rows: int) -> tuple[str, dict[str, Any]]:
        return name, {"column": _of(dice, kinds, *wanted), **_bounds(dice, pool)}

    return make


def _sets(name: str) -> Any:
    def make(dice: random.Random, kinds: Mapping[str, str], rows: int) -> tuple[str, dict[str, Any]]:
        column = dice.choice(list(kinds))
        return name, {"column": column, "value_set": _set(dice, kinds[column])}

    return make


def _regex(name: str, many: bool = False) -> Any:
    def make(dice: random.Random, kinds: Mapping[str, str], rows: int) -> tuple[str, dict[str, Any]]:
        column = {"column": _of(dice, kinds, "string")}
        if not many:
            return name, {**column, "regex": dice.choice(PATTERNS)}
        listed = {**column, "regex_list": dice.sample(PATTERNS, dice.randint(1, 3))}
        return name, listed | ({"match_on": dice.choice(("any", "all"))} if "not" not in name else {})

    return make


def _lengths(dice: random.Random, kinds: Mapping[str, str], rows: int) -> tuple[str, dict[str, Any]]:
    return "expect_column_value_lengths_to_equal", {
        "column": _of(dice, kinds, "string"),
        "value": dice.choice((0, 1, 2, 3)),
    }


def _quantiles(dice: random.Random, kinds: Mapping[str, str], rows: int) -> tuple[str, dict[str, Any]]:
    wanted = sorted(dice.sample((0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0), dice.randint(1, 3)))
    ranges = [[dice.choice((None, -1, 0, 1)), dice.choice((None, 2, 3, 100))] for _ in wanted]
    told = {
        "column": _of(dice, kinds, "int", "double"),
        "quantile_ranges": {"quantiles": wanted, "value_ranges": ranges},
    }
    return "expect_column_quantile_values_to_be_between", told | dice.choice(
        ({}, {"allow_relative_error": "linear"})
    )


def _whole_table(dice: random.Random, kinds: Mapping[str, str], rows: int) -> tuple[str, dict[str, Any]]:
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
    def make(dice: random.Random, kinds: Mapping[str, str], rows: int) -> tuple[str, dict[str, Any]]:
        a, b = dice.sample(list(kinds), 2)
        told: dict[str, Any] = {"column_A": a, "column_B": b}
        told |= dice.choice(({}, {"ignore_row_if": "either_value_is_missing"}, {"ignore_row_if": "neither"}))
        return name, told | ({"or_equal": True} if "greater" in name and dice.random() < 0.5 else {})

    return make


def _compound(dice: random.Random, kinds: Mapping[str, str], rows: int) -> tuple[str, dict[str, Any]]:
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


VALUES = (-1, 0, 1, 2.5, 100, 0.1)
MAKERS = (
    _on("expect_column_values_to_not_be_null", ""),
    _on("expect_column_values_to_be_null", ""),
    _on("expect_column_values_to_be_unique", ""),
    _bounded("expect_column_values_to_be_between", VALUES, "int", "double", "float"),
    _bounded("expect_column_values_to_be_between", VALUES, "int", "double", "float"),
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
        for what in ("min", "max", "mean", "stdev", "sum", "median")
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
)


@dataclass(frozen=True)
class Difference:
    """A compiled expectation whose answer is not Great Expectations'."""

    seed: int
    type: str
    kwargs: Mapping[str, Any]
    ours: Any
    theirs: Any


def compared(case: Case) -> tuple[int, dict[str, int], list[Difference]]:
    """How many expectations were compiled, why how many were not, and all differences."""
    expectations = {e.id: (e.type, e.kwargs) for e in case.suite.expectations}
    planned = plan(expectations, columns_of(case.path))
    ours = answers(planned, DuckTable.of(case.path, threads=1))
    theirs = validate(read_frame(case.path, case.path.name), case.suite, "t")
    why: dict[str, int] = {}
    for id, cause in planned.left.items():
        why[f"{expectations[id][0]}: {cause}"] = why.get(cause, 0) + 1
    return len(ours), why, list(_differences(case, ours, theirs))


def _differences(case: Case, ours: Mapping[str, Any], theirs: Any) -> Iterator[Difference]:
    for e in case.suite.expectations:
        if e.id not in ours:
            continue
        other = theirs.results.get(e.id) or {"errors": theirs.errors.get(e.id)}
        success, result = ours[e.id]
        mine = {"success": success, "result": dict(result)}
        his = {"success": other.get("success"), "result": other.get("result")}
        if _raised(other) or not same(mine, his):
            yield Difference(case.seed, e.type, e.kwargs, mine, his | {"raised": _raised(other)})


def explained(difference: Difference) -> str:
    """Why Great Expectations is wrong there (docs/data.md), or ''."""
    kwargs = difference.kwargs
    if "quantile" in difference.type and kwargs.get("allow_relative_error") == "linear":
        return "numpy interpolates whole numbers of 8 bits in 8 bits"
    return ""


def _raised(result: Mapping[str, Any]) -> str:
    info = result.get("exception_info") or {}
    nested = [i for i in (info, *info.values()) if isinstance(i, Mapping) and i.get("raised_exception")]
    return str(nested[0].get("exception_message")) if nested else ""


def same_field(name: str, ours: Any, theirs: Any) -> bool:
    """Values missing from a column come from a Python set, in an order that changes from run to run."""
    if name == "partial_missing_list":
        return set(ours) == set(theirs)
    return same(ours, theirs)


def same(ours: Any, theirs: Any) -> bool:
    """Equal but for the last digits of a float: sums in another order differ by those."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return ours.keys() == theirs.keys() and all(same_field(k, ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if ours is None or theirs is None or ours != ours or theirs != theirs:  # JSON has no NaN
        return (ours is None or ours != ours) and (theirs is None or theirs != theirs)
    if isinstance(ours, float) and isinstance(theirs, float | int) and type(theirs) is not bool:
        return math.isclose(ours, theirs, rel_tol=1e-9) or (ours != ours and theirs != theirs)
    return type(ours) is type(theirs) and bool(ours == theirs)
