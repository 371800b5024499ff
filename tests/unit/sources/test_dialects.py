"""What compilers write, in databases' own words; values stay values, whatever is in them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.expect.columns import Column, Kind
from runner.expect.literals import Uncompiled, literal, text
from runner.sources.dialects import ATHENA, POSTGRES, REDSHIFT, Dialect, parsed

ALL = pytest.mark.parametrize("dialect", [POSTGRES, REDSHIFT, ATHENA], ids=lambda d: d.name)
FLOAT = Column("x", Kind.FLOAT, "float64")
BLANK = replace(REDSHIFT, blank=frozenset({"c", "d"}))


@ALL
@settings(deadline=None, max_examples=40)
@given(value=st.text(st.sampled_from("a'\\\n\"-; é%"), max_size=12))
def test_a_text_ends_where_its_value_ends(dialect: Dialect, value: str) -> None:
    said = dialect.said(f'"c" = {text(value)}')
    read = sqlglot.parse_one(said, read=dialect.name)
    assert read.expression.this == value
    inner = said.removeprefix('"c" = ')[1:-1]
    assert "'" not in inner.replace("''", "")


@settings(deadline=None, max_examples=40)
@given(value=st.text(st.sampled_from("a'\\"), max_size=12))
def test_redshifts_texts_cannot_be_left_whatever_a_backslash_means_there(value: str) -> None:
    inner = REDSHIFT.said(text(value))[1:-1]
    assert inner.replace("''", "").count("'") == 0
    assert len(inner) - len(inner.rstrip("\\")) in range(0, 99, 2)


@ALL
def test_nan_is_what_is_not_below_infinity(dialect: Dialect) -> None:
    double = "DOUBLE" if dialect is ATHENA else "DOUBLE PRECISION"
    inf = f"CAST('Infinity' AS {double})"
    assert dialect.said(FLOAT.missing) == f'("x" IS NULL OR (NOT "x" <= {inf}))'


@ALL
def test_a_float_is_said_with_every_digit(dialect: Dialect) -> None:
    double = "DOUBLE" if dialect is ATHENA else "DOUBLE PRECISION"
    assert dialect.said(literal(1e-300, FLOAT)) == f"CAST('1e-300' AS {double})"
    assert dialect.said(literal(float("-inf"), FLOAT)) == f"CAST('-Infinity' AS {double})"


@ALL
def test_what_is_nested_is_said_too(dialect: Dialect) -> None:
    said = dialect.said(f'avg(CASE WHEN NOT {FLOAT.missing} THEN "x" END)')
    assert "isnan" not in said.lower() and "is_nan" not in said.lower()


@ALL
@pytest.mark.parametrize(
    "sql",
    [
        "hash(x)",
        "x[1]",
        "list_sort(x)",
        "x IN (SELECT 1)",
        "count_if(x)",
        "x LIKE 'a'",
        "read_csv('f')",
        "f(",
    ],
)
def test_what_is_not_known_is_left(dialect: Dialect, sql: str) -> None:
    with pytest.raises(Uncompiled):
        dialect.said(sql)


@ALL
def test_rows_have_no_positions(dialect: Dialect) -> None:
    with pytest.raises(Uncompiled, match="positions"):
        dialect.said('lag("x") OVER (ORDER BY {at})')


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("\"c\" = 'a'", "(\"c\" || '.') = 'a.'"),
        ("\"c\" IN ('a', 'b ')", "(\"c\" || '.') IN ('a.', 'b .')"),
        ('"c" <> "d"', "(\"c\" || '.') <> (\"d\" || '.')"),
        ('length("c") = 2', 'LENGTH("c") = 2'),
        ('"n" = 2', '"n" = 2'),
        ('"c" IS NULL', '"c" IS NULL'),
    ],
)
def test_trailing_blanks_count_where_a_database_ignores_them(sql: str, said: str) -> None:
    assert BLANK.said(sql) == said


def test_an_order_of_such_texts_is_left() -> None:
    with pytest.raises(Uncompiled, match="trailing blanks"):
        BLANK.said('"c" > "d"')


def test_they_count_in_groups_too() -> None:
    key = parsed('CASE WHEN ("c" IS NULL) THEN NULL ELSE "c" END')
    assert BLANK.keyed(key) == 'CASE WHEN ("c" IS NULL) THEN NULL ELSE ("c" || \'.\') END'
    assert BLANK.keyed(parsed('"n"')) == '"n"'
    assert POSTGRES.keyed(parsed('"c"')) == '"c"'
