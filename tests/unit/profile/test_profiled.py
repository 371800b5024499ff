"""A table's first suite, from a Parquet file: it passes there, says why, and fails on what is planted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runner.config.data import TableSource
from runner.errors import InfrastructureError, UsageError
from runner.model import Status
from runner.profile.profiling import Profile, profiled
from runner.profile.seen import Proposal
from runner.profile.writing import suite_of, written
from runner.sources.opening import Places, opened
from runner.sources.source import Source
from runner.stages.tables.answering import answered
from runner.stages.tables.checks import judge
from runner.stages.tables.engine import Answers
from runner.stages.tables.vacuous import why_vacuous

ROWS = 600
Frame = pd.DataFrame


def nobody(frame: Any, suite: Any, table: str) -> Answers:
    """Great Expectations, which nothing is left to here."""
    raise AssertionError("something was left to Great Expectations")


def made(seed: int = 1, rows: int = ROWS) -> Frame:
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, rows), unit="s")
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "country": rng.choice(["EU", "US", "JP"], rows, p=[0.6, 0.3, 0.1]),
            "degrees": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(15, 5, rows)),
            "hour": rng.integers(0, 24, rows),
            "plate": [f"N{n}AB" for n in rng.integers(100, 1000, rows)],
            "email": [f"planted{n}@example.com" for n in range(rows)],
            "price_min": rng.normal(100, 20, rows),
            "start": start,
        }
    ).assign(price_max=lambda f: f["price_min"] + rng.exponential(10, rows))


def source_of(frame: Frame, folder: Path, name: str = "t") -> Source:
    frame.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "scratch").mkdir(exist_ok=True)
    config = TableSource(source=f"{name}.parquet", suite="unused.json")
    return opened(name, config, Places(folder, folder / "scratch", lambda uri, path: None))


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return profiled("t", source_of(made(), tmp_path_factory.mktemp("made")))


def expectations(profile: Profile) -> list[dict[str, Any]]:
    return list(profile.written.document["expectations"])


def of(profile: Profile, type: str) -> dict[str, dict[str, Any]]:
    """A type's arguments by column."""
    told = [e["kwargs"] for e in expectations(profile) if e["type"] == f"expect_{type}"]
    return {kwargs.get("column", "table"): kwargs for kwargs in told}


def failures(profile: Profile, frame: Frame, folder: Path) -> list[str]:
    suite = suite_of("fresh", expectations(profile))
    told = answered(source_of(frame, folder, "fresh"), suite, "fresh", nobody)
    return [c.id for c in judge(suite, told.answers, list(told.columns)) if c.status is not Status.PASSED]


def test_what_is_written_passes_on_its_table_and_on_a_fresh_sample(profile: Profile, tmp_path: Path) -> None:
    assert failures(profile, made(), tmp_path) == []
    assert failures(profile, made(2), tmp_path) == []
    assert not any(why_vacuous(e["type"], e["kwargs"]) for e in expectations(profile))


def test_each_column_has_what_can_be_said_of_it(profile: Profile) -> None:
    assert set(of(profile, "column_values_to_not_be_null")) == set(made())
    assert 0.8 < of(profile, "column_values_to_not_be_null")["degrees"]["mostly"] < 0.9
    assert of(profile, "column_values_to_be_in_set")["country"]["value_set"] == ["EU", "JP", "US"]
    assert of(profile, "column_values_to_match_regex")["plate"]["regex"] == "^N[0-9]{3}[A-Z]{2}$"
    hours = of(profile, "column_values_to_be_between")["hour"]
    assert (hours["min_value"], hours["max_value"]) == (0, 23)
    assert list(of(profile, "column_values_to_be_unique")) == ["id", "email"]
    pairs = [e["kwargs"] for e in expectations(profile) if "pair" in e["type"]]
    assert [(p["column_A"], p["column_B"]) for p in pairs] == [("price_max", "price_min")]
    assert of(profile, "table_row_count_to_be_between")["table"] == {"min_value": 300, "max_value": 1200}


def test_each_expectation_says_why(profile: Profile) -> None:
    notes = {(e["type"], e["kwargs"].get("column")): e["notes"] for e in expectations(profile)}
    assert all(notes.values())
    assert notes["expect_column_values_to_not_be_null", "id"] == "600 rows, 0 nulls"
    assert "3 different values in 600 rows" in notes["expect_column_values_to_be_in_set", "country"]


