"""CONNECTION:TABLE -> a table: names that are only ever names, and credentials from where they are kept."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.adapters.output import SECRECY
from runner.adapters.postgres import require_url
from runner.config.data import Athena, Glue, PostgreSql, TableSource
from runner.errors import InfrastructureError, UsageError
from runner.expect.columns import quoted
from runner.sources.catalogue import listed, objects
from runner.sources.cost import Limits
from runner.sources.credentials import url_of
from runner.sources.databases import Databases, parts_of
from runner.sources.glue import place_of

LAKE = {"lake": Athena(kind="athena", database="lake"), "names": Glue(kind="glue", database="lake")}


class FakeAws:
    """Answers by the operation's name."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, list[tuple[str, dict[str, Any]]]()

    def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        self.asked.append((f"{service}:{operation}", arguments))
        return self.answers[operation]

    def pages(self, service: str, operation: str, field: str, /, **arguments: Any) -> Any:
        return self.call(service, operation, **arguments)


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("flights", ("flights",)),
        ("sales.orders", ("sales", "orders")),
        ('sales."Odd.name"', ("sales", "Odd.name")),
        ('"a""b"', ('a"b',)),
        ("Ünï_1", ("Ünï_1",)),
    ],
)
def test_a_tables_name_has_parts(said: str, parts: tuple[str, ...]) -> None:
    assert parts_of(said, said) == parts


@pytest.mark.parametrize(
    "said",
    ["a b", "a;b", "a.b.c.d", 'a"b', '"a', "a--", "(select 1)", "1a", "", ".a", "a.", "a\nb", '"a\x00"'],
)
def test_what_is_no_name_is_refused(said: str) -> None:
    with pytest.raises(UsageError, match="names no table"):
        parts_of(said, said)


@given(st.text(min_size=1).filter(lambda name: "\x00" not in name))
def test_any_name_can_be_said_and_stays_one(name: str) -> None:
    assert parts_of(quoted(name), name) == (name,)


def test_other_sources_are_none_of_a_database() -> None:
    databases = Databases(LAKE)
    for source in ("data/t.parquet", "s3://lake/x.csv", "other:t", "lake:", "names:t"):
        assert databases.table(source) is None
    config = TableSource(source="data/t.parquet", suite="s.json")
    assert databases.located(config) is config
    assert databases.has("names:t") and not databases.has("s3://lake/x.csv")


def test_a_database_of_aws_needs_one() -> None:
    with pytest.raises(InfrastructureError, match="no AWS is at hand"):
        Databases(LAKE).table("lake:t")
    with pytest.raises(UsageError, match=r"DATABASE\.TABLE"):
        Databases(LAKE, aws=lambda: FakeAws()).table("lake:a.b.c")  # type: ignore[arg-type, return-value]


def secret(**told: Any) -> FakeAws:
    return FakeAws(get_secret_value={"SecretString": json.dumps(told)})


def test_a_secret_as_rds_keeps_it_is_a_url_over_tls() -> None:
    aws = secret(username="judge", password="p@ss/word:9", host="db.example", port=5433, dbname="sales")
    config = PostgreSql(kind="postgresql", secret="arn:aws:secretsmanager:x")
    url = url_of(config, "warehouse", {}, lambda: aws)  # type: ignore[arg-type, return-value]
    split = urlsplit(url)
    require_url(url, "warehouse")
    assert (split.hostname, split.port, split.path, split.query) == (
        "db.example",
        5433,
        "/sales",
        "sslmode=require",
    )
    assert unquote(split.password or "") == "p@ss/word:9"
    assert "p@ss" not in SECRECY.redactor().text(f"said {unquote(split.password or '')}")


@pytest.mark.parametrize("told", [{}, {"username": "u", "password": "p"}, {"username": "u", "host": "h"}])
def test_a_secret_of_something_else_is_told_without_it(told: dict[str, str]) -> None:
    config = PostgreSql(kind="postgresql", secret="arn:aws:secretsmanager:x")
    with pytest.raises(InfrastructureError, match="none of a database"):
        url_of(config, "warehouse", {}, lambda: secret(**told))  # type: ignore[arg-type, return-value]


