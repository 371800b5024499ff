"""Drift of a table against training data, as the data stage tells it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.between import job, judged, table

from runner.config.data import Drift
from runner.errors import InfrastructureError
from runner.model import StageReport, Status
from runner.stages.data import run
from runner.stages.tables.drift_columns import numbers

ROWS = 4_000
ALL = {"psi": 0.2, "js": 0.1, "wasserstein": 0.15}


def frame(seed: int, **changed: Any) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    x = random.normal(size=ROWS)
    return pd.DataFrame(
        {
            "x": x,
            "y": 0.9 * x + np.sqrt(1 - 0.81) * random.normal(size=ROWS),
            "kind": random.choice(list("abcd"), ROWS),
            "n": np.where(random.random(ROWS) < 0.2, np.nan, random.poisson(3, ROWS)),
            "at": pd.Timestamp("2026-01-01"),
            **changed,
        }
    )


def asked(root: Path, now: pd.DataFrame, then: pd.DataFrame | None = None, **rule: Any) -> StageReport:
    table(root, "training", frame(1) if then is None else then)
    place = table(root, "t", now)
    return run(job(root, {"t": {"source": place, "drift": {"against": "training.parquet", **rule}}}))


def statuses(report: StageReport) -> dict[str, Status]:
    return {c.id.removeprefix("t/drift/"): c.status for c in report.checks if c.id.startswith("t/drift")}


def causes(report: StageReport) -> dict[str, str]:
    return {c.id.removeprefix("t/drift/"): c.cause for c in report.checks if c.cause}


def test_a_table_like_the_training_data_has_not_moved(tmp_path: Path) -> None:
    report = asked(tmp_path, frame(2), joint=0.1, **ALL)
    assert statuses(report) == dict.fromkeys(("x", "y", "kind", "n", "joint"), Status.PASSED)
    assert {c.id for c in report.checks} == set(report.collected)
    (facts,) = (each.facts["drift"] for each in report.judged if each.kind == "data")
    assert set(facts["effects"]["x"]) == set(ALL)
    assert set(facts["effects"]["kind"]) == {"psi", "js"}
    assert facts["effects"]["joint distribution"]["joint"]["threshold"] == 0.1


def test_a_column_that_moved_fails_and_the_others_do_not(tmp_path: Path) -> None:
    report = asked(tmp_path, frame(2, x=frame(3)["x"] + 1), **ALL)
    assert statuses(report) == {
        "x": Status.FAILED,
        "y": Status.PASSED,
        "kind": Status.PASSED,
        "n": Status.PASSED,
    }
    assert causes(report)["x"].startswith("column 'x' has moved: ")
    titles = [plot.title for plot in report.evidence.plots]
    assert "t: x in training and now" in titles
    assert "t: y in training and now" not in titles


def test_the_more_is_asked_the_lower_are_the_bounds(tmp_path: Path) -> None:
    now = frame(2, x=frame(3)["x"] + 0.5)

    def lower(**rule: Any) -> float:
        (facts,) = (
            e.facts["drift"]["effects"] for e in asked(tmp_path, now, **rule).judged if e.kind == "data"
        )
        return float(facts["x"]["psi"]["lower"])

    one, several = lower(columns=["x"]), lower(columns=["x", "y", "n"], js=0.1)
    assert one == pytest.approx(lower(columns=["x", "y", "n"], js=0.1, alpha=0.3), rel=1e-3)  # of six
    assert several < one


def test_a_new_category_and_more_missing_values_are_found(tmp_path: Path) -> None:
    now = frame(2)
    now.loc[:1_200, "kind"] = "e"
    now.loc[:1_800, "n"] = np.nan
    found = statuses(asked(tmp_path, now))
    assert found == {"x": Status.PASSED, "y": Status.PASSED, "kind": Status.FAILED, "n": Status.FAILED}


def test_a_correlation_turned_round_is_seen_by_the_joint_distribution_alone(tmp_path: Path) -> None:
    now = frame(2)
    found = statuses(asked(tmp_path, now.assign(y=-now["y"]), joint=0.1, **ALL))
    assert found.pop("joint") is Status.FAILED
    assert set(found.values()) == {Status.PASSED}


def test_a_drift_that_must_be_found_but_need_not_be_is_an_error(tmp_path: Path) -> None:
    few = {"now": frame(2).head(200), "columns": ["x"]}
    assert statuses(asked(tmp_path, **few)) == {"x": Status.PASSED}
    report = asked(tmp_path, detect=1.5, **few)
    assert statuses(report) == {"x": Status.ERROR}
    assert "too few rows" in causes(report)["x"]
    assert statuses(asked(tmp_path, frame(2), columns=["x"], detect=2)) == {"x": Status.PASSED}


@pytest.mark.parametrize(
    ("changed", "status", "cause"),
    [
        ({"drop": "x"}, Status.FAILED, "column 'x': there is no column 'x', which the training data has"),
        ({"x": "text"}, Status.FAILED, "column 'x': it holds texts where the training data has numbers"),
        ({"x": None}, Status.FAILED, "column 'x' has moved"),
        ({"x": [[1]] * ROWS}, Status.ERROR, "column 'x': it holds mixed, which cannot be compared"),
    ],
)
def test_a_column_that_is_another(
    changed: dict[str, Any], status: Status, cause: str, tmp_path: Path
) -> None:
    now = frame(2).drop(columns="x") if "drop" in changed else frame(2, **changed)
    report = asked(tmp_path, now, columns=["x", "y"], joint=0.1)
    assert statuses(report)["x"] is status
    assert causes(report)["x"].startswith(cause)
    if "has moved" not in cause:
        assert statuses(report)["joint"] is Status.ERROR


def test_what_cannot_be_read_or_is_too_small_is_an_error(tmp_path: Path) -> None:
    place = table(tmp_path, "t", frame(2))
    fields = {"t": {"source": place, "drift": {"against": "nowhere.parquet"}}}
    assert judged(tmp_path, fields)["t/drift"].status is Status.ERROR
    (tmp_path / "nowhere.parquet").write_bytes(b"PAR1 no")
    assert judged(tmp_path, fields)["t/drift"].status is Status.ERROR
    report = asked(tmp_path, frame(2).head(50))
    assert set(statuses(report).values()) == {Status.ERROR}
    assert "too few to tell drift" in causes(report)["x"]
    report = asked(tmp_path, frame(2), columns=["at"])
    assert statuses(report) == {"at": Status.ERROR}


def test_a_sensitive_column_is_judged_but_none_of_its_values_shown(tmp_path: Path) -> None:
    table(tmp_path, "training", frame(1))
    place = table(tmp_path, "t", frame(2, kind="secret"))
    rule = {"against": "training.parquet", "columns": ["kind"]}
    report = run(job(tmp_path, {"t": {"source": place, "sensitive": ["kind"], "drift": rule}}))
    assert statuses(report) == {"kind": Status.FAILED}
    assert "secret" not in repr(report)
    assert "in training and now" not in repr(report.evidence.plots)


def test_ids_have_no_distribution_and_no_columns_are_no_evidence(tmp_path: Path) -> None:
    """The same ids as in training are no drift, and one of them in every row is nothing that bins show."""
    now = frame(2, kind=[f"id{i}" for i in range(ROWS)])
    report = asked(tmp_path, now, now, columns=["kind", "x"], joint=0.2)
    assert statuses(report) == {"kind": Status.ERROR, "x": Status.PASSED, "joint": Status.ERROR}
    assert causes(report)["kind"].endswith("as ids do: leave 'kind' out of `columns`")
    assert statuses(asked(tmp_path, now, now[["at"]])) == {"t/drift": Status.ERROR}


def test_the_joint_distribution_alone_may_be_asked(tmp_path: Path) -> None:
    found = statuses(asked(tmp_path, frame(2, kind=1), psi=None, joint=0.1, columns=["x", "y"]))
    assert found == {"joint": Status.PASSED}
    found = statuses(asked(tmp_path, frame(2).drop(columns="x"), psi=None, joint=0.1, columns=["x", "y"]))
    assert found == {"joint": Status.ERROR}


def test_wasserstein_alone_tells_nothing_of_texts(tmp_path: Path) -> None:
    report = asked(tmp_path, frame(2), psi=None, wasserstein=0.1, columns=["kind", "x"])
    assert statuses(report) == {"kind": Status.ERROR, "x": Status.PASSED}


def test_a_level_that_no_law_tells_from_certainty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="alpha"):
        Drift(against="training.parquet", alpha=1e-300)
    report = asked(tmp_path, frame(2, x=frame(3)["x"] + 5), alpha=1e-9, joint=0.1, **ALL)
    assert statuses(report)["x"] is Status.FAILED and statuses(report)["y"] is Status.PASSED


def test_a_drift_that_asks_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no effect is asked"):
        Drift(against="a.parquet", psi=None)


EXTREME: dict[str, tuple[Any, Any]] = {
    "huge": (1e308 * np.linspace(-1, 1, ROWS), np.full(ROWS, 1e308)),
    "tiny": (np.linspace(0, 5e-324, ROWS), np.full(ROWS, 1.0)),
    "infinite": (np.tile([np.inf, -np.inf, 0.0, 1.0], ROWS // 4), np.full(ROWS, np.inf)),
    "missing": (np.full(ROWS, np.nan), np.arange(float(ROWS))),
    "big integers": (2**62 + np.arange(ROWS), np.full(ROWS, 2**62)),
    "decimals": ([Decimal(i) / 7 for i in range(ROWS)], [Decimal(1)] * ROWS),
    "nullable": (pd.array([1, None] * (ROWS // 2), "Int64"), pd.array([None] * ROWS, "Int64")),
    "booleans": ([True, False] * (ROWS // 2), [True] * ROWS),
    "bytes": ([b"a", b"\xff"] * (ROWS // 2), [b"a"] * ROWS),
    "odd texts": (["", "\x1b[31m", "\u202e", "a" * 5_000] * (ROWS // 4), [""] * ROWS),
}


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("name", EXTREME)
def test_columns_of_any_values_are_compared_without_a_warning(name: str, tmp_path: Path) -> None:
    then, now = (pd.DataFrame({"joint": values}) for values in EXTREME[name])
    both = {"joint": 0.2, "psi": 0.2, "js": 0.1, "wasserstein": 0.1}
    assert statuses(asked(tmp_path, then, then, **both)) == dict.fromkeys(
        ("joint (column)", "joint"), Status.PASSED
    )
    assert statuses(asked(tmp_path, now, then, **both))["joint (column)"] is Status.FAILED


def test_a_text_that_is_not_utf_8_is_the_error_of_its_column_alone(tmp_path: Path) -> None:
    now = frame(2)
    rows = pa.Table.from_pandas(now, preserve_index=False)
    table(tmp_path, "training", frame(1))
    place = table(tmp_path, "t", now)
    broken = pa.array([b"\xffa"] * len(now)).view(pa.string())
    at = rows.schema.get_field_index("kind")
    pq.write_table(rows.set_column(at, "kind", broken), tmp_path / place)
    report = run(job(tmp_path, {"t": {"source": place, "drift": {"against": "training.parquet"}}}))
    assert statuses(report)["kind"] is Status.ERROR and "not UTF-8" in causes(report)["kind"]
    assert statuses(report)["x"] is Status.PASSED


def test_whole_numbers_that_no_float_can_hold_are_an_error() -> None:
    with pytest.raises(InfrastructureError, match="no float can"):
        numbers(pd.Series([10**400, None], dtype=object))
