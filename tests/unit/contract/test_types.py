"""The contract's types: what Arrow's are, and which hold all values of which."""

from __future__ import annotations

import decimal
import itertools

import pyarrow as pa
import pytest

from runner.contract.types import NAMES, is_type, of_arrow, of_sql, widens

ARROW = {
    **{name: getattr(pa, name)() for name in NAMES if "int" in name or "float" in name},
    "bool": pa.bool_(),
    "date": pa.date32(),
    "null": pa.null(),
    "decimal(10,2)": pa.decimal128(10, 2),
    "decimal(40,10)": pa.decimal256(40, 10),
    "timestamp": pa.timestamp("ns"),
    "timestamptz": pa.timestamp("us", tz="Asia/Tokyo"),
    "time": pa.time64("us"),
    "text": pa.large_string(),
    "binary": pa.binary(16),
    "other(list<element: int64>)": pa.list_(pa.field("element", pa.int64())),
}
DICTIONARY = pa.dictionary(pa.int8(), pa.string())
# The extremes and the finest values of each type of numbers.
SAMPLES: dict[str, list[object]] = {
    **{f"int{b}": [-(2 ** (b - 1)), 2 ** (b - 1) - 1, 0] for b in (8, 16, 32, 64)},
    **{f"uint{b}": [0, 2**b - 1] for b in (8, 16, 32, 64)},
    "float32": [1 + 2**-23, -(2.0**127), 2.0**-126],
    "float64": [1 + 2**-52, 2.0**1023],
    "decimal(5,2)": [decimal.Decimal("999.99"), decimal.Decimal("-999.99")],
    "decimal(10,2)": [decimal.Decimal("99999999.99")],
    "decimal(20,0)": [decimal.Decimal(10**20 - 1)],
    "decimal(19,0)": [decimal.Decimal(10**19 - 1)],
    "bool": [True],
    "text": ["x"],
}


@pytest.mark.parametrize(("name", "type"), [*ARROW.items(), ("text", DICTIONARY)])
def test_arrows_types_have_a_name_that_is_a_type(name: str, type: pa.DataType) -> None:
    assert of_arrow(str(type)) == name and is_type(name)


def arrow(name: str) -> pa.DataType:
    if name.startswith("decimal"):
        return pa.decimal128(*map(int, name[8:-1].split(",")))
    return {"bool": pa.bool_(), "text": pa.string()}.get(name) or getattr(pa, name)()


def holds(name: str, value: object) -> bool:
    """Whether a value goes into a type and comes back, as Arrow does it."""
    try:
        return bool(pa.scalar(value, type=arrow(name)).as_py() == value)
    except (pa.ArrowException, OverflowError, ValueError, TypeError):
        return False


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(SAMPLES, 2)))
def test_a_wider_type_holds_every_value_and_no_other_is_one(old: str, new: str) -> None:
    kinds = {name: name.rstrip("0123456789") for name in (old, new) if "decimal" not in name}
    numbers = all("int" in name or "float" in name or "decimal" in name for name in (old, new))
    expected = numbers and all(holds(new, value) for value in SAMPLES[old])
    if "decimal" in old and kinds.get(new) in ("float", "int", "uint"):
        expected = False  # a sample of two may be lucky
    assert widens(old, new) is expected


def test_no_type_is_wider_than_itself_and_nulls_are_of_any() -> None:
    assert not any(widens(name, name) for name in NAMES)
    assert widens("null", "text") and not widens("text", "null")
    assert not widens("date", "timestamp") and not widens("timestamp", "timestamptz")


@pytest.mark.parametrize(
    "text", ["int", "Int64", "int65", "decimal(2,3)", "decimal", "other()", "", "float8"]
)
def test_what_is_no_type(text: str) -> None:
    assert not is_type(text)


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("int4", "int32"),
        ("integer", "int32"),
        ("bigint", "int64"),
        ("numeric(10,2)", "decimal(10,2)"),
        ("decimal(10, 2)", "decimal(10,2)"),
        ("numeric(12)", "other(numeric(12))"),  # its point is not told
        ("numeric", "other(numeric)"),
        ("varchar(20)", "text"),
        ("character varying", "text"),
        ("timestamp with time zone", "timestamptz"),
        ("timestamp(3)", "timestamp"),
        ("_int4", "other(_int4)"),
        ("array<int>", "other(array<int>)"),
        ("float", "float32"),  # Athena's, of 32 bits
        ("double precision", "float64"),
    ],
)
def test_databases_types_have_a_name_that_is_a_type(name: str, type: str) -> None:
    assert of_sql(name) == type and is_type(type)
