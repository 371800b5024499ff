from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.project import minimal, write

from runner.config.json_schema import SHIPPED, schema_text
from runner.config.load import load
from runner.config.reference import reference
from runner.errors import ConfigError, UsageError


def refused(root: Path, config: dict[str, Any] | str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(write(root, config))
    return [str(p) for p in caught.value.problems]


def test_a_right_file_loads(tmp_path: Path) -> None:
    solution = load(write(tmp_path, minimal()))
    assert solution.stages["unit"].timeout == 300
    assert solution.stages["unit"].kind == "unit"


def test_no_file_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no lockgate.yml"):
        load(tmp_path)


def test_every_problem_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = """solution: Tiny
components:
  fn: {kind: lambda-zip, source: src/fn, hander: app.handler}
  m: {kind: modle, path: a}
stages:
  unit:
    timeout: soon
    suites: [suites/unit]
  data: {tables: {}}
surprise: 1
"""
    found = refused(tmp_path, text)
    for line, said in [
        (1, "Tiny"),
        (3, "did you mean 'handler'"),
        (3, "'components.fn.handler' is missing"),
        (4, "did you mean 'model'"),
        (7, "soon"),
        (9, "tables"),
        (10, "unknown field 'surprise'"),
    ]:
        assert any(f"lockgate.yml:{line}:" in p and said in p for p in found), (line, said, found)


GOLDEN = ("stages", "integration", "golden")


def golden(tolerance: float) -> dict[str, Any]:
    return {"rows": "stack.yml", "through": ["fn"], "tolerance": tolerance}


DAMAGE = {
    "a stage that needs itself": (("stages", "unit", "needs"), ["unit"], "needs itself"),
    "an unknown need": (("stages", "data", "needs"), ["unitt"], "did you mean 'unit'"),
    "a circle": (("stages", "unit", "needs"), ["integration"], "circle"),
    "a path outside": (("stages", "model", "criteria"), "../criteria.yml", "stays inside"),
    "an absolute path": (("components", "stack", "template"), "/etc/passwd", "stays inside"),
    "a missing template": (("components", "stack", "template"), "nope.yml", "does not exist"),
    "a missing suite": (("stages", "unit", "suites"), ["suites/none"], "does not exist"),
    "an unknown stock suite": (("stages", "unit", "suites"), ["stock:lambdo"], "stock suite"),
    "a suite that is an option": (("stages", "unit", "suites"), ["--co"], "leaves the solution"),
    "a candidate that is no model": (("stages", "model", "candidate"), "fn", "no model component"),
    "predictions that nothing pairs": (("components", "model", "path"), "p.parquet", "no id"),
    "a model that is asked with nothing": (
        ("stages", "model", "evaluation", "features"),
        [],
        "stages.model.evaluation: no features",
    ),
    "an endpoint of no environment": (
        ("stages", "model", "endpoint"),
        {"name": "e", "environment": "prd"},
        "'prd' is no environment",
    ),
    "a stack that is no stack": (("stages", "integration", "stack"), "model", "no stack component"),
    "an invoked component that is none": (
        ("stages", "integration", "invoke"),
        {"fm": "X"},
        "did you mean 'fn'",
    ),
    "a parameter that refers to no component": (
        ("components", "stack", "parameters"),
        {"A": "x-${fnn.key}"},
        "components.stack.parameters.A: '${fnn.key}' refers to nothing (did you mean 'fn.key'?)",
    ),
    "a parameter that asks for what there is not": (
        ("components", "stack", "parameters"),
        {"A": "${fn.kye}"},
        "did you mean 'fn.key'",
    ),
    "an empty reference": (("components", "fn", "test_env"), {"A": "${}"}, "'${}' refers to nothing"),
    "a negative timeout": (("stages", "unit", "timeout"), -1, "greater than 0"),
    "a tolerance that any probability meets": (GOLDEN, golden(1), "less than 1"),
    "an endless tolerance": (GOLDEN, golden(float("inf")), "finite"),
    "no tolerance": (GOLDEN, golden(float("nan")), "finite"),
    "no check required": (("stages", "unit", "min_checks"), 0, "min_checks"),
    "an unknown runtime": (("components", "fn", "runtime"), "python3.1", "did you mean"),
    "another schema": (("version",), 2, "version"),
    "no stages": (("stages",), {}, "stages"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_refused(tmp_path: Path, name: str) -> None:
    path, value, said = DAMAGE[name]
    config = minimal()
    at = config
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    found = refused(tmp_path, config)
    assert any(said in p for p in found), found


@pytest.mark.parametrize(
    ("canary", "said"),
    [
        ("output_shift: 0.2", "lockgate.yml:6: environments.prod.canary.output_shift: no labels to compare"),
        ("labels: [a, b]", "lockgate.yml:6: environments.prod.canary.labels: no limit"),
        ("output_shift: 0.2\n      labels: [a, b]", ""),
        ("looks: 3", ""),
    ],
)
def test_outputs_are_compared_by_label_and_limit(tmp_path: Path, canary: str, said: str) -> None:
    text = f"""solution: tiny
environments:
  prod:
    traffic: canary-10-percent-5-minutes
    canary:
      {canary}
stages:
  unit: {{suites: [stock:lambda]}}
"""
    if said:
        (told,) = refused(tmp_path, text)
        assert said in told
    else:
        assert load(write(tmp_path, text)).environments["prod"].traffic == "canary-10-percent-5-minutes"


def test_what_may_be_referred_to(tmp_path: Path) -> None:
    config = minimal()
    config["components"]["stack"]["parameters"] = {"A": "${bucket}/${ fn.key }", "B": "$x {fn.none}"}
    write(tmp_path, config)
    assert load(tmp_path).components["stack"].kind == "stack"


def test_a_missing_lock_is_told_where_something_needs_it(tmp_path: Path) -> None:
    write(tmp_path, minimal())
    (tmp_path / "requirements.lock").unlink()
    with pytest.raises(ConfigError, match=r"requirements.lock"):
        load(tmp_path)


def test_the_shipped_schema_is_the_generated_one() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == schema_text(), "run `lockgate schema` into it"


def test_the_configuration_page_is_the_generated_one() -> None:
    page = Path(__file__).parents[3] / "docs" / "configuration.md"
    assert page.read_text(encoding="utf-8") == reference(), "run `lockgate schema --markdown` into it"


def test_the_schema_accepts_the_minimal_file_and_refuses_damage() -> None:
    import json

    import jsonschema

    schema = json.loads(schema_text())
    jsonschema.validate(minimal(), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**minimal(), "surprise": 1}, schema)
