"""The rows that failed, as Parquet, and columns' histograms; a sensitive column's values stand nowhere."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from helpers.judging import checks_of, data_job

from runner.model import Plot, StageReport, Status
from runner.stages.data import run
from runner.stages.tables.failing import MOST
from runner.wire import dump

NULL, BETWEEN, SET = (
    f"expect_column_values_to_{word}" for word in ("not_be_null", "be_between", "be_in_set")
)
UNIQUE = "expect_column_values_to_be_unique"
Frame = pd.DataFrame


def e(type: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    return {"type": type, "kwargs": kwargs, "severity": severity}


def judged(folder: Path, frame: Frame, *expectations: Any, **config: Any) -> StageReport:
    frame.to_parquet(folder / "t.parquet")
    (folder / "t.json").write_text(json.dumps({"name": "t", "expectations": expectations}))
    return run(data_job(folder, t={"source": "t.parquet", "suite": "t.json", **config}))


def failing(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "out/data/t.failing.parquet").to_pylist()
    return rows


def made(rows: int = 6) -> Frame:
    return Frame({"a": range(rows), "s": ["x", None] * (rows // 2), "f": [0.5 * n for n in range(rows)]})


def test_whole_rows_with_their_positions_and_what_each_failed(tmp_path: Path) -> None:
    report = judged(
        tmp_path, made(), e(NULL, column="s"), e(BETWEEN, column="a", max_value=4), e(NULL, column="a")
    )
    null, between, _ = report.collected[1:]
    rows = failing(tmp_path)
    assert [(row["expectation"], row["position"]) for row in rows] == [
        (null, 1), (null, 3), (null, 5), (between, 5),
    ]  # fmt: skip
    assert rows[-1] == {"expectation": between, "position": 5, "a": 5, "s": None, "f": 2.5}
    assert report.evidence.files[-1] == "data/t.failing.parquet"


def test_warnings_have_their_rows_and_what_passed_has_none(tmp_path: Path) -> None:
    judged(
        tmp_path,
        made(),
        e(BETWEEN, severity="warning", column="a", max_value=3),
        e(NULL, column="s", mostly=0.5),
    )
    assert {row["position"] for row in failing(tmp_path)} == {4, 5}


def test_nothing_is_written_where_no_row_failed(tmp_path: Path) -> None:
    report = judged(tmp_path, made(), e("expect_table_row_count_to_equal", value=7), e(NULL, column="a"))
    assert report.status is Status.FAILED and report.evidence.files == ("data/t.validation.json",)


def test_at_most_so_many_rows_the_first_ones_and_the_same_each_time(tmp_path: Path) -> None:
    frame = made(3 * MOST)
    judged(tmp_path, frame, e(BETWEEN, column="a", max_value=9))
    first = (tmp_path / "out/data/t.failing.parquet").read_bytes()
    assert [row["position"] for row in failing(tmp_path)] == list(range(10, 10 + MOST))
    judged(tmp_path, frame, e(BETWEEN, column="a", max_value=9))
    assert (tmp_path / "out/data/t.failing.parquet").read_bytes() == first


def test_rows_that_share_a_value_are_all_there(tmp_path: Path) -> None:
    judged(tmp_path, made().assign(a=[1, 2, 2, 3, 4, 1]), e(UNIQUE, column="a"))
    assert [row["position"] for row in failing(tmp_path)] == [0, 1, 2, 5]


def test_what_great_expectations_answered_has_the_rows_that_it_names(tmp_path: Path) -> None:
    regex = e("expect_column_values_to_match_regex", column="s", regex="^(?!y)z")  # RE2 has no lookahead
    judged(tmp_path, made(), regex)
    assert [row["position"] for row in failing(tmp_path)] == [0, 2, 4]
    assert failing(tmp_path)[0]["s"] == "x"


def test_columns_called_as_ours_keep_their_names_and_long_texts_are_cut(tmp_path: Path) -> None:
    judged(tmp_path, Frame({"position": ["far"], "b": ["x" * 5000]}), e(SET, column="b", value_set=["y"]))
    (row,) = failing(tmp_path)
    assert (row["position"], row["_position"], len(row["b"])) == ("far", 0, 1000)


def test_rows_of_lists_bytes_times_and_decimals_are_kept(tmp_path: Path) -> None:
    frame = Frame(
        {
            "a": [1, 2],
            "l": [[1, 2], None],
            "b": [b"x" * 3000, b"y"],
            "t": pd.to_datetime(["2024-01-01", None]),
            "d": [Decimal("1.10"), Decimal("2.20")],
        }
    )
    judged(tmp_path, frame, e(BETWEEN, column="a", max_value=0))
    first, second = failing(tmp_path)
    assert (first["l"], len(first["b"]), second["l"]) == ("[1, 2]", 1000, None)
    assert (str(first["t"])[:10], first["d"]) == ("2024-01-01", Decimal("1.10"))
    regex = e("expect_column_values_to_match_regex", column="s", regex="^(?!y)z")
    judged(tmp_path, frame.assign(s="x", l=[list(range(900)), None]), regex)
    first, second = failing(tmp_path)
    assert (first["a"], first["l"][:3], len(first["l"]), second["l"]) == (1, "[  ", 1000, None)
    assert (first["b"], second["b"]) == ("x" * 1000, "y")


def test_all_rows_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.stages.tables.failing.BYTES", 10_000)
    judged(tmp_path, Frame({"a": range(50), "s": ["x" * 5000] * 50}), e(BETWEEN, column="a", max_value=-1))
    assert 5 <= len(failing(tmp_path)) < 10


SECRETS = [f"planted-{n}-secret" for n in range(40)]
ASKED = [
    e(SET, column="who", value_set=["nobody"]),
    e(UNIQUE, column="who"),
    e("expect_column_distinct_values_to_be_in_set", column="who", value_set=["nobody"]),
    e("expect_column_values_to_match_regex", column="who", regex="^(?!y)z"),
    e("expect_column_most_common_value_to_be_in_set", column="who", value_set=["nobody"]),
    e("expect_column_max_to_be_between", column="pay", max_value=1),
    e("expect_column_mean_to_be_between", column="who", max_value=1),
    e("expect_column_quantile_values_to_be_between", column="pay",
      quantile_ranges={"quantiles": [0.5], "value_ranges": [[0, 1]]}),
    e(BETWEEN, column="pay", max_value=1),
    e("expect_column_pair_values_to_be_equal", column_A="a", column_B="pay"),
    e(BETWEEN, column="a", max_value=3),
]  # fmt: skip


def test_sensitive_values_stand_in_no_file_no_check_no_plot(tmp_path: Path) -> None:
    pays = [987654321 + n * 1111 for n in range(40)]
    frame = Frame({"a": range(40), "who": SECRETS, "pay": pays}).assign(
        who=lambda f: f["who"].where(f["a"] > 1, SECRETS[2])
    )
    report = judged(tmp_path, frame, *ASKED, sensitive=["who", "pay"])
    assert (
        {row["who"] for row in failing(tmp_path)} == {"[masked]"} == {row["pay"] for row in failing(tmp_path)}
    )
    assert {row["a"] for row in failing(tmp_path)} == set(range(40))
    said = dump(report).decode() + "".join(
        str(pq.read_table(path).to_pylist()) if path.suffix == ".parquet" else path.read_text()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    )
    assert "planted-" not in said
    assert not [pay for pay in pays if str(pay) in said or f"{pay:,}" in said]
    assert "9.87" not in said and checks_of(report)[report.collected[1]].measured.startswith("40 of 40")


def plots(report: StageReport) -> dict[str, Plot]:
    return {plot.title: plot for plot in report.evidence.plots}


def test_numbers_are_drawn_in_bins_with_their_bounds(tmp_path: Path) -> None:
    frame = Frame({"a": [n % 40 for n in range(400)], "f": [n / 7 for n in range(400)]})
    report = judged(
        tmp_path,
        frame,
        e(BETWEEN, column="a", min_value=0, max_value=39),
        e(BETWEEN, column="f", max_value=9),
    )
    drawn = plots(report)["t: a"].series[0]
    assert drawn.x[:2] == (0.5, 2.5) and drawn.y == (20.0,) * 20
    assert sum(y or 0 for y in plots(report)["t: f"].series[0].y) == 400
    assert [(limit.value, limit.axis) for limit in plots(report)["t: f"].limits] == [(9.0, "x")]
    assert list(plots(report))[1] == "t: f"  # what failed comes first


def test_a_bound_far_from_all_values_is_said_and_not_drawn(tmp_path: Path) -> None:
    report = judged(tmp_path, made(), e(BETWEEN, column="a", max_value=10**6))
    assert plots(report)["t: a"].limits == () and "most 1,000,000" in plots(report)["t: a"].note


def test_texts_are_their_most_frequent_values_and_what_no_set_has_is_said(tmp_path: Path) -> None:
    frame = Frame({"s": ["x"] * 9 + ["y"] * 5 + [f"v{n}" for n in range(20)]})
    report = judged(tmp_path, frame, e(SET, column="s", value_set=["x", "y"]))
    plot = plots(report)["t: s"]
    assert plot.series[0].x[:2] == ("x", "y") and plot.series[0].x[-1] == "10 others"
    assert plot.series[0].y[:2] == (9.0, 5.0) and plot.note.startswith("Not in the set: v0, v1, v10")


@pytest.mark.parametrize(
    "values", [[float("inf"), 1.0], [None, None], [float("nan")], [1.0, 1.0], [-1e308, 1e308]]
)
def test_odd_numbers_are_drawn_or_not_and_nothing_breaks(tmp_path: Path, values: list[Any]) -> None:
    frame = Frame({"a": values}).astype({"a": "float64"})
    report = judged(tmp_path, frame, e(BETWEEN, column="a", max_value=0))
    assert report.status is not Status.PASSED
    drawn = plots(report).get("t: a")
    assert drawn is None or sum(y or 0 for y in drawn.series[0].y) == 2


def test_a_large_table_has_plots_of_what_failed_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.stages.tables.histograms.LARGE", 5)
    report = judged(
        tmp_path, made(), e(BETWEEN, column="a", max_value=99), e(BETWEEN, column="f", max_value=1)
    )
    assert "t: a" not in plots(report) and "t: f" in plots(report)
