"""Data stages in `lockgate.yml`: tables, where they lie, and what is asked of them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from runner.config.fields import Days, Name, RelPath, Seconds, Size, Strict
from runner.config.stage import StageBase

Column = Annotated[str, StringConstraints(min_length=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Rows = Annotated[int, Field(ge=1)]
FETCHED = "rows that are fetched at most for what is left to Great Expectations; more are ERROR"


class PostgreSql(Strict):
    """PostgreSQL, Aurora's too. Aggregates are computed there, in a read-only transaction."""

    kind: Literal["postgresql"]
    url_from: Variable | None = Field(
        None, description="the variable that holds the URL, password and all (postgresql://...)"
    )
    secret: str | None = Field(None, description="or the ARN of a secret as RDS keeps them")
    iam: bool = Field(False, description="the URL has no password: a token of IAM's stands in for it")
    statement_timeout: Seconds = Field(300.0, description="the server stops a query that takes longer")
    most_bytes: Size | None = Field(None, description="larger tables are ERROR, before anything is scanned")
    most_rows: Rows = Field(1_000_000, description=FETCHED)

    @property
    def needs_aws(self) -> bool:
        """Whether AWS is asked for the credentials."""
        return self.iam or self.secret is not None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.url_from is None) == (self.secret is None):
            raise ValueError("either url_from or secret says where the database is")
        if self.iam and self.secret:
            raise ValueError("iam goes with url_from")
        return self


class Redshift(Strict):
    """Redshift through its Data API: a workgroup (serverless) or a cluster."""

    needs_aws: ClassVar[bool] = True
    kind: Literal["redshift"]
    database: str
    workgroup: str | None = None
    cluster: str | None = None
    user: str | None = Field(None, description="the database user, for a cluster without a secret")
    secret: str | None = Field(None, description="ARN of the secret with the credentials")
    statement_timeout: Seconds = Field(300.0, description="a query that takes longer is stopped")
    most_bytes: Size | None = Field(None, description="larger tables are ERROR, before anything is scanned")
    most_rows: Rows = Field(1_000_000, description=FETCHED)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.workgroup is None) == (self.cluster is None):
            raise ValueError("either a workgroup or a cluster")
        return self


class Athena(Strict):
    """Athena over the Glue catalogue."""

    needs_aws: ClassVar[bool] = True
    kind: Literal["athena"]
    database: str
    workgroup: str = "primary"
    catalog: str = "AwsDataCatalog"
    output: str | None = Field(None, description="s3:// place of the results, where the workgroup has none")
    statement_timeout: Seconds = Field(300.0, description="a query that takes longer is stopped")
    most_bytes: Size | None = Field(None, description="larger tables are ERROR, before anything is scanned")
    most_rows: Rows = Field(1_000_000, description=FETCHED)


class Glue(Strict):
    """Names of the Glue catalogue: a table's location and format are looked up, and its files are read."""

    needs_aws: ClassVar[bool] = True
    kind: Literal["glue"]
    database: str
    catalog: str | None = Field(None, description="the account that owns the catalogue; none: one's own")


Connection = Annotated[PostgreSql | Redshift | Athena | Glue, Field(discriminator="kind")]


class Contract(Strict):
    """The columns that readers of a table rely on, and which changes they bear."""

    columns: RelPath = Field(description="the agreed columns, as `lockgate contract` writes them")
    allow: tuple[Literal["added", "removed", "widened", "renamed", "reordered"], ...] = Field(
        ("added", "reordered"), description="changes that are no breach"
    )


class Freshness(Strict):
    """How old a table's newest row may be."""

    column: Column = Field(description="the column that holds the rows' times")
    within: Days = Field(description="how long ago the newest may be")
    epoch: Literal["s", "ms", "us", "ns"] | None = Field(
        None, description="of a column of numbers: the unit in which they count since 1970"
    )


