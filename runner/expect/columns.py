"""A table's columns as Great Expectations would meet them: what pandas makes of a Parquet file's types.

Great Expectations' results depend on pandas' types (an integer column with nulls is one of floats), so a
column knows both its own kind and pandas' name for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds, as far as comparisons go."""

    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    TEXT = "text"
    TIME = "time"  # of no zone
    INSTANT = "instant"  # a time of UTC
    DATE = "date"
    DECIMAL = "decimal"
    OBJECT = "object"  # what pandas holds as Python's objects, None where there is none
    OTHER = "other"


NUMBERS = (Kind.INTEGER, Kind.FLOAT)
PLAIN = (*NUMBERS, Kind.TEXT, Kind.BOOLEAN)  # whose values a suite's JSON can say as they are
MOMENTS = (Kind.TIME, Kind.INSTANT, Kind.DATE)
ALIKE = (*PLAIN, *MOMENTS, Kind.DECIMAL)  # of which two values are equal in SQL where they are in pandas
KNOWN = (*ALIKE, Kind.OBJECT)  # whose nulls are known
CATEGORY = "category"  # pandas' dtype of texts that a dictionary lists
OLD_TIME = "int96"  # Parquet's deprecated time, in nanoseconds, of which DuckDB reads the microseconds
# Arrow's names of types -> kind, and pandas' dtype where no value is null.
TYPES: dict[str, tuple[Kind, str]] = {
    **{
        f"{sign}int{bits}": (Kind.INTEGER, f"{sign}int{bits}")
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
    "float": (Kind.FLOAT, "float32"),
    "double": (Kind.FLOAT, "float64"),
    "bool": (Kind.BOOLEAN, "bool"),
    "string": (Kind.TEXT, "str"),
    "large_string": (Kind.TEXT, "str"),
    **{f"timestamp[{unit}]": (Kind.TIME, f"datetime64[{unit}]") for unit in ("ms", "us", "ns")},
    **{f"timestamp[{unit}, tz=UTC]": (Kind.INSTANT, f"datetime64[{unit}, UTC]") for unit in ("ms", "us")},
    "date32[day]": (Kind.DATE, "object"),
    OLD_TIME: (Kind.OBJECT, "datetime64[ns]"),
}
# Arrow's names and those of pandas' types whose nulls are pd.NA -> kind.
NULLABLE = {
    **{
        (f"{sign}int{bits}", f"{sign}int{bits}".replace("uint", "UInt").replace("int", "Int")): Kind.INTEGER
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
    ("string", "string"): Kind.TEXT,
    ("bool", "boolean"): Kind.BOOLEAN,
}
WRITTEN = re.compile(r"u?int(8|16|32|64)|float(32|64)|bool|object|str|datetime64\[(ms|us|ns)\]")
DECIMAL = re.compile(r"decimal(?:32|64|128)\(\d+, (\d+)\)")
LISTED = re.compile(r"dictionary<values=(?:large_)?string, indices=\w+, ordered=0>")
OBJECTS = re.compile(r"((large_|fixed_size_)?(list|binary)|struct|map|null|time(32|64))\b")

NULLABLES = frozenset(pandas for _, pandas in NULLABLE)


@dataclass(frozen=True, slots=True)
class Column:
    """`dtype` is pandas' where no value is null, '' where it is left to Great Expectations to say.

    `places`: a decimal's digits after the point."""

    name: str
    kind: Kind
    dtype: str = ""
    places: int = 0

    @property
    def sql(self) -> str:
        """The name, quoted."""
        return quoted(self.name)

    @property
    def missing(self) -> str:
        """What pandas calls null: NaN too."""
        return (
            f"({self.sql} IS NULL OR isnan({self.sql}))"
            if self.kind is Kind.FLOAT
            else f"({self.sql} IS NULL)"
        )

    @property
    def nullable(self) -> bool:
        """Whether pandas has nulls of their own for its type: then integers stay integers beside them."""
        return self.dtype in NULLABLES

    def read(self, sql: str) -> str:
        """An expression of the column's type as it is fetched: moments as texts, which keep every digit."""
        if self.kind not in MOMENTS:
            return sql
        zone = " AT TIME ZONE 'UTC'" if self.kind is Kind.INSTANT else ""
        return f"CAST({sql}{zone} AS VARCHAR)"


def column_of(name: str, type: str, pandas: str = "") -> Column:
    """A column of Arrow's type name; one that is not in the table of types is of another kind. `pandas`: its
    name of the type, where pandas wrote the column."""
    if pandas and not WRITTEN.fullmatch(pandas):
        kind = NULLABLE.get((type.removeprefix("large_"), pandas), Kind.OTHER)
        return Column(name, kind, pandas if kind is not Kind.OTHER else "")
    if decimal := DECIMAL.fullmatch(type):
        return Column(name, Kind.DECIMAL, "object", int(decimal[1]))
    if LISTED.fullmatch(type):
        return Column(name, Kind.TEXT, CATEGORY)
    if OBJECTS.match(type):
        return Column(name, Kind.OBJECT, "object")
    kind, dtype = TYPES.get(type, (Kind.OTHER, ""))
    return Column(name, kind, dtype)


def quoted(name: str) -> str:
    """An identifier, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
