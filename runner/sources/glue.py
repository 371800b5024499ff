"""A name of the Glue catalogue -> where in S3 the table's files lie, which are then read as files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.adapters.aws import Aws
from runner.config.data import Glue
from runner.errors import InfrastructureError
from runner.sources.catalogue import Listed, listed

COLUMNAR = "parquet"
ATHENA = "an athena connection reads it as its definition says"


def place_of(config: Glue, aws: Aws, database: str, table: str, where: str) -> str:
    """The s3:// folder of a table's files. Raises InfrastructureError for a table that its files alone do not
    say: of another format, or with partitions that lie elsewhere."""
    found = listed(aws, database, table, where, config.catalog or "")
    described = found.table.get("StorageDescriptor") or {}
    location = str(described.get("Location") or "").rstrip("/")
    if not location.startswith(("s3://", "s3a://")):
        raise InfrastructureError("it is a view, or lies elsewhere than in S3", where=where, hint=ATHENA)
    _require_format(found, described, where)
    away = [place for place in found.locations if not f"{place.rstrip('/')}/".startswith(f"{location}/")]
    if away:
        raise InfrastructureError(
            f"a partition lies outside of the table's folder: {away[0]}", where=where, hint=ATHENA
        )
    return f"s3://{location.partition('://')[2]}/"


def _require_format(found: Listed, described: Mapping[str, Any], where: str) -> None:
    """Parquet says itself what it is; a text is one of fields between commas below a header, or of JSON."""
    serde = described.get("SerdeInfo") or {}
    library, told = str(serde.get("SerializationLibrary", "")).lower(), serde.get("Parameters") or {}
    if COLUMNAR in library or "json" in library:
        return
    header = (found.table.get("Parameters") or {}).get("skip.header.line.count") == "1"
    comma = told.get("field.delim") == "," or ("opencsv" in library and told.get("separatorChar", ",") == ",")
    if not (header and comma):
        raise InfrastructureError(
            "its files are no Parquet, no JSON lines, and no CSV with a header", where=where, hint=ATHENA
        )
