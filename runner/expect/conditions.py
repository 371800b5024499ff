"""Row conditions as SQL: the plain ones of pandas' queries and of Great Expectations' own language. Pure.

A comparison with a null is false in both, and its negation true; so every comparison here is either.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any
from unicodedata import normalize

from runner.expect.asks import ALL_ROWS
from runner.expect.columns import PLAIN, Column, Kind
from runner.expect.condition_objects import query_of
from runner.expect.literals import Uncompiled, literal
from runner.expect.scope import Scope

PANDAS = "pandas"
PARSERS = (PANDAS, "great_expectations", "great_expectations__experimental__")
SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "=", ast.NotEq: "<>", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
LONGEST = 2000
# What Great Expectations' grammar reads to its end, and Python alike.
GRAMMAR = re.compile(
    r"""col\("[^"\\\n]+"\)(?:\.not[nN]ull\(\)|[ \t]*(?:[<>]=?|[=!]=)[ \t]*"""
    r"""(?:[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|"[!#-&(-\[\]-~][ !#-&(-\[\]-~]*"))""", re.ASCII
)  # fmt: skip
OURS = re.compile(r"\bcol\s*\(|\bnotNull\b")
TICKED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?P<name>[^`]+)`""")


def condition(kwargs: Mapping[str, Any], columns: Mapping[str, Column]) -> str:
    """The condition of an expectation's arguments; raises Uncompiled for one that is not plain."""
    told, parser = kwargs.get("row_condition"), kwargs.get("condition_parser")
    if told is None:
        return ALL_ROWS
    if isinstance(told, Mapping) and parser in (None, *PARSERS):
        told, parser = query_of(told), PANDAS  # whatever is named beside it
    if not isinstance(told, str) or parser not in PARSERS or len(told) > LONGEST:
        raise Uncompiled("its row_condition is no plain text")
    try:
        read = _pandas if parser == PANDAS else _theirs
        return _Writer(Scope(columns))(read(told.strip()))
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError):
        raise Uncompiled("its row_condition is not a plain comparison") from None


def _theirs(told: str) -> ast.expr:
    """Great Expectations' own language: one comparison. It ignores whatever comes after that."""
    if not GRAMMAR.fullmatch(told):
        raise Uncompiled("its row_condition is more than Great Expectations' grammar reads, or less")
    return ast.parse(told, mode="eval").body


def _pandas(told: str) -> ast.expr:
    """pandas writes `odd names` in ticks: col("odd names") says the same here, and nothing there. Ticks in a
    quoted text are its own."""
    if OURS.search(told):
        raise Uncompiled("its row_condition calls what pandas has not")
    named = TICKED.sub(lambda match: f"col({match['name']!r})" if match["name"] else match[0], told)
    tree = ast.parse(named, mode="eval").body
    _require_one_style(told, tree)
    return tree


def _require_one_style(told: str, tree: ast.AST) -> None:
    """To pandas & is `and`, | is `or`, and a line a condition: Python reads a mixture of both otherwise."""
    nodes = list(ast.walk(tree))
    signs = any(isinstance(node, ast.BitAnd | ast.BitOr) for node in nodes)
    words = any(isinstance(node, ast.BoolOp | ast.Not) for node in nodes)
    if (signs and words) or len(told.splitlines()) > 1:
        raise Uncompiled("its row_condition mixes & and | with words, or has several lines")


class _Writer:
    """A syntax tree of known nodes -> SQL; whatever else there is raises Uncompiled."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __call__(self, node: ast.AST) -> str:
        if isinstance(node, ast.BoolOp):
            return self._joined(" AND " if isinstance(node.op, ast.And) else " OR ", node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
            return self._joined(
                " AND " if isinstance(node.op, ast.BitAnd) else " OR ", [node.left, node.right]
            )
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
            return f"(NOT {self(node.operand)})"
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._compared(node.left, node.ops[0], node.comparators[0])
        if isinstance(node, ast.Call):
            return self._nullity(node)
        raise Uncompiled("its row_condition is not a plain comparison")

    def _joined(self, word: str, nodes: list[ast.expr]) -> str:
        return f"({word.join(map(self, nodes))})"

    def _compared(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> str:
        if isinstance(operator, ast.In | ast.NotIn):
            return self._member(left, right, negated=isinstance(operator, ast.NotIn))
        sign = SIGNS.get(type(operator))
        if sign is None:
            raise Uncompiled("its row_condition is not a plain comparison")
        if isinstance(left, ast.Constant):
            left, right, sign = right, left, TURNED[sign]
        column, value = self._column(left), self._literal(right)
        if column.kind is Kind.BOOLEAN and sign not in ("=", "<>"):
            raise Uncompiled("an order of truths")
        said = f"({column.sql} {sign} {literal(value, column)})"
        return f"({column.missing} OR {said})" if sign == "<>" else f"(NOT {column.missing} AND {said})"

    def _member(self, left: ast.expr, right: ast.expr, *, negated: bool) -> str:
        column, values = self._column(left), self._literal(right)
        if not isinstance(values, list | tuple) or not values:
            raise Uncompiled("its row_condition is not a plain set")
        said = f"(NOT {column.missing} AND {column.sql} IN ({', '.join(literal(v, column) for v in values)}))"
        return f"(NOT {said})" if negated else said

    def _nullity(self, node: ast.Call) -> str:
        names = {"isnull": True, "isna": True, "notnull": False, "notna": False, "notNull": False}
        if (
            not isinstance(node.func, ast.Attribute)
            or node.args
            or node.keywords
            or node.func.attr not in names
        ):
            raise Uncompiled("a call in its row_condition")
        missing = self._named(node.func.value).missing
        return missing if names[node.func.attr] else f"(NOT {missing})"

    def _column(self, node: ast.expr) -> Column:
        """A column whose values are compared."""
        column = self._named(node)
        if column.kind not in PLAIN or column.nullable or column.dtype == "float32":
            raise Uncompiled(f"its row_condition compares a column of kind {column.kind}")
        return column

    def _named(self, node: ast.expr) -> Column:
        name: Any = node.id if isinstance(node, ast.Name) else None
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "col"
            and len(node.args) == 1
        ):
            name = self._literal(node.args[0])
        column = self.scope.column(name)
        if column.kind is Kind.OTHER or not _can_be_named(column.name):
            raise Uncompiled("its row_condition names no column of a known kind")
        return column

    def _literal(self, node: ast.expr) -> Any:
        try:
            return ast.literal_eval(node)
        except ValueError:
            raise Uncompiled("its row_condition compares with no plain value") from None


def _can_be_named(column: str) -> bool:
    """Whether pandas finds a column by its name, be it in ticks: it takes U+FB01 for fi, as Python does,
    and inf for a number."""
    return (
        column not in ("inf", "Inf")
        and "`" not in column
        and column.isprintable()
        and normalize("NFKC", column) == column
    )
