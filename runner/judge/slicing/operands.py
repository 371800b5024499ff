"""What the parts of a `where` expression are on a table: values with their nulls, by SQL's three-valued
logic. The tree was checked when it was parsed; here columns get their kinds, and kinds must agree.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import reduce
from typing import Any

from runner.config.problems import did_you_mean
from runner.judge.predictions import CannotCompute
from runner.judge.slicing.expression import ARITHMETIC, COMPARISONS, Expression, Refused

NUMBER, TEXT, TRUTH, TIME = "a number", "text", "true or false", "a time"
INFERRED = {
    "string": TEXT,
    "boolean": TRUTH,
    "integer": NUMBER,
    "floating": NUMBER,
    "mixed-integer-float": NUMBER,
    "decimal": NUMBER,
    "datetime": TIME,
    "datetime64": TIME,
    "date": TIME,
    "empty": NUMBER,
}


@dataclass(frozen=True, slots=True)
class Operand:
    """Values (n,), or one for all rows, of one kind; where `null` they mean nothing."""

    kind: str
    values: Any
    null: Any
    name: str = ""


def select(expression: Expression, frame: Any) -> Any:
    """The rows (n,) of a pandas frame for which the expression is known to be true.

    Raises CannotCompute for columns that are not there and for kinds that cannot be compared."""
    import numpy as np

    try:
        with np.errstate(all="ignore"):
            known = truth(expression.tree, frame)
    except Refused as refusal:
        raise CannotCompute(f"where {expression.text!r}: {refusal}") from None
    return np.broadcast_to(known.values & ~known.null, len(frame))


def truth(node: ast.expr, frame: Any) -> Operand:
    """What is true, false or unknown in each row."""
    if isinstance(node, ast.BoolOp):
        join = _both if isinstance(node.op, ast.And) else _either
        return reduce(join, (truth(part, frame) for part in node.values))
    if isinstance(node, ast.UnaryOp):
        return _inverse(truth(node.operand, frame))
    if isinstance(node, ast.Compare):
        return _compared(node, frame)
    found = _value(node, frame)
    if found.kind != TRUTH:
        raise Refused(f"column {found.name!r} holds {found.kind}, which is neither true nor false")
    return found


def _both(a: Operand, b: Operand) -> Operand:
    """Known to be false where one of them is."""
    false = (~a.values & ~a.null) | (~b.values & ~b.null)
    return Operand(TRUTH, a.values & b.values & ~false, (a.null | b.null) & ~false)


def _either(a: Operand, b: Operand) -> Operand:
    return _inverse(_both(_inverse(a), _inverse(b)))


def _inverse(a: Operand) -> Operand:
    return Operand(TRUTH, ~a.values, a.null)


def _compared(node: ast.Compare, frame: Any) -> Operand:
    left, found = _value(node.left, frame), []
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, ast.Is | ast.IsNot):
            found.append(_is_null(left, isinstance(operator, ast.IsNot)))
        elif isinstance(operator, ast.In | ast.NotIn):
            found.append(_among(left, right, frame, isinstance(operator, ast.NotIn)))
        else:
            other = _value(right, frame)
            found.append(_pair(COMPARISONS[type(operator)], left, other))
            left = other
    return reduce(_both, found)


def _is_null(operand: Operand, negated: bool) -> Operand:
    import numpy as np

    null = np.asarray(operand.null)
    return Operand(TRUTH, ~null if negated else null, np.zeros_like(null))


def _among(left: Operand, choices: Any, frame: Any, negated: bool) -> Operand:
    found = reduce(_either, (_pair("equal", left, _value(each, frame)) for each in choices.elts))
    return _inverse(found) if negated else found


def _pair(function: str, a: Operand, b: Operand) -> Operand:
    """A comparison of two operands of one kind."""
    import numpy as np

    a, b = _timed(a, b), _timed(b, a)
    if a.kind != b.kind:
        raise Refused(f"{a.name} is {a.kind}, {b.name} is {b.kind}: they cannot be compared")
    null = np.asarray(a.null | b.null)
    values = np.asarray(getattr(np, function)(a.values, b.values), dtype=bool)
    return Operand(TRUTH, values, null)


def _timed(a: Operand, b: Operand) -> Operand:
    """A text constant compared with a column of times is a time: '2013-06-01'."""
    import pandas as pd

    if a.kind != TEXT or b.kind != TIME or not isinstance(a.values, str):
        return a
    try:
        moment = pd.Timestamp(a.values)
    except (ValueError, OverflowError):
        raise Refused(f"{a.name} is no time, such as '2013-06-01'") from None
    plain = moment if moment.tz is None else moment.tz_convert("UTC").tz_localize(None)
    return Operand(TIME, plain.to_datetime64(), False, a.name)


def _value(node: ast.expr, frame: Any) -> Operand:
    """A column, a constant, or what arithmetic makes of them."""
    if isinstance(node, ast.Constant):
        return _constant(node.value)
    if isinstance(node, ast.BinOp):
        return _computed(ARITHMETIC[type(node.op)], _value(node.left, frame), _value(node.right, frame))
    if isinstance(node, ast.UnaryOp):
        function = "subtract" if isinstance(node.op, ast.USub) else "add"
        return _computed(function, _constant(0), _value(node.operand, frame))
    name = node.slice.value if isinstance(node, ast.Subscript) else node.id  # type: ignore[attr-defined]
    return _column(name, frame)


def _constant(value: Any) -> Operand:
    import numpy as np

    kind = TRUTH if isinstance(value, bool) else TEXT if isinstance(value, str) else NUMBER
    return Operand(kind, np.bool_(value) if kind == TRUTH else value, np.bool_(False), repr(value))


def _computed(function: str, a: Operand, b: Operand) -> Operand:
    """Arithmetic in float64; what has no value (a division by zero) is null."""
    import numpy as np

    for each in (a, b):
        if each.kind != NUMBER:
            raise Refused(f"{each.name} is {each.kind}, not a number to reckon with")
    left, right = (np.asarray(each.values, dtype=np.float64) for each in (a, b))
    values = getattr(np, function)(left, right)
    return Operand(NUMBER, values, a.null | b.null | ~np.isfinite(values), "the result")


def _column(name: str, frame: Any) -> Operand:
    import numpy as np
    import pandas as pd

    if name not in frame.columns:
        raise Refused(f"there is no column {name!r} ({did_you_mean(name, map(str, frame.columns))})")
    series = frame[name]
    if series.ndim > 1:
        raise Refused(f"there are several columns {name!r}")
    kind = INFERRED.get(_inferred(series))
    if kind is None:
        raise Refused(f"column {name!r} holds values of no one kind that can be compared")
    null = series.isna().to_numpy(dtype=bool)
    if kind == TIME:
        moments = pd.to_datetime(series, utc=True).dt.tz_localize(None)
        return Operand(kind, moments.to_numpy(), null, name)
    if kind == TEXT:
        return Operand(kind, series.astype(object).where(~null, "").to_numpy(), null, name)
    if kind == TRUTH:
        return Operand(kind, series.astype(object).where(~null, False).to_numpy(dtype=bool), null, name)
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "iu":
        return Operand(kind, series.to_numpy(), null, name)
    return Operand(kind, series.to_numpy(dtype=np.float64, na_value=np.nan), null, name)


def _inferred(series: Any) -> str:
    import pandas as pd

    if isinstance(series.dtype, pd.CategoricalDtype):
        return _inferred(series.cat.categories.to_series())
    return str(pd.api.types.infer_dtype(series, skipna=True))
