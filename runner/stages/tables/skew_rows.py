"""Raw rows, the rows of a table that belong to them, and what a function made of them: read and compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.config.data import Skew
from runner.config.json_strict import parse
from runner.errors import InfrastructureError
from runner.text import one_line

if TYPE_CHECKING:
    import pandas as pd

MOST = 100_000  # raw rows
MOST_BYTES = 512 * 2**20
SHOWN = 60


@dataclass(frozen=True, slots=True)
class RawRow:
    """A raw row: the event that the function is sent, and the key of its row in the table."""

    key: Any
    event: Any


def read_raw(root: Path, rule: Skew, *, hidden: bool = False) -> list[RawRow]:
    """The raw rows; `hidden`: no key is shown. Raises InfrastructureError for a file that is missing, too
    large, empty or malformed, and for a key that is there twice."""
    path = (root / rule.raw).resolve()
    try:
        if not path.is_relative_to(root.resolve()) or not path.is_file():
            raise InfrastructureError(
                "there is no such file", where=rule.raw, hint="was its prepare step run?"
            )
        if path.stat().st_size > MOST_BYTES:
            raise InfrastructureError(f"larger than {MOST_BYTES >> 20} MiB", where=rule.raw)
        lines = path.read_text(encoding="utf-8").split("\n")  # other ends of lines may stand in a JSON text
    except (OSError, UnicodeDecodeError) as error:
        raise InfrastructureError(f"cannot be read: {one_line(error)}", where=rule.raw) from None
    rows = [_row(number, line, rule) for number, line in enumerate(lines, 1) if line.strip()]
    if not 0 < len(rows) <= MOST:
        raise InfrastructureError(f"it has {len(rows):,} rows, not 1 to {MOST:,}", where=rule.raw)
    if double := _double([row.key for row in rows]):
        raise InfrastructureError(
            f"two rows have the key {key_text(double[0], hidden=hidden)}", where=rule.raw
        )
    return rows


def _row(number: int, line: str, rule: Skew) -> RawRow:
    try:
        told = parse(line.encode())
        return RawRow(plain(told[rule.key]), told["event"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        where = f"{rule.raw}:{number}"
        raise InfrastructureError(
            f"not {{{rule.key}, event}}: {one_line(repr(error))}", where=where
        ) from None


def trained(
    frame: pd.DataFrame, rule: Skew, keys: Sequence[Any], *, hidden: bool = False
) -> dict[Any, dict[str, Any]]:
    """A table's rows of these keys, by key; `hidden`: none is shown. Raises InfrastructureError for one that
    is not there or twice."""
    if rule.key not in frame:
        raise InfrastructureError(f"the table has no column {rule.key!r}")
    wanted = set(keys)
    own = [plain(value) for value in frame[rule.key]]
    at = [i for i, key in enumerate(own) if key in wanted]
    found = [own[i] for i in at]
    if double := _double(found):
        told = f"{rule.key} {key_text(double[0], hidden=hidden)}"
        raise InfrastructureError(f"the table has two rows with the {told}")
    if missing := [key for key in keys if key not in set(found)][:1]:
        count = f"{len(wanted) - len(found):,} of {len(wanted):,} raw rows"
        told = f"{rule.key} {key_text(missing[0], hidden=hidden)}"
        raise InfrastructureError(f"the table has not {count}, e.g. {told}")
    rows = frame.drop(columns=rule.key).iloc[at]
    columns = {str(name): [plain(value) for value in rows[name]] for name in rows.columns}
    return {key: {name: values[i] for name, values in columns.items()} for i, key in enumerate(found)}


def _double(keys: Sequence[Any]) -> list[Any]:
    seen: set[Any] = set()
    return [key for key in keys if key in seen or seen.add(key)]  # type: ignore[func-returns-value]


def plain(value: Any) -> Any:
    """A value as JSON would have it: no NumPy, NaN and NaT are None, times are ISO texts. Lists and objects
    are their texts."""
    import pandas as pd

    if pd.api.types.is_list_like(value):
        return repr(value)
    if pd.isna(value):
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, str | int | float | bool) else repr(value)


def features_of(answer: Mapping[str, Any]) -> dict[str, Any] | str:
    """The features of an answer by name, or why there are none. An answer is {name: value}, has that under
    `features`, or has `features` and `names` as lists."""
    if "error" in answer:
        return str(answer["error"])
    told = answer.get("answer")
    found = told.get("features", told) if isinstance(told, dict) else told
    if isinstance(told, dict) and isinstance(found, list):
        names = told.get("names")
        if not isinstance(names, list) or len(names) != len(found) or len({*map(str, names)}) < len(names):
            return "its features are a list, and its names are not a list of as many different ones"
        found = dict(zip(map(str, names), found, strict=True))
    if not isinstance(found, dict) or not found:
        return f"its answer has no features: {value_text(told)}"
    return {name: plain(value) for name, value in found.items()}


def alike(served: Any, trained: Any, tolerance: float) -> bool:
    """Whether two plain values are the same: numbers within the tolerance, relative to the larger of 1 and
    what training has."""
    if _is_number(served) and _is_number(trained):
        if math.isinf(served) or math.isinf(trained):
            return bool(served == trained)
        return bool(abs(served - trained) <= tolerance * max(1.0, abs(trained)))
    return type(served) is type(trained) and bool(served == trained)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def key_text(key: Any, *, hidden: bool) -> str:
    """A key as it is shown, where it may be."""
    return "(not shown)" if hidden else value_text(key)


def value_text(value: Any) -> str:
    """A value as it is shown."""
    return one_line(repr(value), SHOWN)
