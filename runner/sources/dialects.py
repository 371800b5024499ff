"""What compilers write (DuckDB's SQL) in a database's own words: only what means the same there. Pure.

A construct that is not in the table of known ones raises Uncompiled, so that a compiler's news are left to
Great Expectations until somebody looked at what databases make of them. Values and names stay values and
names: they are parsed, and written anew by the rules of the other language (sqlglot).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.expect.literals import PLACES, Uncompiled
from runner.sources.patterns import Writer, of_athena, of_postgres, of_redshift

if TYPE_CHECKING:
    from sqlglot import exp

KNOWN = frozenset(
    {"And", "Or", "Not", "Paren", "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "In", "Is", "Null", "Neg", "Add"}
    | {"Column", "Identifier", "Literal", "Boolean", "Case", "If", "Cast", "DataType", "AtTimeZone"}
    | {"Coalesce", "Count", "Star", "Sum", "Avg", "Min", "Max", "StddevSamp", "Length", "RegexpLike", "IsNan"}
)
WHOLE = "DECIMAL(38, 0)"  # what a sum of 64-bit integers fits into
INFINITY = "Infinity"


@dataclass(frozen=True, slots=True)
class Dialect:
    """A database's language: its name to sqlglot, its patterns, and how it searches for one."""

    name: str
    pattern: Writer
    search: str
    mean: str = "avg({value})"  # of whole numbers too, as a float
    # The columns whose trailing blanks comparisons ignore: they are compared with a character after the end.
    blank: frozenset[str] = frozenset()

    def said(self, sql: str) -> str:
        """An expression of compilers in this language. Raises Uncompiled for what it cannot say."""
        return self.written(parsed(sql))

    def written(self, tree: exp.Expr, after: Callable[[exp.Expr], exp.Expr] = lambda tree: tree) -> str:
        """A parsed expression in this language, likewise; `after` is done to it last."""
        for node in tree.walk():
            if type(node).__name__ not in KNOWN:
                raise Uncompiled(f"{type(node).__name__} is not said in {self.name}")
        return self.generated(after(self._turned(tree.copy())))

    def keyed(self, tree: exp.Expr) -> str:
        """As `written`, of what rows are grouped by: two are of one group where their values are equal."""
        return self.written(tree, self._marked)

    def _marked(self, tree: exp.Expr) -> exp.Expr:
        from sqlglot import exp

        if isinstance(tree, exp.Case):
            for branch in tree.args["ifs"]:
                branch.set("true", self._marked(branch.args["true"]))
            tree.set("default", self._marked(tree.args["default"]))
            return tree
        return _ended(tree) if _is_blank(self, tree) else tree

    def generated(self, tree: exp.Expr) -> str:
        """SQL of a tree that is this language's already."""
        import sqlglot
        from sqlglot.generator import Generator

        dialect = sqlglot.Dialect.get_or_raise(self.name)
        base: type[Generator] = dialect.generator_class
        return str(type("Safe", (base,), {"literal_sql": _literal})(dialect=dialect).generate(tree))

    def _turned(self, tree: exp.Expr) -> exp.Expr:
        """From the leaves up, so that what is turned finds its parts turned."""
        for node in reversed(list(tree.walk())):
            turn = TURNS.get(type(node).__name__)
            turned = turn(self, node) if turn else node
            if node is tree:
                return turned
            node.replace(turned)
        return tree


def parsed(sql: str) -> exp.Expr:
    """The tree of what a compiler wrote. Raises Uncompiled for what asks have no word for in a database: a
    row's position."""
    import sqlglot

    if any(place in sql for place in PLACES):
        raise Uncompiled("it asks for rows' positions, which tables of databases have not")
    try:
        return sqlglot.parse_one(sql, read="duckdb")
    except sqlglot.errors.SqlglotError:
        raise Uncompiled("SQL that is not understood") from None


def _literal(generator: Any, node: exp.Literal) -> str:
    """A text as every database reads it, whether or not a backslash is special there: where it is, it is
    doubled; a quote is doubled in any case."""
    if not node.is_string:
        return str(node.this)
    special = "\\" in type(generator.dialect).tokenizer_class.STRING_ESCAPES
    said = str(node.this).replace("\\", "\\\\") if special else str(node.this)
    return "'" + said.replace("'", "''") + "'"


