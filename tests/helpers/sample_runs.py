# ruff: noqa: E501 - sample values read best on one line
"""Sample runs for the tests of the reports: one that passes, one that fails, one that is hostile."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from runner.model import (
    Artifact,
    Check,
    Evidence,
    Judged,
    Limit,
    Plot,
    Series,
    StageReport,
    StageResult,
    Status,
    Table,
    Variant,
    Verdict,
)
from runner.report.record import RunRecord

RUN = "20261101-102205-4f1c9a"
CARRIERS = ("9E", "AA", "B6", "DL", "EV", "FL", "MQ", "UA", "US", "VX", "WN")


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def passed(names: dict[str, tuple[str, str]], suite: str) -> tuple[Check, ...]:
    return tuple(
        Check(name, Status.PASSED, suite, 0.004 * (index + 1), measured=measured, limit=limit)
        for index, (name, (measured, limit)) in enumerate(names.items())
    )


def stage(name: str, checks: tuple[Check, ...], status: Status = Status.PASSED, **more) -> StageResult:
    seconds = more.pop("seconds", 3.4)
    cause = more.pop("cause", "")
    evidence = more.pop("evidence", Evidence())
    judged = more.pop("judged", (Judged("suite", f"suites/{name}", sha(name)),))
    report = StageReport(
        RUN, name, name, status, tuple(c.id for c in checks), checks, seconds, cause, judged, evidence
    )
    return StageResult(
        name, name, status, cause, seconds, report, more.pop("peak_bytes", 312 * 2**20), **more
    )


def curve(bend: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    x = tuple(index / 100 for index in range(101))
    return x, tuple(value**bend for value in x)


def roc(bend: float) -> Plot:
    x, y = curve(bend)
    return Plot(
        "ROC curve", "line", "False positive rate", "True positive rate",
        (Series("candidate", x, y), Series("champion (prod)", x, tuple(v ** (bend + 0.06) for v in x)),
         Series("chance", (0.0, 1.0), (0.0, 1.0), dashed=True)),
        note="84,110 flights of October to December.",
    )  # fmt: skip


def precision_recall(bend: float) -> Plot:
    x, _ = curve(bend)
    y = tuple(0.21 + 0.5 * (1 - v) ** (2 * bend + 0.6) for v in x)
    return Plot(
        "Precision and recall", "line", "Recall", "Precision",
        (Series("candidate", x, y), Series("share of late flights", (0.0, 1.0), (0.21, 0.21), dashed=True)),
    )  # fmt: skip


def calibration(shift: float) -> Plot:
    x = tuple((index + 0.5) / 10 for index in range(10))
    y = tuple(v + shift * (v - 0.4) * (1 - v) + 0.05 for v in x)
    low, high = tuple(v - 0.01 - v / 20 for v in y), tuple(v + 0.02 + v / 20 for v in y)
    return Plot(
        "Calibration", "points", "Predicted probability", "Observed share of late flights",
        (Series("candidate", x, y, low, high),), note="Expected calibration error 0.012, limit 0.05.",
    )  # fmt: skip


def slices(centre: float) -> Plot:
    values = tuple(centre + 0.018 * ((index * 7) % 5 - 2) for index in range(len(CARRIERS)))
    names = tuple(f"carrier={name}" for name in CARRIERS)
    low, high = tuple(v - 0.021 for v in values), tuple(v + 0.021 for v in values)
    return Plot(
        "ROC AUC by carrier", "points", "Slice", "ROC AUC (95% interval)",
        (Series("candidate", names, values, low, high),), (Limit(0.6, "min 0.60"),),
    )  # fmt: skip


def latency() -> Plot:
    x = tuple(0.2 + index * 0.05 for index in range(14))
    y = (3.0, 41.0, 160.0, 244.0, 210.0, 133.0, 82.0, 51.0, 30.0, 17.0, 9.0, 6.0, 3.0, 1.0)
    return Plot(
        "Latency of one prediction", "bar", "Milliseconds", "Predictions",
        (Series("candidate", x, y),), (Limit(0.72, "p95 0.72 ms", "x"), Limit(0.85, "max 0.85 ms", "x")),
    )  # fmt: skip


def rows_by_month() -> Plot:
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    rows = (27004, 24951, 28834, 28330, 28796, 28243, 29425, 29327, 27574, 28889, 27268, 28135)
    late = (5.8, 6.1, 6.4, 7.1, 6.3, 8.4, 8.9, None, 4.2, 4.6, 4.5, 7.2)
    thousand = tuple(row / 4000 for row in rows)
    return Plot(
        "Late flights by month", "line", "Month of 2013", "Thousands",
        (Series("flights / 4", months, thousand), Series("late", months, late)), (Limit(3.0, "at least 3"),),
    )  # fmt: skip


def data_plot() -> Plot:
    return Plot(
        "Expectations by column", "bar", "Column", "Expectations",
        (Series("met", ("dep_time", "arr_delay", "carrier", "origin", "distance"), (5.0, 4.0, 6.0, 4.0, 5.0)),
         Series("not met", ("dep_time", "arr_delay", "carrier", "origin", "distance"), (0.0, 0.0, 0.0, 0.0, 0.0))),
    )  # fmt: skip


UNIT = {
    f"suites/unit/test_features.py::test_{name}": ("", "")
    for name in ("hour_of_departure", "missing_weather", "unknown_carrier", "same_as_training", "no_leakage")
} | {
    "stock:lambda::features::imports": ("0.41 s", "≤ 10 s"),
    "stock:lambda::predict::size": ("61.4 MiB", "≤ 250 MiB"),
}
DATA = {
    "flights: expect_table_row_count_to_be_between": ("336,776", "300,000 to 400,000"),
    "flights: expect_column_values_to_not_be_null(carrier)": ("0 null", "0"),
    "flights: expect_column_values_to_be_in_set(origin)": ("0 outside", "EWR, JFK, LGA"),
    "weather: expect_column_mean_to_be_between(temp)": ("55.26", "40 to 70"),
}
MODEL = {
    "roc_auc": ("0.684", "≥ 0.66"),
    "average_precision": ("0.381", "≥ 0.32"),
    "expected_calibration_error": ("0.012", "≤ 0.05"),
    "roc_auc[carrier=AA]": ("0.671", "≥ 0.60"),
    "latency_p95": ("0.72 ms", "≤ 5 ms"),
    "onnx_parity": ("2.1e-07", "≤ 1e-06"),
}
INTEGRATION = {
    "stock:smoke::predict": ("200", "200"),
    "golden rows": ("50 of 50", "50"),
    "state machine runs to its end": ("SUCCEEDED", "SUCCEEDED"),
}


def results() -> tuple[StageResult, ...]:
    model = Evidence(
        plots=(roc(0.42), precision_recall(0.42), calibration(0.12), slices(0.67), latency()),
        tables=(
            Table("Criteria", ("Criterion", "Measured", "Limit", "Outcome"),
                  tuple((name, m, limit, "PASSED") for name, (m, limit) in MODEL.items())),
        ),
        facts={"rows judged": 84110, "positives": 0.2137, "model size": "1.9 MiB",
               "training": {"seconds": 8.1, "iterations": 100, "framework": "scikit-learn"}},
        files=("metrics.json", "predictions.parquet"),
    )  # fmt: skip
    data = Evidence(plots=(rows_by_month(), data_plot()), facts={"rows": 336776}, files=("data_docs.html",))
    return (
        StageResult("prepare:tables", "prepare", Status.PASSED, seconds=4.2, peak_bytes=640 * 2**20),
        StageResult("build:features", "build", Status.PASSED, seconds=1.4),
        StageResult("build:model", "build", Status.PASSED, seconds=8.9, peak_bytes=910 * 2**20),
        stage("unit", passed(UNIT, "suites/unit"), seconds=2.7),
        stage("data", passed(DATA, "suites/data/flights.json"), seconds=7.9, evidence=data),
        stage("model", passed(MODEL, "suites/model/criteria.yml"), seconds=5.2, evidence=model),
        stage("integration", passed(INTEGRATION, "suites/integration"), seconds=11.6),
    )


def artifacts() -> tuple[Artifact, ...]:
    executed = Variant("sandbox, python3.11-x86_64", "build/predict-host.zip", sha("host"), 62_100_233)
    return (
        Artifact("features", "lambda-zip", "build/features.zip", sha("features"), 41_233, sha("in"), "1.4.0"),
        Artifact("predict", "lambda-zip", "build/predict.zip", sha("predict"), 64_388_100, sha("in"), "1.4.0", executed),
        Artifact("model", "model", "build/model.onnx", sha("model"), 1_983_422, sha("in"), "2026.11.1"),
        Artifact("stack", "stack", "infra/solution.yml", sha("stack"), 9_214, sha("in")),
    )  # fmt: skip


def passing() -> RunRecord:
    """A run in which everything passed."""
    return RunRecord(
        run_id=RUN, solution="flights", commit="9be1f0c4d2a37e5188a0b6cf2f4d1e90a7c35b62", tree_clean=True,
        branch="dev", started="2026-11-01T10:22:05Z", seconds=41.7,
        aws="sandbox (ministack 1.5.33), account 000000000000, no real AWS",
        verdict=Verdict(Status.PASSED, "4 stages passed: 20 checks, none skipped"), results=results(),
        artifacts=artifacts(), complete=True, manifest_sha256=sha("manifest"),
        tools={"lockgate": "0.1.0", "python": "3.11.7", "pytest": "9.2.0", "great_expectations": "1.24.1",
               "scikit-learn": "1.9.1", "onnxruntime": "1.23.0", "ministack": "1.5.33"},
    )  # fmt: skip


def failing() -> RunRecord:
    """A run whose model is no better than chance, so that integration never ran; a tree not committed."""
    plots = (roc(0.99), calibration(-1.4), slices(0.5))
    checks = (
        Check("roc_auc", Status.FAILED, "suites/model/criteria.yml", 0.21, "0.497 < 0.66 (min)", "0.497", "≥ 0.66",
              "rows judged: 84,110\npositives: 21.4%\n95% interval: 0.493 to 0.501\nchampion: 0.684"),
        Check("roc_auc[carrier=WN]", Status.FAILED, "suites/model/criteria.yml", 0.02,
              "0.471 < 0.60 (min) on 3,204 rows", "0.471", "≥ 0.60"),
        *passed({"latency_p95": ("0.72 ms", "≤ 5 ms"), "onnx_parity": ("2.1e-07", "≤ 1e-06")}, "criteria"),
        Check("roc_auc[carrier=HA]", Status.SKIPPED, "criteria", 0.0, "84 rows, fewer than min_rows 200"),
    )  # fmt: skip
    model = stage("model", checks, Status.FAILED, cause="roc_auc 0.497 < 0.66 (min)", seconds=5.4,
                  evidence=Evidence(plots=plots))  # fmt: skip
    integration = StageResult("integration", "integration", Status.SKIPPED, blocked_by="model")
    return replace(
        passing(), results=(*results()[:5], model, integration), tree_clean=False, seconds=38.2,
        verdict=Verdict(Status.FAILED, "model: roc_auc 0.497 < 0.66 (min)", "model", "roc_auc"),
    )  # fmt: skip


def undecided() -> RunRecord:
    """A part of a solution whose data stage was killed and one of whose criteria cannot be computed."""
    data = StageResult(
        "data", "data", Status.ERROR, "killed by signal 9 (out of memory?)", 9.8, None, 6 * 2**30
    )
    brier = Check("brier[carrier=OO]", Status.ERROR, "criteria", 0.01, "one class only in 11 rows", "", "≤ 0.25",
                  'Traceback (most recent call last):\n  File "criteria.py", line 88\nValueError: one class')  # fmt: skip
    model = stage("model", (brier,), Status.ERROR, cause="brier[carrier=OO]: one class only in 11 rows")
    return replace(
        passing(), results=(*results()[:4], data, model), complete=False, tree_clean=None,
        verdict=Verdict(Status.ERROR, "data: killed by signal 9 (out of memory?)", "data"),
    )  # fmt: skip


HOSTILE = "<script>alert(1)</script>]]>&\x1b[31mred\x1b[0m\x00\x1b]0;title\x07\ud800\u202egnp.exe\u05e9\u05dc\u05d5\u05dd \"'`$(id)"


def hostile() -> RunRecord:
    """A run in which every string is an attack."""
    check = Check(HOSTILE, Status.FAILED, HOSTILE, float("nan"), HOSTILE, HOSTILE, HOSTILE, HOSTILE * 2000)
    series = Series(HOSTILE, (HOSTILE, "b" * 900), (float("nan"), float("inf")))
    plot = Plot(
        HOSTILE,
        "bar",
        HOSTILE,
        HOSTILE,
        (series, Series("x", ("a",), (1.0,))),
        (Limit(0.5, HOSTILE),),
        HOSTILE,
    )
    evidence = Evidence((plot,), (Table(HOSTILE, (HOSTILE,), ((HOSTILE,),)),), {HOSTILE: [HOSTILE]},
                        ("../../etc/passwd", "javascript:alert(1)", "/abs", HOSTILE))  # fmt: skip
    bad = stage("model", (check,), Status.FAILED, cause=HOSTILE, evidence=evidence,
                judged=(Judged(HOSTILE, HOSTILE, HOSTILE),))  # fmt: skip
    return replace(
        passing(), solution=HOSTILE, run_id=HOSTILE, commit=HOSTILE, branch=HOSTILE, aws=HOSTILE, started=HOSTILE,
        verdict=Verdict(Status.FAILED, HOSTILE, HOSTILE, HOSTILE), results=(replace(bad, name=HOSTILE),),
        artifacts=(Artifact(HOSTILE, HOSTILE, "p", HOSTILE, 1, "i", HOSTILE),), manifest_sha256=HOSTILE,
        tools={HOSTILE: HOSTILE},
    )  # fmt: skip
