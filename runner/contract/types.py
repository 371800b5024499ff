"""The types of a contract: one small language over Parquet, CSV, JSON lines and databases. Pure.

    bool  int8 .. int64  uint8 .. uint64  float16 float32 float64  decimal(p,s)
    text  binary  date  time  timestamp  timestamptz  null  other(WHAT THE PLACE CALLS IT)

A time's unit is no part of its type, nor is a text's length: they change what is stored, not what readers do.
"""

from __future__ import annotations

import re

NAMES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
    "float64", "text", "binary", "date", "time", "timestamp", "timestamptz", "null",
)  # fmt: skip
DECIMAL = re.compile(r"decimal\((\d{1,2}),(\d{1,2})\)")
OTHER = re.compile(r"other\(.+\)")
INTEGER = re.compile(r"(u?)int(8|16|32|64)")
FLOAT = re.compile(r"float(16|32|64)")
# The bits of a significand (IEEE 754-2019, table 3.5): integers of no more are exact.
SIGNIFICAND = {16: 11, 32: 24, 64: 53}
# Arrow's names of types, without what is in brackets.
ARROW = {
    **{name: name for name in NAMES if INTEGER.fullmatch(name)},
    "halffloat": "float16",
    "float": "float32",
    "double": "float64",
    "bool": "bool",
    "null": "null",
    **dict.fromkeys(("string", "large_string", "string_view"), "text"),
    **dict.fromkeys(("binary", "large_binary", "binary_view", "fixed_size_binary"), "binary"),
    **dict.fromkeys(("date32", "date64"), "date"),
    **dict.fromkeys(("time32", "time64"), "time"),
}
# What PostgreSQL, Redshift and Athena call them, without what is in brackets.
SQL = {
    "tinyint": "int8",
    **dict.fromkeys(("int2", "smallint"), "int16"),
    **dict.fromkeys(("int4", "int", "integer"), "int32"),
    **dict.fromkeys(("int8", "bigint"), "int64"),
    **dict.fromkeys(("float4", "real", "float"), "float32"),
    **dict.fromkeys(("float8", "double", "double precision"), "float64"),
    **dict.fromkeys(("bool", "boolean"), "bool"),
    **dict.fromkeys(
        ("text", "varchar", "char", "bpchar", "string", "character", "character varying"), "text"
    ),
    **dict.fromkeys(("bytea", "varbinary", "varbyte", "binary"), "binary"),
    "date": "date",
    **dict.fromkeys(("time", "time without time zone"), "time"),
    **dict.fromkeys(("timestamp", "timestamp without time zone"), "timestamp"),
    **dict.fromkeys(("timestamptz", "timestamp with time zone"), "timestamptz"),
}
DIGITS = re.compile(r"(?:numeric|decimal)\((\d+), ?(\d+)\)")
ROUND = re.compile(r"\(\d+\)")
BRACKETS = re.compile(r"\[[^\]]*\]$")
WIDTHS = re.compile(r"decimal\d+\((\d+), (-?\d+)\)")
LISTED = re.compile(r"dictionary<values=(.+), indices=\w+, ordered=[01]>")


def is_type(text: str) -> bool:
    """Whether a text is a type."""
    decimal = DECIMAL.fullmatch(text)
    if decimal:
        return int(decimal[2]) <= int(decimal[1])
    return text in NAMES or OTHER.fullmatch(text) is not None


def of_arrow(name: str) -> str:
    """The type of an Arrow type, by what Arrow calls it. A dictionary is of its values' type."""
    if listed := LISTED.fullmatch(name):
        return of_arrow(listed[1])
    if name.startswith("timestamp["):
        return "timestamptz" if "tz=" in name else "timestamp"
    if decimal := WIDTHS.fullmatch(name):
        return f"decimal({decimal[1]},{decimal[2]})"
    return ARROW.get(BRACKETS.sub("", name), f"other({name})")


def of_sql(name: str) -> str:
    """The type of a database's column, by what the database calls it."""
    if decimal := DIGITS.fullmatch(name):
        return f"decimal({decimal[1]},{decimal[2]})"
    return SQL.get(ROUND.sub("", name), f"other({name})")


def widens(old: str, new: str) -> bool:
    """Whether every value of the old type is one of the new type, and that is another one."""
    if old == new:
        return False
    if old == "null":
        return True
    integer, decimal = INTEGER.fullmatch(old), DECIMAL.fullmatch(old)
    if integer:
        return _holds_integers(int(integer[2]), integer[1] == "", new)
    if decimal:
        return _holds_decimals(int(decimal[1]) - int(decimal[2]), int(decimal[2]), new)
    float_, wider = FLOAT.fullmatch(old), FLOAT.fullmatch(new)
    return bool(float_ and wider and int(float_[1]) < int(wider[1]))


def _holds_integers(bits: int, signed: bool, new: str) -> bool:
    """Whether a type holds the integers of so many bits."""
    value = bits - signed  # bits of the largest value
    if wider := INTEGER.fullmatch(new):
        is_signed = wider[1] == ""
        return int(wider[2]) - is_signed >= value and (is_signed or not signed)
    if float_ := FLOAT.fullmatch(new):
        return SIGNIFICAND[int(float_[1])] >= value
    return _holds_decimals(len(str(2**value)), 0, new)


def _holds_decimals(before: int, after: int, new: str) -> bool:
    """Whether a type holds decimals of so many digits before and after the point."""
    decimal = DECIMAL.fullmatch(new)
    return bool(decimal) and int(decimal[1]) - int(decimal[2]) >= before and int(decimal[2]) >= after  # type: ignore[index]