def test_a_token_of_iam_stands_in_for_the_password() -> None:
    aws = FakeAws(generate_db_auth_token="db.example:5432/?Action=connect&X-Amz-Signature=abcdefgh12345")
    config = PostgreSql(kind="postgresql", url_from="U", iam=True)
    url = url_of(config, "w", {"U": "postgresql://judge@db.example/sales"}, lambda: aws)  # type: ignore[arg-type, return-value]
    require_url(url, "w")
    split = urlsplit(url)
    assert unquote(split.password or "") == aws.answers["generate_db_auth_token"]
    assert (split.username, split.query, split.path) == ("judge", "sslmode=require", "/sales")
    assert aws.asked[0][1] == {"DBHostname": "db.example", "Port": 5432, "DBUsername": "judge"}
    url_of(config, "w", {"U": "postgresql://ju%40dge@db.example/sales"}, lambda: aws)  # type: ignore[arg-type, return-value]
    assert aws.asked[1][1]["DBUsername"] == "ju@dge"
    with pytest.raises(InfrastructureError, match="no password"):
        url_of(config, "w", {"U": "postgresql://judge:pw@db.example/sales"}, lambda: aws)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    "url",
    [
        "mysql://h/d",
        "postgresql://u:p@ss@h/d",
        "postgresql://u:p/w@h/d",
        "host=h",
        "postgresql://h:port/d",
        "",
        "x",
    ],
)
def test_what_is_no_url_of_postgresql_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(UsageError, match="no URL of a PostgreSQL") as caught:
        require_url(url, "warehouse")
    assert url not in str(caught.value) or not url.strip("x")


def test_limits_say_what_is_too_much() -> None:
    Limits(None, 10).require_small(10**15, "t")
    Limits(None, 10).require_small(None, "t")
    with pytest.raises(InfrastructureError, match="nobody knows"):
        Limits(100, 10).require_small(None, "t")
    Limits(100, 10).require_small(100, "t")
    with pytest.raises(InfrastructureError, match="101 bytes would be scanned"):
        Limits(100, 10).require_small(101, "t")
    with pytest.raises(InfrastructureError, match="11 rows would have to be fetched"):
        Limits(100, 10).require_few(11, "t")


def catalogued(location: str = "s3://b/lake/t", serde: str = "x.ParquetHiveSerDe", **more: Any) -> FakeAws:
    described = {
        "Location": location,
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": more.pop("told", {})},
    }
    return FakeAws(
        get_table={"Table": {"StorageDescriptor": described, **more}}, get_partitions=more.pop("parts", [])
    )


@pytest.mark.parametrize(
    ("said", "prefix"),
    [({}, "lake/t#1/"), ({"storage.location.template": "s3://b/logs/v1/day=${day}/"}, "logs/v1/")],
)
def test_projected_partitions_are_looked_for_where_athena_does(said: dict[str, str], prefix: str) -> None:
    keys, parameters = [{"Name": "day", "Type": "int"}], {"projection.enabled": "true", **said}
    aws = catalogued("s3://b/lake/t#1", PartitionKeys=keys, Parameters=parameters)
    found = {"Key": f"{prefix}day=1/a", "ETag": "e", "Size": 3}
    aws.answers["list_objects_v2"] = [found]
    assert objects(aws, listed(aws, "lake", "t", "lake:t")) == [(found["Key"], "e", 3)]  # type: ignore[arg-type]
    assert aws.asked[-1][1] == {"Bucket": "b", "Prefix": prefix}


def glue(aws: FakeAws) -> str:
    return place_of(Glue(kind="glue", database="lake"), aws, "lake", "t", "names:t")  # type: ignore[arg-type]


def test_a_name_of_the_catalogue_is_a_folder_in_s3() -> None:
    assert glue(catalogued()) == "s3://b/lake/t/"
    assert glue(catalogued("s3a://b/lake/t/")) == "s3://b/lake/t/"
    header = {"skip.header.line.count": "1"}
    assert glue(catalogued(serde="x.OpenCSVSerde", Parameters=header)) == "s3://b/lake/t/"
    lazy = catalogued(serde="x.LazySimpleSerDe", Parameters=header, told={"field.delim": ","})
    assert glue(lazy) == "s3://b/lake/t/"


@pytest.mark.parametrize(
    "aws",
    [
        catalogued(""),
        catalogued("hdfs://b/t"),
        catalogued(serde="x.OrcSerde"),
        catalogued(serde="x.OpenCSVSerde"),
        catalogued(
            serde="x.OpenCSVSerde", Parameters={"skip.header.line.count": "1"}, told={"separatorChar": ";"}
        ),
        catalogued(
            PartitionKeys=[{"Name": "m", "Type": "int"}],
            parts=[{"StorageDescriptor": {"Location": "s3://b/lake/t2/m=1"}}],
        ),
    ],
)
def test_what_its_files_alone_do_not_say_is_an_error(aws: FakeAws) -> None:
    with pytest.raises(InfrastructureError) as caught:
        glue(aws)
    assert caught.value.hint.startswith("an athena connection")
