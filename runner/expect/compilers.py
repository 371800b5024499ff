"""Expectation type -> what compiles it, or why Great Expectations is asked itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runner.expect.compile import aggregates, distinct, maps, pairs, records, relative, shapes, types, unique
from runner.expect.compiled import Compiled
from runner.expect.scope import Scope

Compile = Callable[[Mapping[str, Any], Scope], Compiled]
FAMILIES = (shapes, maps, aggregates, distinct, unique, pairs, records, relative, types)
COMPILERS: dict[str, Compile] = {name: each for family in FAMILIES for name, each in family.COMPILERS.items()}
PYTHON = "what Python's parsers take is not said in SQL"
LIKE = "Great Expectations has it for databases alone"
QUERY = "it asks a query of its own"
LEFT = {
    "expect_column_kl_divergence_to_be_less_than": "its partitions are numpy's",
    "expect_column_values_to_be_dateutil_parseable": PYTHON,
    "expect_column_values_to_be_json_parseable": PYTHON,
    "expect_column_values_to_match_json_schema": PYTHON,
    "expect_column_values_to_match_strftime_format": PYTHON,
    "expect_column_values_to_match_like_pattern": LIKE,
    "expect_column_values_to_match_like_pattern_list": LIKE,
    "expect_column_values_to_not_match_like_pattern": LIKE,
    "expect_column_values_to_not_match_like_pattern_list": LIKE,
    "expect_query_results_to_match_comparison": QUERY,
    "expect_table_row_count_to_equal_other_table": "it asks of another table",
    "unexpected_rows_expectation": QUERY,
}


def why_left(type: str) -> str:
    """Why an expectation of a type is compiled over no table, or ''."""
    if type in COMPILERS:
        return ""
    said = "of a type that is not compiled"
    return f"{said}: {LEFT[type]}" if type in LEFT else said