class Volume(Strict):
    """How far the number of rows may be from what the last passing runs had."""

    runs: int = Field(10, ge=1, le=100, description="how many of the last passing runs are looked at")
    least: int = Field(3, ge=1, description="fewer of them are no history: told, and no reason to stop")
    shrink: Share | None = Field(0.5, description="a loss of more than this share of their median is FAILED")
    grow: Annotated[float, Field(gt=0)] | None = Field(None, description="so is a gain of more")


class Drift(Strict):
    """How far a table may have moved from the data that the judged model was trained on."""

    against: RelPath = Field(description="the training table, .parquet or .csv")
    columns: tuple[Column, ...] = Field(
        (), description="which are compared; none: all of the training data's but times"
    )
    psi: float | None = Field(0.2, gt=0, description="population stability index; null: not asked")
    js: float | None = Field(None, gt=0, lt=1, description="Jensen-Shannon distance, base 2")
    wasserstein: float | None = Field(None, gt=0, description="in standard deviations of the training data")
    joint: float | None = Field(
        None, gt=0, lt=1, description="distance of the joint distributions; null: not asked"
    )
    alpha: Share = Field(0.05, ge=1e-9, description="chance of any false alarm, over all columns together")
    detect: float | None = Field(
        None,
        gt=1,
        description="a drift this many times its threshold must be found with `power`, else ERROR",
    )
    power: Share = Field(0.8, description="chance with which it is found")

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if {self.psi, self.js, self.wasserstein, self.joint} == {None}:
            raise ValueError("no effect is asked: psi, js, wasserstein or joint")
        return self


class Skew(Strict):
    """Whether serving makes of raw rows what training was made of."""

    component: Name = Field(description="the lambda-zip component that makes features of raw rows")
    raw: RelPath = Field(description="raw rows, JSON lines of {KEY: value, event: what it is sent}")
    key: Column = Field(description="the column, there and in this table, that says which row is which")
    features: tuple[Column, ...] = Field((), description="which are compared; none: all that both have")
    tolerance: float = Field(1e-9, ge=0, description="how far numbers may be apart, relative above 1")


class ForeignKey(Strict):
    """Every value of some columns stands in another table's."""

    kind: Literal["foreign-key"]
    table: Name
    columns: tuple[Column, ...] = Field(min_length=1)
    references: Name = Field(description="the other table")
    referenced: tuple[Column, ...] = Field((), description="its columns; none: they have the same names")
    mostly: float = Field(1.0, gt=0, le=1, description="the share of rows without nulls that has to")


class RowCounts(Strict):
    """One table's number of rows in relation to another's."""

    kind: Literal["row-counts"]
    table: Name
    other: Name
    least: float | None = Field(None, ge=0, description="at least so many times the other's rows")
    most: float | None = Field(None, ge=0, description="and at most so many times")


Relation = Annotated[ForeignKey | RowCounts, Field(discriminator="kind")]


class TableSource(Strict):
    """One table and what is expected of it."""

    source: str = Field(
        description="path, glob, or folder of partitions, here or in s3://bucket (.parquet, .csv, .jsonl);"
        " or CONNECTION:TABLE"
    )
    suite: RelPath = Field(description="a Great Expectations suite (JSON)")
    partitions: Literal["all", "changed"] = Field(
        "all", description="`changed`: only the files that the last passing run did not have"
    )
    trust_footer: bool = Field(False, description="believe what a Parquet footer says of its values")
    sensitive: tuple[Column, ...] = Field((), description="columns whose values no evidence shows")
    contract: Contract | None = None
    freshness: Freshness | None = None
    volume: Volume | None = None
    drift: Drift | None = None
    skew: Skew | None = None


class DataStage(StageBase):
    """Great Expectations suites over tables."""

    kind: Literal["data"]
    engine: Literal["auto", "spark"] = Field("auto", description="`spark`: Great Expectations on Spark")
    connections: dict[Name, Connection] = Field({}, description="databases, by the name that sources give")
    tables: dict[Name, TableSource] = Field(min_length=1, description="what is judged, by name")
    relations: dict[Name, Relation] = Field({}, description="what holds between tables, by name")
