"""A data stage inside a Spark application, as on Glue and EMR: `python spark_platform.py FOLDER` prints JSON.

The session is the platform's, with a catalogue that has a table; it is still there afterwards.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from runner.config.schema import DataStage, Solution
from runner.stages import StageJob
from runner.stages.data import run


def main(root: Path) -> None:
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.warehouse.dir", str(root / "warehouse"))
        .getOrCreate()
    )
    session.read.parquet(str(root / "plain.parquet")).write.saveAsTable("trips")
    stage = DataStage(
        kind="data",
        engine="spark",
        connections={"lake": {"kind": "glue", "database": "default"}},  # type: ignore[dict-item]
        tables={"trips": {"source": "lake:trips", "suite": "plain.json"}},  # type: ignore[dict-item]
    )
    solution = Solution(solution="small", stages={"data": stage})
    report = run(StageJob("run-1", "data", root, root / "out", solution, stage, {}, Path(sys.executable)))
    alive = session.range(3).count() == 3
    checks = {check.id: [check.status, check.cause] for check in report.checks}
    print(json.dumps({"alive": alive, "checks": checks, "sha256": report.judged[0].sha256}))
    session.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
