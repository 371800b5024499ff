"""What each compiled expectation takes, and its sentence, as Great Expectations would say it.

An argument that is not named here makes an expectation one for Great Expectations, which refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.expect.condition_objects import query_of

BOUNDS = ("min_value", "max_value", "strict_min", "strict_max")
WHICH_ROWS = ("row_condition", "condition_parser")
DEFAULTS = {"match_on": "any", "method": "iqr", "multiplier": "1.5"}
SEVERITIES = (None, "critical", "warning", "info")

# Type -> (its sentence, its arguments). {bounds}, {mostly}: as those arguments say.
COLUMN, MOSTLY, PAIR = ("column", *WHICH_ROWS), ("column", "mostly", *WHICH_ROWS), ("column_A", "column_B")
SEVERAL = ("column_list", "mostly", "ignore_row_if", *WHICH_ROWS)
TOLD: dict[str, tuple[str, tuple[str, ...]]] = {
    "expect_table_row_count_to_be_between": ("Must have {bounds} rows", BOUNDS),
    "expect_table_row_count_to_equal": ("Must have exactly {value} rows", ("value",)),
    "expect_table_column_count_to_be_between": ("Must have {bounds} columns", ("min_value", "max_value")),
    "expect_table_column_count_to_equal": ("Must have exactly {value} columns", ("value",)),
    "expect_column_to_exist": ("{column} is a required field", ("column", "column_index")),
    "expect_table_columns_to_match_ordered_list": (
        "Must have these columns in this order: {column_list}",
        ("column_list",),
    ),
    "expect_table_columns_to_match_set": (
        "Must have these columns (in any order): {column_set}",
        ("column_set", "exact_match"),
    ),
    "expect_column_values_to_not_be_null": ("{column} values must never be null", MOSTLY),
    "expect_column_values_to_be_null": ("{column} values must be null", MOSTLY),
    "expect_column_values_to_be_unique": ("{column} values must be unique", MOSTLY),
    "expect_column_values_to_be_between": ("{column} values must be {bounds}", (*MOSTLY, *BOUNDS)),
    "expect_column_values_to_be_in_set": (
        "{column} values must belong to this set: {value_set}",
        (*MOSTLY, "value_set"),
    ),
    "expect_column_values_to_not_be_in_set": (
        "{column} values must not belong to this set: {value_set}",
        (*MOSTLY, "value_set"),
    ),
    "expect_column_value_lengths_to_be_between": (
        "{column} values must always be {bounds} characters long",
        (*MOSTLY, *BOUNDS),
    ),
    "expect_column_value_lengths_to_equal": (
        "{column} values must be {value} characters long",
        (*MOSTLY, "value"),
    ),
    "expect_column_values_to_match_regex": (
        "{column} values must match this regular expression: {regex}",
        (*MOSTLY, "regex"),
    ),
    "expect_column_values_to_not_match_regex": (
        "{column} values must not match this regular expression: {regex}",
        (*MOSTLY, "regex"),
    ),
    "expect_column_values_to_match_regex_list": (
        "{column} values must match {match_on} of the following regular expressions: {regex_list}",
        (*MOSTLY, "regex_list", "match_on"),
    ),
    "expect_column_values_to_not_match_regex_list": (
        "{column} values must not match any of the following regular expressions: {regex_list}",
        (*MOSTLY, "regex_list"),
    ),
    "expect_column_values_to_be_increasing": (
        "{column} values must be {strict}greater than {or_as}previous values",
        (*MOSTLY, "strictly"),
    ),
    "expect_column_values_to_be_decreasing": (
        "{column} values must be {strict}less than {or_as}previous values",
        (*MOSTLY, "strictly"),
    ),
    "expect_column_value_z_scores_to_be_less_than": (
        "{column} value z-scores must be less than {threshold}",
        (*MOSTLY, "threshold", "double_sided"),
    ),
    "expect_column_values_to_not_be_outliers": (
        "{column} values must not be outliers: {method}, {multiplier} times",
        (*MOSTLY, "method", "multiplier"),
    ),
    "expect_column_min_to_be_between": ("{column} minimum value must be {bounds}", (*COLUMN, *BOUNDS)),
    "expect_column_max_to_be_between": ("{column} maximum value must be {bounds}", (*COLUMN, *BOUNDS)),
    "expect_column_mean_to_be_between": ("{column} mean must be {bounds}", (*COLUMN, *BOUNDS)),
    "expect_column_median_to_be_between": ("{column} median must be {bounds}", (*COLUMN, *BOUNDS)),
    "expect_column_sum_to_be_between": ("{column} sum must be {bounds}", (*COLUMN, *BOUNDS)),
    "expect_column_stdev_to_be_between": ("{column} standard deviation must be {bounds}", (*COLUMN, *BOUNDS)),
    "expect_column_quantile_values_to_be_between": (
        "{column} quantiles must be within their ranges",
        (*COLUMN, "quantile_ranges", "allow_relative_error"),
    ),
    "expect_column_unique_value_count_to_be_between": (
        "{column} must have {bounds} unique values",
        (*COLUMN, *BOUNDS),
    ),
    "expect_column_proportion_of_unique_values_to_be_between": (
        "{column} proportion of unique values must be {bounds}",
        (*COLUMN, *BOUNDS),
    ),
    "expect_column_proportion_of_non_null_values_to_be_between": (
        "{column} proportion of non-null values must be {bounds}",
        (*COLUMN, *BOUNDS),
    ),
    "expect_column_distinct_values_to_be_in_set": (
        "{column} distinct values must belong to this set: {value_set}",
        (*COLUMN, "value_set"),
    ),
    "expect_column_distinct_values_to_contain_set": (
        "{column} distinct values must contain this set: {value_set}",
        (*COLUMN, "value_set"),
    ),
    "expect_column_distinct_values_to_equal_set": (
        "{column} distinct values must match this set: {value_set}",
        (*COLUMN, "value_set"),
    ),
    "expect_column_most_common_value_to_be_in_set": (
        "{column} most common value must belong to this set: {value_set}",
        (*COLUMN, "value_set", "ties_okay"),
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": (
        "Values in {column_A} must always be greater than {or_equal}those in {column_B}",
        (*PAIR, "mostly", "or_equal", "ignore_row_if", *WHICH_ROWS),
    ),
    "expect_column_pair_values_to_be_equal": (
        "Values in {column_A} and {column_B} must always be equal",
        (*PAIR, "mostly", "ignore_row_if", *WHICH_ROWS),
    ),
    "expect_column_pair_values_to_be_in_set": (
        "Values in {column_A} and {column_B} must belong to this set: {value_pairs_set}",
        (*PAIR, "mostly", "value_pairs_set", "ignore_row_if"),  # there, a row_condition is forgotten
    ),
    "expect_multicolumn_values_to_be_equal": ("Values across columns {column_list} must be equal", SEVERAL),
    "expect_column_type_to_be": ("{column} must be of type {type_}", ("column", "type_")),
    "expect_compound_columns_to_be_unique": (
        "Values for given compound columns must be unique together: {column_list}",
        SEVERAL,
    ),
    "expect_select_column_values_to_be_unique_within_record": (
        "Values must always be unique across columns: {column_list}",
        SEVERAL,
    ),
    "expect_multicolumn_sum_to_equal": (
        "Sum across columns {column_list} must be {sum_total}",
        (*SEVERAL, "sum_total"),
    ),
    "expect_column_values_to_be_of_type": ("{column} values must be of type {type_}", ("column", "type_")),
    "expect_column_values_to_be_in_type_list": (
        "{column} value types must belong to this set: {type_list}",
        ("column", "type_list"),
    ),
}


def sentence(type: str, kwargs: Mapping[str, Any]) -> str:
    """Such as 'dep_time values must never be null, at least 95 % of the time'."""
    template, mostly = TOLD[type][0], kwargs.get("mostly")
    if type == "expect_column_values_to_not_be_null" and mostly not in (None, 1):
        template = "{column} values must not be null"
    filled = {name: _plain(value) for name, value in kwargs.items()}
    or_equal = "or equal to " if kwargs.get("or_equal") else ""
    given = {**DEFAULTS, **filled, **_strictness(kwargs), "bounds": _bounds(kwargs), "or_equal": or_equal}
    said = template.format_map(given)
    said += f", at least {mostly * 100:.15g} % of the time" if mostly not in (None, 1) else ""
    where = kwargs.get("row_condition")
    return f"If {query_of(where) if isinstance(where, Mapping) else where}, then {said}" if where else said


def _strictness(kwargs: Mapping[str, Any]) -> dict[str, str]:
    strictly = bool(kwargs.get("strictly"))
    return {"strict": "strictly " * strictly, "or_as": "or equal to " * (not strictly)}


def _bounds(kwargs: Mapping[str, Any]) -> str:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    above, below = ("greater than", "less than")
    parts = []
    if low is not None:
        parts.append(f"{above}{'' if kwargs.get('strict_min') else ' or equal to'} {_plain(low)}")
    if high is not None:
        parts.append(f"{below}{'' if kwargs.get('strict_max') else ' or equal to'} {_plain(high)}")
    return " and ".join(parts)


def _plain(value: Any) -> str:
    """A value as a person writes it: 12 for 12.0, a list's values side by side."""
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(map(_plain, value))
    return str(value)
