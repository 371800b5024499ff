"""How a stage's tables are opened and answered: where they lie, or on Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from runner.config.data import DataStage, TableSource
from runner.sources.opening import Places, opened
from runner.sources.source import Source
from runner.stages.tables.answering import Answered, answered
from runner.stages.tables.engine import Engine
from runner.stages.tables.masking import masked, require_there
from runner.stages.tables.suite import Suite

ON_SPARK = "asked of Great Expectations on Spark"


@dataclass(frozen=True, slots=True)
class Reading:
    """`opened` finds a table, `answered` asks it a suite; each raises what its table's check then says."""

    opened: Callable[[str, TableSource, Places], Source]
    answered: Callable[[Any, Suite, str], Answered]

    def hiding(self, stage: DataStage) -> Reading:
        """The same, whose answers show no value of a sensitive column: nobody after it has to hide one.
        Raises InfrastructureError for such a column that is not there."""

        def answered(source: Any, suite: Suite, table: str) -> Answered:
            told, sensitive = self.answered(source, suite, table), stage.tables[table].sensitive
            require_there(sensitive, told.columns)
            return replace(told, answers=masked(told.answers, sensitive))

        return Reading(self.opened, answered)


@contextmanager
def reading(stage: DataStage, scratch: Path, engine: Engine) -> Iterator[Reading]:
    """A stage's way of reading; `engine` answers what is not compiled, unless all of it is asked on Spark.

    Raises UsageError or InfrastructureError where there is no Spark."""
    if stage.engine != "spark":
        yield Reading(opened, partial(answered, engine=engine)).hiding(stage)
        return
    from runner.stages.tables import spark
    from runner.stages.tables.spark_session import spark_session

    folder = scratch / ".spark"  # no table's name starts so
    folder.mkdir()
    with spark_session(folder, stage.memory) as session:
        yield Reading(partial(spark.opened, session), spark.answered).hiding(stage)