DAMAGE: dict[str, Callable[[Frame], Frame]] = {
    "nulls": lambda f: f.assign(country=f["country"].where(f.index > 3, None)),
    "out of range": lambda f: f.assign(degrees=f["degrees"].where(f.index > 3, 500.0)),
    "a new category": lambda f: f.assign(country=f["country"].where(f.index > 3, "XX")),
    "duplicates": lambda f: pd.concat([f, f.tail(3)]),
    "columns swapped": lambda f: f[[*f.columns[1:], f.columns[0]]],
    "order broken": lambda f: f.assign(price_min=f["price_max"], price_max=f["price_min"]),
    "units": lambda f: f.assign(price_min=f["price_min"] / 1000, price_max=f["price_max"] / 1000),
    "texts cut": lambda f: f.assign(plate=f["plate"].str[:4]),
    "another type": lambda f: f.assign(hour=f["hour"] + 0.5),
    "dates": lambda f: f.assign(start=f["start"] + pd.DateOffset(years=10)),
    "a column dropped": lambda f: f.drop(columns="hour"),
    "few rows": lambda f: f.head(100),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_planted_damage_fails(profile: Profile, tmp_path: Path, damage: str) -> None:
    suite = suite_of("fresh", expectations(profile))
    source = source_of(DAMAGE[damage](made(3)), tmp_path, "fresh")
    told = answered(source, suite, "fresh", lambda frame, rest, table: Answers({}, {}, {}, {}))
    statuses = {c.status for c in judge(suite, told.answers, list(told.columns))}
    assert statuses & {Status.FAILED, Status.ERROR}


def test_a_sensitive_columns_values_stand_nowhere(profile: Profile) -> None:
    assert "email" in profile.seen.sensitive
    assert "planted" not in profile.written.text and "example" not in profile.written.text
    assert "email" in of(profile, "column_value_lengths_to_be_between")


def test_a_column_named_sensitive_has_neither_set_nor_range(tmp_path: Path) -> None:
    told = profiled("t", source_of(made(), tmp_path), ["country", "degrees"])
    assert "country" not in of(told, "column_values_to_be_in_set") and '"EU"' not in told.written.text
    assert "degrees" not in of(told, "column_values_to_be_between")


def test_a_sensitive_column_that_there_is_not_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as told:
        profiled("t", source_of(made(), tmp_path), ["contry"])
    assert "did you mean 'country'" in told.value.hint


def test_the_same_table_gives_the_same_suite(profile: Profile, tmp_path: Path) -> None:
    assert profiled("t", source_of(made(), tmp_path)).written.text == profile.written.text


def test_the_file_is_json_that_reads_as_a_suite(profile: Profile) -> None:
    document = json.loads(profile.written.text)
    assert document == profile.written.document and document["name"] == "t"


@pytest.mark.parametrize(
    "frame",
    [
        Frame({"a": [1]}),
        Frame({"a": [None, None]}),
        Frame({"a": [np.inf, -np.inf, np.nan, 1e300] * 50}),
        Frame({"a": [2**63 - 1, -(2**63)] * 60}),
        Frame({"a": [[1], [2]] * 60}),
        Frame({"a": [True, False, None] * 50}),
        Frame({'odd "name"': ["", "a\nb", "'"] * 50, "b c": [b"x"] * 150}),
        Frame({"a": [pd.Timestamp.min.ceil("D"), pd.Timestamp.max.floor("D")] * 60}),
        Frame({"a": ["x" * 5000, "y"] * 60}),
        Frame({"a": pd.Categorical(["u", "v"] * 60), "d": [0.1, 0.2] * 60}),
    ],
)
def test_odd_tables_give_what_passes_and_no_traceback(frame: Frame, tmp_path: Path) -> None:
    told = profiled("t", source_of(frame, tmp_path))
    if not (told.written.dropped or frame.columns[0] == "a"):
        assert failures(told, frame, tmp_path) == []
    assert expectations(told)


def test_a_table_without_rows_shows_nothing(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="no rows"):
        profiled("t", source_of(made().head(0), tmp_path))


def test_what_does_not_pass_can_never_fail_or_is_left_is_not_written(tmp_path: Path) -> None:
    between = "expect_column_values_to_be_between"
    proposed = [
        Proposal(between, {"column": "hour", "max_value": 22}, "wrong"),
        Proposal(between, {"column": "hour", "max_value": 23}, "right"),
        Proposal("expect_table_row_count_to_be_between", {"min_value": 0}, "vacuous"),
        Proposal(
            "expect_column_values_to_match_regex", {"column": "plate", "regex": "^(?=N)N"}, "RE2 lacks it"
        ),
    ]
    told = written("t", source_of(made(), tmp_path), proposed)
    assert [e["notes"] for e in told.document["expectations"]] == ["right"]
    assert [why.split(" ")[0] for _, why in told.dropped] == ["20", "no", "left"]


def test_texts_that_are_times_are_no_key_and_no_closed_set(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=300).strftime("%Y-%m-%d")
    told = profiled("t", source_of(Frame({"day": days, "few": [*days[:10]] * 30}), tmp_path))
    assert not of(told, "column_values_to_be_unique") and not of(told, "column_values_to_be_in_set")
    assert of(told, "column_values_to_match_regex")["few"]["regex"].startswith("^(?:2024|2025)-")


def test_an_order_that_one_row_breaks_is_none(tmp_path: Path) -> None:
    frame = made().assign(price_max=lambda f: f["price_max"].where(f.index != 7, f["price_min"] - 1))
    told = profiled("t", source_of(frame, tmp_path))
    assert told.seen.ordered == () and not [e for e in expectations(told) if "pair" in e["type"]]
