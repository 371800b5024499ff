"""A Redshift of our own: its Data API as a boto3 client over a real PostgreSQL.

Requests and answers are held against botocore's model. What PostgreSQL lacks of Redshift's is made there, in
a schema that is looked at first: svv_columns, svv_table_info, regexp_count with PCRE's end of a text, a
fingerprint. A backslash is special in texts, as it is there; VARCHAR(MAX) and collate() are rewritten. Not
modelled: that trailing blanks do not count where texts are compared.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from helpers.aws_model import problems
from helpers.postgres import Server

SETUP = (
    "CREATE SCHEMA redshift",
    """CREATE VIEW redshift.svv_columns AS SELECT table_schema::text, table_name::text, column_name::text,
    data_type::text, numeric_precision::int, ordinal_position::int FROM information_schema.columns""",
    """CREATE VIEW redshift.svv_table_info AS SELECT n.nspname::text AS "schema", c.relname::text AS "table",
    greatest(pg_total_relation_size(c.oid) / 1048576, 1)::bigint AS size
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'""",
    r"""CREATE FUNCTION redshift.regexp_count(s text, p text, i int, f text) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM regexp_matches(s, replace(p, '\z', '\Z'), 'g') $$""",
    """CREATE FUNCTION redshift.farmfingerprint64(s text) RETURNS bigint LANGUAGE sql AS $$
    SELECT hashtextextended(s, 0) $$""",
)
SETTINGS = (
    "-c standard_conforming_strings=off -c escape_string_warning=off"
    " -c search_path=redshift,pg_catalog,public"
)
PAGE = 7  # rows a page, so that a few of them are several
LONG, DOUBLE = ("int2", "int4", "int8"), ("float4", "float8")


class RedshiftData:
    """The client: statements run when they are sent, and are told as running to the first look at them."""

    def __init__(self, server: Server, slow: bool = False) -> None:
        self.model = ServiceModel(Loader().load_service_model("redshift-data", "service-2"))
        self.connection = psycopg.connect(server.url(), autocommit=True, options=SETTINGS)
        self.statements: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self.slow = slow

    def execute_statement(self, **request: Any) -> dict[str, Any]:
        self._require("ExecuteStatement", request)
        self.asked.append(request["Sql"])
        id = str(uuid4())
        self.statements[id] = self._run(request["Sql"]) | {"looks": 0}
        return {"Id": id, "Database": request["Database"]}

    def describe_statement(self, **request: Any) -> dict[str, Any]:
        self._require("DescribeStatement", request)
        found = self.statements[request["Id"]]
        found["looks"] += 1
        running = self.slow or found["looks"] == 1
        status = "STARTED" if running else "FAILED" if found.get("error") else "FINISHED"
        return {"Id": request["Id"], "Status": status} | (
            {"Error": found["error"]} if status == "FAILED" else {}
        )

    def get_statement_result(self, **request: Any) -> dict[str, Any]:
        self._require("GetStatementResult", request)
        found, at = self.statements[request["Id"]], int(request.get("NextToken", 0))
        page = {"Records": found["rows"][at : at + PAGE], "ColumnMetadata": found["columns"]}
        more = {"NextToken": str(at + PAGE)} if at + PAGE < len(found["rows"]) else {}
        answer = page | more
        wrong = problems(self.model.operation_model("GetStatementResult").output_shape, answer)
        assert not wrong, wrong
        return answer

    def cancel_statement(self, **request: Any) -> dict[str, Any]:
        self._require("CancelStatement", request)
        self.cancelled.append(request["Id"])
        return {"Status": True}

    def _require(self, operation: str, request: dict[str, Any]) -> None:
        wrong = problems(self.model.operation_model(operation).input_shape, request)
        ways = [name for name in ("WorkgroupName", "ClusterIdentifier") if name in request]
        if wrong or (operation == "ExecuteStatement" and len(ways) != 1):
            told = {"Error": {"Code": "ValidationException", "Message": wrong or "a workgroup or a cluster"}}
            raise ClientError(told, operation)  # type: ignore[arg-type]

    def _run(self, sql: str) -> dict[str, Any]:
        try:
            cursor = self.connection.execute(_as_postgres(sql))  # type: ignore[call-overload]
        except psycopg.Error as error:
            return {"error": f"ERROR: {error.diag.message_primary}"}
        names = [psycopg.adapters.types[each.type_code] for each in cursor.description or ()]
        kinds = [each.name if each else "" for each in names]
        rows = [
            [_field(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in cursor.fetchall()
        ]
        return {"rows": rows, "columns": [{"name": "c", "typeName": kind} for kind in kinds]}


def _as_postgres(sql: str) -> str:
    sql = sql.replace("VARCHAR(MAX)", "VARCHAR")
    return re.sub(r"collate\((\"(?:[^\"]|\"\")+\"), 'case_sensitive'\)", r'(\1 COLLATE "C")', sql)


def _field(value: Any, kind: str) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if kind in LONG and isinstance(value, int):
        return {"longValue": value}
    if kind in DOUBLE and isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": f"{value:f}" if isinstance(value, Decimal) else str(value)}
