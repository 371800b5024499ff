"""Tables and suites by seed, judged by Great Expectations and by what is compiled; where they differ.

A case is one expectation over one table (helpers/made_tables.py, helpers/made_suites.py).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from helpers.made_suites import MAKERS, suite_of
from helpers.made_tables import write_table

from runner.adapters.tables import read_frame
from runner.errors import InfrastructureError
from runner.expect.columns import Kind
from runner.expect.duck import DuckTable
from runner.expect.literals import EXACT, Uncompiled
from runner.expect.planning import Planned, answers
from runner.sources.files import File
from runner.stages.tables.answering import planned
from runner.stages.tables.engine import Answers, _ask, _by_id, build, great_expectations
from runner.stages.tables.suite import Suite, named_columns
from runner.text import reason

EXTREMES = ("expect_column_min_to_be_between", "expect_column_max_to_be_between")


@dataclass(frozen=True)
class Case:
    """A table (Parquet) and its suite."""

    seed: int
    path: Path
    suite: Suite


def case_of(seed: int, folder: Path, expectations: int = 16, makers: Sequence[Any] = MAKERS) -> Case:
    """The case of a seed, always the same one; `makers` make its expectations."""
    dice = random.Random(seed)  # noqa: S311
    path = folder / f"{seed}.parquet"
    kinds, rows = write_table(dice, path)
    return Case(seed, path, suite_of(dice, kinds, rows, expectations, makers))


@dataclass(frozen=True)
class Difference:
    """A compiled expectation whose answer is not Great Expectations'."""

    seed: int
    type: str
    kwargs: Mapping[str, Any]
    ours: Any
    theirs: Any
    integers: bool = False  # whether its column is of whole numbers
    blurred: bool = False  # whether one of its columns is, has nulls, and values that a float cannot hold
    big: bool = False  # whether its column has whole numbers that a float cannot hold
    wraps: bool = False  # whether two of its column's whole numbers differ by more than its type holds
    size: float = 0.0  # of the values of a column of floats, all together


@dataclass(frozen=True)
class Compared:
    """What became of a case: its compiled answers, why what is left, and where the two differ."""

    answers: Mapping[str, tuple[str, Any]]
    left: tuple[tuple[str, str], ...]
    differences: tuple[Difference, ...]


def compared(case: Case) -> Compared:
    """Answer what is compiled, and ask Great Expectations the same."""
    columns = File(case.path, "t").columns()
    intent = planned(case.suite, columns)
    ours, why = _ours(intent, case.path)
    types = {e.id: e.type for e in case.suite.expectations}
    left = tuple((types[id], why) for id, why in {**intent.left, **why}.items())
    told = {id: (types[id], answer) for id, answer in ours.items()}
    if not ours or isinstance(columns, Uncompiled):
        return Compared(told, left, ())
    asked = replace(case.suite, expectations=tuple(e for e in case.suite.expectations if e.id in ours))
    theirs = _theirs(case.path, asked)
    whole = {name for name, column in columns.items() if column.kind is Kind.INTEGER}
    found = _differences(replace(case, suite=asked), ours, theirs)
    return Compared(told, left, tuple(_with_columns(each, case.path, whole) for each in found))


def _with_columns(difference: Difference, path: Path, whole: set[str]) -> Difference:
    """With what its columns are, which may explain it."""
    kwargs, table = difference.kwargs, pq.read_table(path)
    blurred = {name for name in whole if _blurs(table.column(name))}
    condition = str(kwargs.get("row_condition"))
    touched = any(name in named_columns(kwargs) or name in condition for name in blurred)
    size = 0.0 if kwargs.get("column") in whole else _size(table, kwargs.get("column"))
    numbers = _integers(table, kwargs.get("column"))
    return replace(
        difference,
        integers=kwargs.get("column") in whole,
        blurred=touched,
        big=any(abs(number) >= EXACT for number in numbers),
        wraps=_wraps(table, kwargs.get("column"), numbers),
        size=size,
    )


def _integers(table: pa.Table, column: Any) -> list[int]:
    """A column's whole numbers, if it is one of them."""
    if column not in table.column_names or not pa.types.is_integer(table.schema.field(column).type):
        return []
    return [value for value in table.column(column).to_pylist() if value is not None]


