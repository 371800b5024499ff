"""Great Expectations on Spark: a whole suite asked where a table outgrows one machine (docs/spark.md).

Nothing is compiled here. The table is read once, into Spark's cache, and counted there: what cannot be read
to its end is found before anything is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import unquote

from runner.config.data import TableSource
from runner.errors import InfrastructureError, LockgateError
from runner.expect.literals import Uncompiled
from runner.sources.databases import Name, parts_of
from runner.sources.opening import Places
from runner.stages.tables.answering import Answered
from runner.stages.tables.engine import Answers, validate
from runner.stages.tables.reading import ON_SPARK
from runner.stages.tables.spark_files import FORMATS, Stored, digest_of, format_of, place_of, stored
from runner.stages.tables.spark_words import cause_of
from runner.stages.tables.suite import Suite

# A session may be told to skip what it cannot read: never here.
WHOLE = {"ignoreCorruptFiles": "false", "ignoreMissingFiles": "false"}
ORDERED = ("expect_column_values_to_be_increasing", "expect_column_values_to_be_decreasing")


@dataclass(frozen=True, slots=True)
class SparkTable:
    """A table that Spark reads: a `Source` that is asked through Great Expectations alone.

    `read` gives its lazy frame, `files` what it is stored in now; raw texts are UTF-8 or refused."""

    session: Any
    where: str
    read: Callable[[], Any]
    files: Callable[[], list[Stored]]
    is_text: bool = False

    def columns(self) -> Uncompiled:
        return Uncompiled(ON_SPARK)

    def asked(self) -> Any:
        raise InfrastructureError("on Spark, nothing but its suite can be asked", where=self.where)

    def frame(self) -> Any:
        """It does not come to this machine."""
        return self.asked()

    def kept(self) -> Any:
        """Its Spark frame, read to its end and kept in Spark's memory or on its disks; NaN is null."""
        with _told(self.where):
            if self.is_text:
                self._require_utf8()
            frame = self.read()
            self._require_all(frame)
            frame = without_nan(frame).persist()
            frame.count()
            return frame

    def digest(self) -> str:
        with _told(self.where):
            return digest_of(self.files())

    def size(self) -> int:
        with _told(self.where):
            return sum(file.size for file in self.files())

    def facts(self) -> dict[str, str]:
        """Which Spark it was."""
        return {"spark": str(self.session.version)}

    def _require_utf8(self) -> None:
        """Spark's readers put U+FFFD where bytes are no text: then what they read is not what there is."""
        lines = self.session.read.options(**WHOLE).text([file.uri for file in self.files()])
        if lines.filter("cast(value as binary) <> encode(value, 'UTF-8')").limit(1).count():
            raise InfrastructureError("cannot be read: it is not UTF-8", where=self.where)

    def _require_all(self, frame: Any) -> None:
        """Spark leaves out folders that are no partitions, without a word."""
        read, there = len(frame.inputFiles()), len(self.files())
        if read != there:
            raise InfrastructureError(f"Spark reads {read:,} of its {there:,} files", where=self.where)


def opened(session: Any, name: str, config: TableSource, places: Places) -> SparkTable:
    """A table's place in lockgate.yml as Spark reads it: files, or a Glue connection's table.

    Raises UsageError for what Spark may not or cannot read, InfrastructureError where nothing is there."""
    (places.scratch / name).mkdir(exist_ok=True)  # what else is asked of it may need one
    connection, _, table = config.source.partition(":")
    if connection in places.connections:
        return _catalogued(session, config.source, places.connections[connection], table)
    with _told(config.source):
        place = place_of(session, places.root, config.source)
        files = partial(stored, session, place, config.source)
        form = format_of(files(), config.source)
    options = {**WHOLE, **FORMATS[form], **({"basePath": place.base} if place.base else {})}
    read = lambda: session.read.format(form).options(**options).load(place.uri)  # noqa: E731
    return SparkTable(session, config.source, read, files, form != "parquet")


def _catalogued(session: Any, where: str, connection: Any, table: str) -> SparkTable:
    if connection.kind != "glue":
        hint = "leave out --engine spark: databases answer by themselves"
        raise InfrastructureError(f"Spark does not read {connection.kind}", where=where, hint=hint)
    parts = Name(where, connection.kind, parts_of(table, where)).within(connection.database)
    name = ".".join("`" + part.replace("`", "``") + "`" for part in parts)

    def files() -> list[Stored]:
        session.catalog.refreshTable(name)
        uris = map(unquote, session.table(name).inputFiles())
        return [file for uri in uris for file in stored(session, uri, where)]

    return SparkTable(session, where, lambda: session.table(name), files)


def without_nan(frame: Any) -> Any:
    """A frame whose NaN are null, as they are to pandas: to Great Expectations on Spark they are values, so
    that a column of nothing else would have none missing."""
    floats = {name: kind for name, kind in frame.dtypes if kind in ("float", "double")}
    if not floats:
        return frame
    names = {name: "`" + name.replace("`", "``") + "`" for name in frame.columns}
    return frame.selectExpr(
        *(
            f"nanvl({sql}, cast(null as {floats[name]})) as {sql}" if name in floats else sql
            for name, sql in names.items()
        )
    )


def answered(source: SparkTable, suite: Suite, table: str) -> Answered:
    """Every expectation's answer. Raises InfrastructureError where the table cannot be read to its end."""
    frame = source.kept()
    try:
        with _told(source.where):
            answers = in_words(_without_order(frame, suite, table))
            left = {e.id: ON_SPARK for e in suite.expectations}
            return Answered(answers, frame.count(), dict(frame.dtypes), left)
    finally:
        with suppress(Exception):  # where Spark is gone, so is what it kept
            frame.unpersist()


def _without_order(frame: Any, suite: Suite, table: str) -> Answers:
    """The answers, but for what depends on the rows' order: Spark has none, so an answer would be any."""
    lost = {e.id: "Spark keeps no order of rows" for e in suite.expectations if e.type in ORDERED}
    rest = tuple(e for e in suite.expectations if e.id not in lost)
    answers = validate(frame, replace(suite, expectations=rest), table, "spark")
    return replace(answers, errors={**answers.errors, **lost})


def in_words(answers: Answers) -> Answers:
    """The same, with what Spark complains of cut to its cause."""
    results = {id: _result(result) for id, result in answers.results.items()}
    errors = {id: cause_of(error) for id, error in answers.errors.items()}
    document = dict(answers.document)
    if "results" in document:
        document["results"] = [_result(result) for result in document["results"]]
    return replace(answers, results=results, errors=errors, document=document)


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    return {**result, "exception_info": _info(result.get("exception_info") or {})}


def _info(info: Mapping[str, Any]) -> dict[str, Any]:
    """An exception_info, of the expectation itself or of each of its metrics."""
    nested = {name: _info(value) if isinstance(value, Mapping) else value for name, value in info.items()}
    message = info.get("exception_message")
    return {**nested, "exception_message": cause_of(message)} if isinstance(message, str) else nested


@contextmanager
def _told(where: str) -> Iterator[None]:
    """What Spark, the JVM and py4j raise, as an error of ours in one line."""
    try:
        yield
    except LockgateError:
        raise
    except Exception as error:
        if isinstance(error, ConnectionError) or type(error).__name__ == "Py4JNetworkError":
            hint = "its Java process ended: the stage's log has what it said; was it out of memory?"
            raise InfrastructureError("Spark ended before it answered", where=where, hint=hint) from None
        raise InfrastructureError(f"cannot be read: {cause_of(error)}", where=where) from None
