"""A table's columns as Great Expectations would meet them: what pandas makes of a Parquet file's types.

Great Expectations' results depend on pandas' types (an integer column with nulls is one of floats), so a
column knows both its own kind and pandas' name for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds, as far as comparisons go."""

    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    TEXT = "text"
    TIME = "time"
    OTHER = "other"


NUMBERS = (Kind.INTEGER, Kind.FLOAT)
PLAIN = (*NUMBERS, Kind.TEXT, Kind.BOOLEAN)  # whose values a suite's JSON can say as they are
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
}


@dataclass(frozen=True, slots=True)
class Column:
    """`dtype` is pandas' where no value is null, '' where it is left to Great Expectations to say."""

    name: str
    kind: Kind
    dtype: str = ""

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


def column_of(name: str, type: str) -> Column:
    """A column of Arrow's type name; one that is not in the table of types is of another kind."""
    kind, dtype = TYPES.get(type, (Kind.OTHER, ""))
    return Column(name, kind, dtype)


def quoted(name: str) -> str:
    """An identifier, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
