from __future__ import annotations

import json

from runner.stages.tables.limits import limits_of
from runner.stages.tables.suite import Expectation, Suite


def suite(*configs: dict[str, object], **parameters: object) -> Suite:
    expectations = tuple(
        Expectation(f"t/{i}", "expect_x", c.get("kwargs", {}), c)  # type: ignore[arg-type]
        for i, c in enumerate(configs)
    )
    return Suite("s", "s.json", "a" * 64, parameters, expectations)


def test_arguments_without_the_columns_and_a_severity_that_is_less() -> None:
    between = {"kwargs": {"column": "hour", "min_value": 0, "max_value": 23, "mostly": None}}
    warning = {"kwargs": {"column_list": ["a"]}, "severity": "warning"}
    assert limits_of(suite(between, warning, top=3)) == {
        "expectations": 2,
        "limits": {
            "t/0": {"min_value": 0, "max_value": 23},
            "t/1": {"severity": "warning"},
            "suite_parameters": {"top": 3},
        },
    }


def test_they_stay_small() -> None:
    long = {"kwargs": {"value_set": list(range(100_000))}}
    told = limits_of(suite(*[long] * 10))
    assert told["limits"]["t/0"]["value_set"].startswith("sha256:") and len(json.dumps(told)) < 2_000
    assert limits_of(suite(*[long] * 1_001)) == {"expectations": 1_001}
