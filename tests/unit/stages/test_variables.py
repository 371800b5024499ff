"""The variables that connections name reach the data stage that names them, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from runner.adapters.output import SECRECY
from runner.config.data import Connection, DataStage
from runner.config.schema import UnitStage
from runner.errors import UsageError
from runner.stages import needs_aws
from runner.stages.variables import require, taken, variables_of

URL = "postgresql://judge:horse-battery-1@db.example/flights?sslpassword=staple-of-keys"


def stage(**connection: Any) -> DataStage:
    tables = {"t": {"source": "warehouse:flights", "suite": "s.json"}}
    connections = {"warehouse": {"kind": "postgresql", **connection}}
    return DataStage.model_validate({"kind": "data", "tables": tables, "connections": connections})


def test_only_what_is_named_is_taken() -> None:
    environ = {"WAREHOUSE_URL": URL, "OTHER_URL": "postgresql://x"}
    assert taken(stage(url_from="WAREHOUSE_URL"), environ) == {"WAREHOUSE_URL": URL}
    assert variables_of(stage(secret="arn:aws:secretsmanager:eu-west-1:1:secret:db")) == ()


def test_other_stages_are_given_none() -> None:
    unit = UnitStage(kind="unit", suites=("suites/unit",))
    assert variables_of(unit) == () and taken(unit, {"WAREHOUSE_URL": URL}) == {}


def test_its_passwords_are_hidden_from_then_on() -> None:
    taken(stage(url_from="SOME_PLACE"), {"SOME_PLACE": URL})
    shown = SECRECY.redactor().text("said: staple-of-keys")
    assert "staple-of-keys" not in shown


def test_a_missing_one_is_named_before_anything_runs() -> None:
    with pytest.raises(UsageError, match="WAREHOUSE_URL is not set"):
        require([stage(url_from="WAREHOUSE_URL")], {"WAREHOUSE_URL": ""})
    require([stage(url_from="WAREHOUSE_URL")], {"WAREHOUSE_URL": URL})


def test_aws_is_needed_for_what_it_keeps() -> None:
    assert not needs_aws(stage(url_from="U"))
    assert needs_aws(stage(url_from="U", iam=True))
    assert needs_aws(stage(secret="arn:aws:secretsmanager:eu-west-1:1:secret:db"))


@pytest.mark.parametrize(
    "told",
    [
        {"kind": "postgresql"},
        {"kind": "postgresql", "url_from": "U", "secret": "arn"},
        {"kind": "postgresql", "secret": "arn", "iam": True},
        {"kind": "postgresql", "url_from": "postgresql://not-a-name"},
        {"kind": "redshift", "database": "d"},
        {"kind": "redshift", "database": "d", "workgroup": "w", "cluster": "c"},
    ],
)
def test_a_connection_that_says_too_little_or_too_much_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Connection).validate_python(told)
