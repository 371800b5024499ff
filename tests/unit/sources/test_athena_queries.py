"""Athena's queries: pages, values, failures, and a clock that runs out; by a client of our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from helpers.aws_model import problems

from runner.adapters.aws import Aws, sandbox_target
from runner.config.data import Athena
from runner.errors import InfrastructureError
from runner.expect.asks import Uncomputable
from runner.expect.columns import Column, Kind
from runner.sources.athena import Queries, _column
from runner.sources.parsing import parsed_rows
from runner.sources.polling import Clock

COLUMNS = ["bigint", "double", "varchar", "boolean", "decimal", "date"]
ROWS = [["1", "NaN", "", "true", "12.50", "2026-01-01"], [None, "Infinity", None, "false", None, None]]


@dataclass
class FakeAthena:
    """A client that gives one row a page and looks as often as `states` says; requests are held against the
    model."""

    states: list[str]
    reason: str = ""
    rows: list[list[str | None]] = field(default_factory=lambda: ROWS)
    started: list[Mapping[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def _checked(self, operation: str, request: Mapping[str, Any]) -> None:
        model = ServiceModel(Loader().load_service_model("athena", "service-2"))
        wrong = problems(model.operation_model(operation).input_shape, dict(request))
        assert not wrong, wrong

    def start_query_execution(self, **request: Any) -> dict[str, Any]:
        self._checked("StartQueryExecution", request)
        self.started.append(request)
        return {"QueryExecutionId": f"query-{len(self.started)}"}

    def get_query_execution(self, **request: Any) -> dict[str, Any]:
        self._checked("GetQueryExecution", request)
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        told = {"State": state, "StateChangeReason": self.reason}
        return {"QueryExecution": {"Status": told, "Statistics": {"DataScannedInBytes": 100}}}

    def get_query_results(self, **request: Any) -> dict[str, Any]:
        self._checked("GetQueryResults", request)
        at = int(request.get("NextToken", 0))
        header = [[f"c{n}" for n in range(len(COLUMNS))]] if at == 0 else []
        shown = [
            {"Data": [{} if v is None else {"VarCharValue": v} for v in row]}
            for row in (*header, self.rows[at])
        ]
        info = [{"Name": "c", "Type": kind} for kind in COLUMNS]
        more = {"NextToken": str(at + 1)} if at + 1 < len(self.rows) else {}
        return {"ResultSet": {"Rows": shown, "ResultSetMetadata": {"ColumnInfo": info}}, **more}

    def stop_query_execution(self, **request: Any) -> dict[str, Any]:
        self._checked("StopQueryExecution", request)
        self.stopped.append(request["QueryExecutionId"])
        return {}


class Hours:
    """A clock whose pauses are hours."""

    hours = 0

    def pause(self, seconds: float) -> None:
        self.hours += 1


def queries(client: FakeAthena) -> Queries:
    hours = Hours()
    config = Athena(kind="athena", database="lake", workgroup="judges", output="s3://b/results/")
    aws = Aws(sandbox_target("http://127.0.0.1:1"), lambda service: client)
    return Queries(aws, config, "lake", "lake:t", clock=Clock(lambda: 3600.0 * hours.hours, hours.pause))


def test_values_are_read_by_their_types_page_by_page_without_the_header() -> None:
    client = FakeAthena(["QUEUED", "SUCCEEDED"])
    asked = queries(client)
    asked.config = asked.config.model_copy(update={"statement_timeout": 1e9})
    first, second = asked.select("SELECT 1")
    assert repr(first) == repr((1, float("nan"), "", True, Decimal("12.50"), "2026-01-01"))
    assert second == (None, float("inf"), None, False, None, None)
    assert asked.scanned == 100
    assert client.started[0]["QueryExecutionContext"] == {"Database": "lake", "Catalog": "AwsDataCatalog"}
    assert client.started[0]["WorkGroup"] == "judges"


def test_a_query_that_fails_is_told_then_and_later() -> None:
    client = FakeAthena(["FAILED"], "Query exhausted resources")
    asked = queries(client)
    for _ in range(2):
        with pytest.raises(InfrastructureError, match="lake:t: a query failed: Query exhausted resources"):
            asked.select("SELECT 1")
    assert len(client.started) == 1 and asked.scanned == 100


@pytest.mark.parametrize(
    "reason", ["NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow", "DIVISION_BY_ZERO: x"]
)
def test_a_value_beyond_its_type_ends_nothing_else(reason: str) -> None:
    client = FakeAthena(["FAILED", "SUCCEEDED"], reason)
    asked = queries(client)
    with pytest.raises(Uncomputable):
        asked.select("SELECT 1")
    assert len(asked.select("SELECT 2")) == 2


def test_what_takes_too_long_is_stopped() -> None:
    client = FakeAthena(["RUNNING"])
    with pytest.raises(InfrastructureError, match=r"stopped after 300 s"):
        queries(client).select("SELECT 1")
    assert client.stopped == ["query-1"]


def test_what_is_interrupted_is_stopped_and_what_was_lost_has_its_own_cause() -> None:
    client = FakeAthena(["RUNNING"])
    asked = queries(client)
    for error, told in (
        (KeyboardInterrupt("a signal"), "signal"),
        (InfrastructureError("throttled"), "throttled"),
    ):
        asked.clock, asked.lost = Clock(pause=Mock(side_effect=error)), ""
        with pytest.raises(type(error), match=told):
            asked.select("SELECT 1")
    assert client.stopped == ["query-1", "query-2"]
    client.stop_query_execution = Mock(side_effect=EndpointConnectionError(endpoint_url="there"))  # type: ignore[method-assign]
    asked.clock, asked.lost = queries(client).clock, ""
    with pytest.raises(InfrastructureError, match="stopped after 300 s"):
        asked.select("SELECT 1")


@pytest.mark.parametrize("kind", [Kind.TIME, Kind.INSTANT, Kind.DATE])
@pytest.mark.parametrize("said", ["44-03-15 00:00:00 BC", "+10000-01-01", "infinity"])
def test_a_time_that_python_does_not_hold_is_told_without_it(kind: Kind, said: str) -> None:
    with pytest.raises(InfrastructureError, match="beyond what Python holds") as caught:
        parsed_rows([Column("at", kind, "object")], [(None,), (said,)], "lake:t")
    assert said not in str(caught.value)


def test_a_workgroups_limit_is_told() -> None:
    client = FakeAthena(["CANCELLED"], "Query cancelled! : Bytes scanned limit was exceeded")
    with pytest.raises(InfrastructureError, match="Bytes scanned limit was exceeded"):
        queries(client).select("SELECT 1")


@pytest.mark.parametrize(
    ("type", "kind", "sql"),
    [
        ("tinyint", Kind.INTEGER, '"c"'),
        ("float", Kind.FLOAT, 'CAST("c" AS DOUBLE)'),
        ("decimal(15,2)", Kind.FLOAT, 'CAST("c" AS DOUBLE)'),
        ("decimal(16,2)", Kind.OBJECT, '"c"'),
        ("string", Kind.TEXT, 'CAST("c" AS VARCHAR)'),
        ("varchar(3)", Kind.TEXT, 'CAST("c" AS VARCHAR)'),
        ("char(3)", Kind.OBJECT, '"c"'),
        ("timestamp", Kind.TIME, '"c"'),
        ("array<int>", Kind.OBJECT, '"c"'),
    ],
)
def test_hives_types_are_kinds(type: str, kind: Kind, sql: str) -> None:
    column, said = _column("c", type)
    assert (column.kind, said) == (kind, sql)
