"""A Spark session: the platform's own where there is one (Glue, EMR, spark-submit), else one on this machine.

Of the latter nothing is left behind and nothing listens but on the loopback: no user interface, warehouse,
metastore and spilled blocks in a scratch folder.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

from runner.errors import InfrastructureError, UsageError
from runner.stages.tables.spark_words import cause_of

# Any of these says that somebody has configured a Spark: it is taken as it is.
PLATFORM = ("PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS", "SPARK_HOME", "SPARK_CONF_DIR")
# For every session. Pushed-down filters believe what a Parquet footer says of its values, and a CSV file's
# rows are counted without their columns, however many they have.
READING = {
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.filterPushdown": "false",
    "spark.sql.parquet.aggregatePushdown": "false",
    "spark.sql.csv.filterPushdown.enabled": "false",
    "spark.sql.csv.parser.columnPruning.enabled": "false",
    "spark.sql.json.filterPushdown.enabled": "false",
}
# Python's workers: of this environment, where the first python3 may be of another, and blind to modules in
# the solution's folder, where they are started.
WORKERS = {"PYSPARK_PYTHON": sys.executable, "PYTHONSAFEPATH": "1"}
LEAST_MEMORY = 1 << 30
LOGGING = "rootLogger.level = error\nrootLogger.appenderRef.stderr.ref = stderr\n" + "".join(
    f"appender.stderr.{line}\n"
    for line in (
        "type = Console",
        "name = stderr",
        "target = SYSTEM_ERR",
        "layout.type = PatternLayout",
        "layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n",
    )
)


def require(environ: Mapping[str, str] = os.environ) -> None:
    """Raise UsageError, saying what to install, where this machine has no Spark."""
    if find_spec("pyspark") is None:
        raise UsageError(
            "pyspark is not installed", where="--engine spark", hint="pip install 'lockgate[spark]'"
        )
    home = environ.get("JAVA_HOME")
    if shutil.which(f"{home}/bin/java" if home else "java") is None:
        hint = "install Java 17 or later (Debian: openjdk-17-jre-headless), or set JAVA_HOME"
        raise UsageError("there is no Java", where="--engine spark", hint=hint)


@contextmanager
def spark_session(scratch: Path, memory: int | None = None) -> Iterator[Any]:
    """A session, which is stopped afterwards unless somebody else had started it.

    `memory`: bytes that the stage may use; this machine's where None. Raises as `require` does, and
    InfrastructureError where Spark does not start."""
    require()
    session, is_ours = _started(scratch, memory)
    try:
        for name, value in READING.items():
            session.conf.set(name, value)
        yield session
    finally:
        if is_ours:
            with suppress(
                Exception
            ):  # a Spark that is gone needs no stopping; what was lost has its own cause
                session.stop()


def _started(scratch: Path, memory: int | None) -> tuple[Any, bool]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of pandas 3, which no part of this goes through
        from pyspark.sql import SparkSession

        active = SparkSession.getActiveSession()
        if active is not None:
            return active, False
        builder: Any = SparkSession.builder.appName("lockgate")
        if not any(os.environ.get(name) for name in PLATFORM):
            os.environ.update(WORKERS)
            for name, value in _alone(scratch, memory).items():
                builder = builder.config(name, value)
        try:
            return builder.getOrCreate(), True
        except Exception as error:  # py4j, the JVM and Spark each have errors of their own
            hint = "Spark 4 needs Java 17 or later; the stage's log has what it said"
            raise InfrastructureError(f"Spark does not start: {cause_of(error)}", hint=hint) from None


def _alone(scratch: Path, memory: int | None) -> dict[str, str]:
    """The configuration of a session on this machine alone."""
    (scratch / "log4j2.properties").write_text(LOGGING)
    heap = max(min(memory or psutil.virtual_memory().total, psutil.virtual_memory().total) // 2, LEAST_MEMORY)
    java = {
        "log4j2.configurationFile": f"file:{scratch}/log4j2.properties",
        "derby.system.home": str(scratch),
        "java.io.tmpdir": str(scratch),
        "user.timezone": "UTC",
    }
    return {
        "spark.master": "local[*]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": f"{heap >> 20}m",
        "spark.driver.defaultJavaOptions": " ".join(
            ("-XX:-UsePerfData", *(f"-D{name}={value}" for name, value in java.items()))
        ),
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **_sandbox(os.environ.get("AWS_ENDPOINT_URL", "")),
    }


def _sandbox(endpoint: str) -> dict[str, str]:
    """S3 at another address than AWS's."""
    if not endpoint:
        return {}
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    told = {"endpoint": endpoint, "endpoint.region": region, "path.style.access": "true"}
    return {f"spark.hadoop.fs.s3a.{name}": value for name, value in told.items()}
