"""Tables of the Glue catalogue: their columns, and the objects in S3 that they consist of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.adapters.aws import Aws, AwsError
from runner.errors import InfrastructureError

Object = tuple[str, str, int]  # its name, its content's tag, its bytes


@dataclass(frozen=True, slots=True)
class Listed:
    """A table as the catalogue has it; `columns` as (name, Hive's type), those of partitions last."""

    columns: tuple[tuple[str, str], ...]
    locations: tuple[str, ...]
    table: Mapping[str, Any]


def listed(aws: Aws, database: str, table: str, where: str, catalog: str = "") -> Listed:
    """A table by its name. Raises InfrastructureError where there is none, or no right to see it."""
    owner = {"CatalogId": catalog} if catalog else {}
    try:
        told = aws.call("glue", "get_table", DatabaseName=database, Name=table, **owner)["Table"]
        keys = told.get("PartitionKeys") or []
        parts = _partitions(aws, database, table, owner) if keys else []
    except AwsError as error:
        missing = error.code == "EntityNotFoundException"
        raise InfrastructureError("there is no such table" if missing else error.what, where=where) from None
    described = told.get("StorageDescriptor") or {}
    columns = [*(described.get("Columns") or []), *keys]
    own = [_projected(told) if keys else described.get("Location") or ""]
    return Listed(
        tuple((str(each["Name"]), str(each.get("Type", "")).lower()) for each in columns),
        tuple(sorted({place for place in (*own, *parts) if place})),
        told,
    )


def _projected(table: Mapping[str, Any]) -> str:
    """The folder of all partitions where Athena computes their places, and the catalogue has none; else
    ''. docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html"""
    said = table.get("Parameters") or {}
    if str(said.get("projection.enabled")).lower() != "true":
        return ""
    template = str(said.get("storage.location.template") or "")
    own = str((table.get("StorageDescriptor") or {}).get("Location") or "")
    return template.partition("${")[0].rpartition("/")[0] if template else own


def _partitions(aws: Aws, database: str, table: str, owner: Mapping[str, str]) -> list[str]:
    asked = {"DatabaseName": database, "TableName": table, "ExcludeColumnSchema": True, **owner}
    found = aws.pages("glue", "get_partitions", "Partitions", **asked)
    return [str((each.get("StorageDescriptor") or {}).get("Location") or "") for each in found]


def objects(aws: Aws, found: Listed) -> list[Object]:
    """Every object below a table's locations, but those whose names Hive does not look at."""
    each = {key: item for place in found.locations for key, item in _below(aws, place)}
    return [each[key] for key in sorted(each)]


def _below(aws: Aws, location: str) -> list[tuple[str, Object]]:
    bucket, _, path = location.partition("://")[2].partition("/")  # of a key, # and ? are no ends
    prefix = path.strip("/")
    asked = {"Bucket": bucket, "Prefix": f"{prefix}/" if prefix else ""}
    told = aws.pages("s3", "list_objects_v2", "Contents", **asked)
    kept = (item for item in told if not _is_hidden(str(item["Key"])[len(asked["Prefix"]) :]))
    return [
        (f"{bucket}/{item['Key']}", (str(item["Key"]), str(item["ETag"]), int(item["Size"]))) for item in kept
    ]


def _is_hidden(name: str) -> bool:
    return not name or any(part.startswith(("_", ".")) for part in name.split("/"))
