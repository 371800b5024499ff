"""`where: "distance > 1000 and origin == 'JFK'"`: which rows of a table an expression selects.

Python's grammar, read by `ast` and never run: comparisons, and/or/not, in, arithmetic, `is null`. Logic is
SQL's: what is compared with null is unknown, and a row is selected where the whole is known to be true.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST, DEEPEST = 500, 30  # characters; operators within each other
COLUMN, NULL = "column", "null"
COMPARISONS = {
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
}
ARITHMETIC = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "true_divide",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder",
}
ALLOWED = "columns, numbers, texts, == != < <= > >=, and or not, in, + - * / // %, is null"


class Refused(ValueError):
    """An expression that is none of this language; the message is its cause."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression: its text, and its tree of nothing but what `ALLOWED` says."""

    text: str
    tree: ast.expr

    def columns(self) -> list[str]:
        """The columns that it names, in order of appearance."""
        return list(dict.fromkeys(name for node in ast.walk(self.tree) for name in _column(node)))


def parse(text: str) -> Expression:
    """Read an expression; raises Refused with the cause."""
    if len(text) > LONGEST:
        raise Refused(f"longer than {LONGEST} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on style is not the reader's
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(f"not an expression: {getattr(error, 'msg', error)}") from None
    _check_truth(tree, 0)
    found = Expression(text, tree)
    if not found.columns():
        raise Refused("names no column")
    return found


def _column(node: ast.AST) -> Iterator[str]:
    """The name of a column, or of `column['an odd name']`."""
    if isinstance(node, ast.Name) and node.id not in (COLUMN, NULL):
        yield node.id
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        yield str(node.slice.value)


def _check_truth(node: ast.expr, depth: int) -> None:
    """Refuse what is neither true nor false: a column of truth values may stand alone."""
    _not_too_deep(depth)
    if isinstance(node, ast.BoolOp):
        for part in node.values:
            _check_truth(part, depth + 1)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _check_truth(node.operand, depth + 1)
    elif isinstance(node, ast.Compare):
        _check_comparison(node, depth)
    elif not _is_column(node):
        raise Refused(f"{_shown(node)} is neither true nor false")


def _check_comparison(node: ast.Compare, depth: int) -> None:
    _check_value(node.left, depth + 1)
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, ast.In | ast.NotIn):
            _check_choices(right)
        elif isinstance(operator, ast.Is | ast.IsNot):
            if not _is_null(right):
                raise Refused(f"'is' goes with null, not with {_shown(right)}")
        else:
            _check_value(right, depth + 1)
    if len(node.ops) > 1 and not all(type(operator) in COMPARISONS for operator in node.ops):
        raise Refused(f"{_shown(node)} chains 'in' or 'is'")


def _check_choices(node: ast.expr) -> None:
    if not isinstance(node, ast.Tuple | ast.List | ast.Set) or not node.elts:
        raise Refused(f"'in' wants a list of values, not {_shown(node)}")
    for each in node.elts:
        if not _is_constant(each):
            raise Refused(f"'in' wants numbers or texts, not {_shown(each)}")


def _check_value(node: ast.expr, depth: int) -> None:
    _not_too_deep(depth)
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        _check_value(node.left, depth + 1)
        _check_value(node.right, depth + 1)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        _check_value(node.operand, depth + 1)
    elif _is_null(node):
        raise Refused("nothing equals null: write 'is null' or 'is not null'")
    elif not (_is_column(node) or _is_constant(node)):
        raise Refused(f"{_shown(node)} is not allowed")


def _is_column(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        named = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
        return isinstance(node.value, ast.Name) and node.value.id == COLUMN and named
    return isinstance(node, ast.Name) and node.id not in (COLUMN, NULL)


def _is_null(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id == NULL) or (
        isinstance(node, ast.Constant) and node.value is None
    )


def _is_constant(node: ast.expr) -> bool:
    """A text, a truth value, a number that a table could hold, or that with a sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return isinstance(node.operand, ast.Constant) and _is_constant(node.operand)
    if not isinstance(node, ast.Constant):
        return False
    value = node.value
    return isinstance(value, str) or (isinstance(value, int | float) and abs(value) < 2**63)


def _not_too_deep(depth: int) -> None:
    if depth > DEEPEST:
        raise Refused(f"more than {DEEPEST} operators within each other")


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node)
    return repr(text if len(text) <= 40 else text[:39] + "…")
