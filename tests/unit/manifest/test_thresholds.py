from __future__ import annotations

from typing import Any

import pytest

from runner.manifest.thresholds import moved

BETWEEN = "t/expect_column_values_to_be_between(hour)"
IN_SET = "t/expect_column_values_to_be_in_set(origin)"


@pytest.mark.parametrize(
    ("check", "before", "after", "words", "way"),
    [
        ("metrics/roc_auc", {"min": 0.66}, {"min": 0.60}, "min 0.66 -> 0.6", "LOOSENED"),
        ("metrics/roc_auc", {"min": 0.66}, {"min": 0.661}, "min 0.66 -> 0.661", "TIGHTENED"),
        ("metrics/roc_auc", {"min": 1e-10}, {"min": 2e-10}, "min 1e-10 -> 2e-10", "TIGHTENED"),
        ("metrics/log_loss", {"max": 0.5}, {"max": 0.6}, "max 0.5 -> 0.6", "LOOSENED"),
        ("metrics/log_loss", {"max": 0.5, "min": 0.1}, {"max": 0.5}, "min 0.1 -> none", "LOOSENED"),
        ("metrics/log_loss", {"max": 0.5}, {"max": 0.5, "min": 0.1}, "min none -> 0.1", "TIGHTENED"),
        ("baseline/roc_auc", {"by": 0.2}, {"by": 0.1}, "by 0.2 -> 0.1", "LOOSENED"),
        ("baseline/x", {"against": "a"}, {"against": "b"}, "against a -> b", "CHANGED"),
        ("slices/o/f1", {"min_rows": 100}, {"min_rows": 900}, "min_rows 100 -> 900", "LOOSENED"),
        ("slices/o/f1", {}, {"min_rows": 900}, "min_rows none -> 900", "LOOSENED"),
        ("slices/o/f1", {"min_rows": 900}, {}, "min_rows 900 -> none", "TIGHTENED"),
        ("slices/o/champion/f1", {"margin": 0.01}, {"margin": 0.02}, "margin 0.01 -> 0.02", "LOOSENED"),
        ("latency/p95", {"repeats": 200}, {"repeats": 20}, "repeats 200 -> 20", "CHANGED"),
        (BETWEEN, {"max_value": 23}, {"max_value": 99}, "max_value 23 -> 99", "LOOSENED"),
        (BETWEEN, {"min_value": 0}, {"min_value": "2013"}, "min_value 0 -> 2013", "CHANGED"),
        (BETWEEN, {}, {"mostly": 0.99}, "mostly 1 -> 0.99", "LOOSENED"),
        (BETWEEN, {"strict_min": True}, {}, "strict_min true -> false", "LOOSENED"),
        (BETWEEN, {}, {"severity": "warning"}, "severity critical -> warning", "LOOSENED"),
        (BETWEEN, {"severity": "info"}, {"severity": "warning"}, "severity info -> warning", "TIGHTENED"),
        (IN_SET, {"value_set": ["A"]}, {"value_set": ["A", "B"]}, "", "LOOSENED"),
        (IN_SET, {"value_set": ["A", "B"]}, {"value_set": ["B"]}, "", "TIGHTENED"),
        (IN_SET, {"value_set": ["A"]}, {"value_set": ["B"]}, "", "CHANGED"),
        ("t/x_to_not_be_in_set", {"value_set": ["A"]}, {"value_set": ["A", "B"]}, "", "TIGHTENED"),
        ("t/x_to_contain_set", {"value_set": ["A"]}, {"value_set": ["A", "B"]}, "", "TIGHTENED"),
        ("t/x_to_equal_set", {"value_set": ["A"]}, {"value_set": ["A", "B"]}, "", "CHANGED"),
        ("t/z_to_be_less_than", {"threshold": 3}, {"threshold": 4}, "threshold 3 -> 4", "LOOSENED"),
        ("t/x", {"regex": "^A$"}, {"regex": ".*"}, "regex ^A$ -> .*", "CHANGED"),
    ],
)
def test_a_limit_that_moved(check: str, before: Any, after: Any, words: str, way: str) -> None:
    ((told, said, direction),) = moved({check: before}, {check: after})
    assert (told, direction) == (check, way)
    assert words in said


def test_a_rule_that_is_gone_is_loosened_and_a_new_one_tightened() -> None:
    rules = {"metrics/f1": {"min": 0.2}}
    assert list(moved(rules, {})) == [("metrics/f1", "min 0.2: removed", "LOOSENED")]
    assert list(moved({}, rules)) == [("metrics/f1", "min 0.2: added", "TIGHTENED")]
    assert list(moved(rules, rules)) == []


def test_what_is_no_limit_at_all_is_told_as_changed() -> None:
    assert list(moved({"a": 1}, {"a": [2]})) == [("a", "1 -> [2]", "CHANGED")]