def _wraps(table: pa.Table, column: Any, numbers: list[int]) -> bool:
    """Whether a difference of two of them is none of their type's numbers."""
    if not numbers:
        return False
    kind, spread = table.schema.field(column).type, max(numbers) - min(numbers)
    return spread > 0 if pa.types.is_unsigned_integer(kind) else spread >= 2 ** (kind.bit_width - 1)


def _size(table: pa.Table, column: Any) -> float:
    """The sum of a column's finite numbers without their signs."""
    if column not in table.column_names or not pa.types.is_floating(table.schema.field(column).type):
        return 0.0
    values = table.column(column).to_pylist()
    return math.fsum(abs(value) for value in values if value is not None and math.isfinite(value))


def _blurs(column: pa.ChunkedArray) -> bool:
    """Whether pandas reads whole numbers as floats that stand for several of them."""
    values = [value for value in column.to_pylist() if value is not None]
    return len(values) < len(column) and any(abs(value) >= EXACT for value in values)


def _theirs(path: Path, suite: Suite) -> Answers:
    """As engine.validate, but without the expectations' sentences, which take as long as their answers."""
    try:
        built = [build(e) for e in suite.expectations]
        document = _ask(great_expectations(), read_frame(path, path.name), suite, "t", built)
    except Exception as error:  # what is compiled, it has to be able to ask
        return Answers({}, {}, {e.id: reason(error) for e in suite.expectations}, {})
    return Answers(_by_id(document, suite), {}, {}, document)


def _ours(intent: Planned, path: Path) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """The compiled answers; or where DuckDB cannot compute one of them, which leaves all, its complaint."""
    try:
        return (answers(intent, DuckTable.of(path, threads=1)) if intent.compiled else {}), {}
    except InfrastructureError as error:
        return {}, dict.fromkeys(intent.compiled, reason(error))


def _differences(case: Case, ours: Mapping[str, Any], theirs: Answers) -> Iterator[Difference]:
    for e in case.suite.expectations:
        other = theirs.results.get(e.id) or {"errors": theirs.errors.get(e.id)}
        success, result = ours[e.id]
        mine = {"success": success, "result": dict(result)}
        his = {"success": other.get("success"), "result": other.get("result")}
        if _raised(other) or not same(mine, his):
            yield Difference(case.seed, e.type, e.kwargs, mine, his | {"raised": _raised(other)})


def explained(difference: Difference) -> str:
    """Why Great Expectations is wrong there (docs/data.md), or ''."""
    if difference.theirs["raised"]:
        return ""
    if difference.blurred:
        return "pandas reads whole numbers beyond 2**53 beside nulls as floats, which merges them"
    if difference.type in EXTREMES and _overflowed(difference):
        return "rounding a float of 32 bits to 15 digits overflows"
    if "column_sum" in difference.type and _cancelled(difference):
        return "a sum of floats that cancel depends on the order of adding"
    if not difference.integers:
        return ""
    if "creasing" in difference.type and difference.wraps:
        return "pandas' differences of integers wrap around"
    if difference.type == "expect_column_values_to_not_be_outliers" and difference.big:
        return "pandas' quartiles of integers beyond 2**53 are of floats"
    linear = difference.kwargs.get("allow_relative_error") == "linear"
    if "quantile" in difference.type and linear:
        return "numpy interpolates whole numbers in their own few bits"
    if "column_sum" in difference.type and _wrapped(difference):
        return "pandas' sum of integers wraps around"
    return ""


def _cancelled(difference: Difference) -> bool:
    """Whether two finite sums differ by no more than their terms' last digits."""
    ours, theirs = (each["result"]["observed_value"] for each in (difference.ours, difference.theirs))
    if ours is None or theirs is None or not (math.isfinite(ours) and math.isfinite(theirs)):
        return False
    return abs(ours - theirs) <= 1e-12 * difference.size


def _overflowed(difference: Difference) -> bool:
    """Whether a big extreme is infinite there alone."""
    ours, theirs = (each["result"].get("observed_value") for each in (difference.ours, difference.theirs))
    numbers = isinstance(ours, float) and isinstance(theirs, float)
    return numbers and math.isinf(theirs) and 1e22 < abs(ours) < math.inf


def _wrapped(difference: Difference) -> bool:
    """Whether two sums differ by what 64 bits cannot hold."""
    ours, theirs = (each["result"]["observed_value"] for each in (difference.ours, difference.theirs))
    return isinstance(ours, int) and not -(2**63) <= ours < 2**63 and (ours - int(theirs)) % 2**64 == 0


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
