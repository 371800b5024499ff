"""Named rows: inputs that a person wrote down, and the answer that each must get.

One JSON object a line: {"name": "snow at night", "features": {"temp": 20, ...}, "min": 0.4}. The answer has
an `expected` value and how far `within` it may lie, a `min`, a `max`, or several of them. A feature that is
null is missing; every feature of the model must be there. Of several classes, `expected` is a list of
probabilities, and `label` the class that must be the most probable one.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from runner.config.fields import Strict
from runner.config.json_strict import MAX_BYTES, parse
from runner.errors import InfrastructureError
from runner.judge.choice import Number
from runner.judge.predictions import MULTICLASS, NUMBERS, Task
from runner.text import one_line


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked: the model's features, its task, the classes it tells apart."""

    features: tuple[str, ...]
    task: Task
    classes: tuple[Any, ...] = ()


class NamedRow(Strict):
    """One line of the file."""

    name: str = Field(min_length=1, max_length=100)
    features: dict[str, Number | None]
    expected: Number | tuple[Number, ...] | None = None
    within: Annotated[Number, Field(ge=0)] | None = None
    min: Number | None = None
    max: Number | None = None
    label: str | int | None = None

    @model_validator(mode="after")
    def _can_fail(self) -> NamedRow:
        if (self.expected is None) != (self.within is None):
            raise ValueError("`expected` and `within` go together")
        if all(each is None for each in (self.expected, self.min, self.max, self.label)):
            raise ValueError("no `expected`, `min`, `max` or `label`: a row that cannot fail shows nothing")
        return self


def read_named_rows(root: Path, name: str, asked: Asked) -> tuple[tuple[NamedRow, ...], str]:
    """The rows, and the sha256 of the file's bytes. Raises InfrastructureError where the file is missing, too
    large, empty or malformed, names a row twice, or where a row does not fit the model or its task."""
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()) or not path.is_file():
        raise InfrastructureError("there is no such file", where=name)
    if path.stat().st_size > MAX_BYTES:
        raise InfrastructureError(f"larger than {MAX_BYTES >> 20} MiB", where=name)
    raw = path.read_bytes()
    lines = [(n, line) for n, line in enumerate(raw.splitlines(), 1) if line.strip()]
    rows = tuple(_row(line, f"{name}:{n}", asked) for n, line in lines)
    if not rows:
        raise InfrastructureError("it has no rows", where=name)
    if len({row.name for row in rows}) < len(rows):
        raise InfrastructureError("two rows have one name", where=name)
    return rows, hashlib.sha256(raw).hexdigest()


def _row(line: bytes, place: str, asked: Asked) -> NamedRow:
    try:
        row = NamedRow.model_validate(parse(line))
    except ValidationError as error:
        first = error.errors()[0]
        what = ".".join(map(str, first["loc"])) or "the row"
        raise InfrastructureError(one_line(f"{what}: {first['msg']}"), where=place) from None
    except (ValueError, RecursionError) as error:
        raise InfrastructureError(f"not acceptable as JSON: {one_line(error)}", where=place) from None
    if odd := next(_misfits(row, asked), ""):
        raise InfrastructureError(odd, where=place)
    return row


def _misfits(row: NamedRow, asked: Asked) -> Iterator[str]:
    """What of a row does not fit the model's features, its task or its classes."""
    yield from (f"feature {f!r} is missing" for f in asked.features if f not in row.features)
    odd = (f for f in row.features if f not in asked.features)
    yield from (f"feature {one_line(f, 60)!r} is none of the model's" for f in odd)
    several = asked.task == MULTICLASS
    if not several and (row.label is not None or isinstance(row.expected, tuple)):
        yield f"a {asked.task} answers with one number: no `label`, no list"
    if several and (row.min is not None or row.max is not None):
        yield "of several classes: `label`, or `expected` as a list"
    if several and row.expected is not None and len(_listed(row)) != len(asked.classes):
        yield f"{len(asked.classes)} classes, {len(_listed(row))} expected"
    if row.label is not None and row.label not in asked.classes:
        yield f"label {one_line(row.label, 60)!r} is no class"
    yield from _vacuous(row, asked.task)


def _vacuous(row: NamedRow, task: Task) -> Iterator[str]:
    """Bounds that every answer is within, or none."""
    worst, best = (-math.inf, math.inf) if task in NUMBERS else (0.0, 1.0)
    spans = list(_spans(row))
    if any(low > min(high, best) or high < worst for low, high in spans):
        yield "no answer could be as expected"
    if row.label is None and all(low <= worst and high >= best for low, high in spans):
        yield "every answer is as expected: a row that cannot fail shows nothing"


def _spans(row: NamedRow) -> Iterator[tuple[float, float]]:
    """Between which numbers the answer, or each class's, has to be."""
    least = -math.inf if row.min is None else row.min
    most = math.inf if row.max is None else row.max
    within = math.inf if row.within is None else row.within
    for each in _listed(row):
        yield max(each - within, least), min(each + within, most)


def as_matrix(rows: tuple[NamedRow, ...], features: tuple[str, ...]) -> Any:
    """(rows, features) float32, NaN for null."""
    import numpy as np

    values = [[row.features[f] for f in features] for row in rows]
    return np.array([[np.nan if v is None else v for v in row] for row in values], dtype=np.float32)


def complaint(row: NamedRow, answer: Any, classes: tuple[Any, ...]) -> str:
    """What is wrong with the answer (a number, or (classes,) probabilities), or nothing."""
    import numpy as np

    told = np.atleast_1d(answer)
    if not np.isfinite(told).all():
        return "no number"
    if row.min is not None and told[0] < row.min:
        return f"below min {row.min:g}"
    if row.max is not None and told[0] > row.max:
        return f"above max {row.max:g}"
    if row.label is not None and row.label != classes[int(told.argmax())]:
        return f"not {one_line(row.label, 60)}"
    if row.expected is not None and not np.abs(told - _listed(row)).max() <= (row.within or 0.0):
        return f"not within {row.within:g} of {', '.join(f'{each:g}' for each in _listed(row))}"
    return ""


def _listed(row: NamedRow) -> tuple[float, ...]:
    return row.expected if isinstance(row.expected, tuple) else (row.expected or 0.0,)