def _searched(dialect: Dialect, node: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    if not isinstance(node.expression, exp.Literal):
        raise Uncompiled("a pattern that is no text")
    pattern = exp.Literal.string(dialect.pattern(str(node.expression.this)))
    return _said(dialect.search, column=node.this, pattern=pattern)


def _not_a_number(dialect: Dialect, node: exp.Expr) -> exp.Expr:
    """NaN is the greatest of all to PostgreSQL, and to others neither above nor below anything."""
    return _said("(NOT {column} <= {infinity})", column=node.this, infinity=_double(INFINITY))


def _cast(dialect: Dialect, node: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    kind = node.args["to"].this
    if kind == exp.DataType.Type.INT128:
        return exp.cast(node.this, WHOLE)
    if kind == exp.DataType.Type.DOUBLE and isinstance(node.this, exp.Literal):
        return _double(
            {"inf": INFINITY, "-inf": f"-{INFINITY}"}.get(str(node.this.this), str(node.this.this))
        )
    return node


def _double(said: str) -> exp.Expr:
    """A number from its text: there is no other way that has every digit everywhere."""
    from sqlglot import exp

    return exp.cast(exp.Literal.string(said), "DOUBLE")


def _mean(dialect: Dialect, node: exp.Expr) -> exp.Expr:
    return _said(dialect.mean, value=node.this)


def _deviation(dialect: Dialect, node: exp.Expr) -> exp.Expr:
    """In floats: of whole numbers, PostgreSQL's has as many digits after the point as they have, none."""
    return _said("stddev_samp(CAST({value} AS double precision))", value=node.this)


def _is_blank(dialect: Dialect, node: exp.Expr) -> bool:
    return type(node).__name__ == "Column" and node.name in dialect.blank


def _ended(node: exp.Expr) -> exp.Expr:
    """A text with a character after its end."""
    from sqlglot import exp

    if isinstance(node, exp.Literal) and node.is_string:
        return exp.Literal.string(f"{node.this}.")
    return _said("({text} || '.')", text=node)


def _compared(dialect: Dialect, node: exp.Expr) -> exp.Expr:
    """Equal, or one of several."""
    parts = [node.this, *([node.expression] if node.args.get("expression") else node.expressions)]
    if any(_is_blank(dialect, part) for part in parts):
        for part in parts:
            part.replace(_ended(part))
    return node


def _ordered(dialect: Dialect, node: exp.Expr) -> exp.Expr:
    if _is_blank(dialect, node.this) or _is_blank(dialect, node.expression):
        raise Uncompiled("an order of texts, whose trailing blanks are ignored")
    return node


def _said(template: str, **parts: exp.Expr) -> exp.Expr:
    """A template's tree, with parts that are parsed already in the places of its names."""
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(template.format_map({name: f'"{name}"' for name in parts}), read="postgres")

    def put(node: exp.Expr) -> exp.Expr:
        named = isinstance(node, exp.Column) and parts.get(node.name)
        return named.copy() if named else node

    return tree.transform(put)


Turn = Callable[[Dialect, "exp.Expr"], "exp.Expr"]
TURNS: dict[str, Turn] = {
    "RegexpLike": _searched,
    "IsNan": _not_a_number,
    "Cast": _cast,
    "Avg": _mean,
    "StddevSamp": _deviation,
    **dict.fromkeys(("EQ", "NEQ", "In"), _compared),
    **dict.fromkeys(("LT", "LTE", "GT", "GTE"), _ordered),
}
POSTGRES = Dialect("postgres", of_postgres, "{column} ~ {pattern}", "CAST(avg({value}) AS double precision)")
REDSHIFT = Dialect(
    "redshift",
    of_redshift,
    "regexp_count({column}, {pattern}, 1, 'p') > 0",
    "avg(CAST({value} AS double precision))",
)
ATHENA = Dialect("athena", of_athena, "regexp_like({column}, {pattern})")
