"""Reading a record's fields: the value, or a ValueError that names the field."""

import math
from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]


def record(parent: Record, name: str, *, optional: bool = False) -> Record | None:
    """The object at `name`; null only where `optional`. A missing key is always an error: a misspelt
    one would otherwise pass for missing data."""
    if not isinstance(parent, Mapping) or name not in parent:
        raise ValueError(f"{name}: missing")
    value = parent[name]
    if isinstance(value, Mapping) or (optional and value is None):
        return value
    raise ValueError(f"{name}: {value!r} is not an object")


def integer(parent: Record, where: str, name: str) -> int:
    """A whole number (a bool is not one)."""
    value = parent.get(name)
    if type(value) is not int:
        raise ValueError(f"{where}.{name}: {value!r} is not a whole number")
    return value


def text(parent: Record, where: str, name: str) -> str:
    """A string that is not empty."""
    value = parent.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{where}.{name}: {value!r} is not a text")
    return value


def positive(parent: Record, where: str, name: str) -> float:
    """A finite number above zero."""
    value = parent.get(name)
    if type(value) not in (int, float) or not 0 < value < math.inf:
        raise ValueError(f"{where}.{name}: {value!r} is not a positive number")
    return float(value)


def reading(parent: Record, where: str, name: str, low: float, high: float) -> float | None:
    """A sensor's reading; None where it is missing, or outside [low, high] (a sensor's error)."""
    value = parent.get(name)
    if value is None:
        return None
    if type(value) not in (int, float):
        raise ValueError(f"{where}.{name}: {value!r} is not a number")
    return float(value) if low <= value <= high else None
