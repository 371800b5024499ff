"""How asks are answered: whichever way is taken, and whatever else is asked, the answer is the same."""

from __future__ import annotations

import datetime as dt
import math
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.differential import case_of
from helpers.sameness import same

from runner.errors import InfrastructureError
from runner.expect.asks import Distinct, Scalar, Uniqueness
from runner.expect.compiled import Compiled
from runner.expect.connection import connected
from runner.expect.duck import DuckTable, columns_of
from runner.expect.literals import Uncompiled
from runner.expect.planning import Planned, answers, plan
from runner.stages.tables.answering import planned

OVERFLOWING = Scalar(f"sum(x * {2**127 - 1}::HUGEINT)")
FLOATS = [1.0, math.nan, None, 3.0]


def table_of(folder: Path, values: Any, **more: int) -> DuckTable:
    pq.write_table(pa.table({"x": values}), folder / "t.parquet", row_group_size=7)
    return replace(DuckTable.of(folder / "t.parquet", threads=1), **more)


@pytest.mark.parametrize("ways", [{}, {"few": 0}, {"few": 0, "hashes": 3}], ids=["groups", "hashes", "parts"])
@pytest.mark.parametrize(
    ("values", "told"),
    [
        (list(range(20)), Uniqueness(20, 20, 0)),
        ([*range(19), 0], Uniqueness(20, 19, 2)),
        ([*map(str, range(20)), None, None], Uniqueness(20, 20, 0)),
        ([0.0, -0.0, 1.0], Uniqueness(3, 2, 2)),
        ([None, None], Uniqueness(0, 0, 0)),
        ([1] * 9, Uniqueness(9, 1, 9)),
    ],
    ids=["different", "twice", "texts and nulls", "zeros", "nulls alone", "one value"],
)
def test_uniqueness_is_exact_by_groups_and_by_hashes(
    values: list[Any], told: Uniqueness, ways: dict[str, int], tmp_path: Path
) -> None:
    typed = pa.array(values, pa.int64()) if values[0] is None else values
    ask = Distinct(('"x"',), '(NOT ("x" IS NULL))')
    assert table_of(tmp_path, typed, **ways).answer([ask]) == {ask: told}


def test_made_suites_are_answered_alike_by_every_way(tmp_path: Path) -> None:
    """Great Expectations is compared with over small tables alone, which large ones' ways never meet."""
    for seed in range(300_000, 300_020):
        case = case_of(seed, tmp_path)
        with suppress(Uncompiled):
            intent = planned(case.suite, columns_of(case.path))
            table = DuckTable.of(case.path, threads=1)
            ways = [table, replace(table, few=0), replace(table, few=0, hashes=7)]
            first, *others = [{id: list(each) for id, each in answers(intent, way).items()} for way in ways]
            assert first and all(same(first, other) for other in others), seed


def test_hashes_are_sorted_only_where_the_first_rows_differ(tmp_path: Path) -> None:
    repeated = table_of(tmp_path, [1, 2] * 50, few=0)
    assert not repeated._seems_many(Distinct(('"x"',)))
    assert table_of(tmp_path, range(100), few=0)._seems_many(Distinct(('"x"',)))


@pytest.mark.parametrize(
    ("type", "value"),
    [("min", 1.0), ("max", 3.0), ("mean", 2.0), ("sum", 4.0), ("stdev", math.sqrt(2)), ("median", 2.0)],
)
def test_nan_is_no_value_of_an_aggregate(type: str, value: float, tmp_path: Path) -> None:
    table = table_of(tmp_path, FLOATS)
    asked = {"it": (f"expect_column_{type}_to_be_between", {"column": "x", "min_value": 0})}
    found = answers(plan(asked, columns_of(tmp_path / "t.parquet")), table)["it"]
    assert found == (True, {"observed_value": pytest.approx(value)})


def test_nulls_are_those_of_pandas_beside_a_column_that_is_fetched_whole(tmp_path: Path) -> None:
    table = table_of(tmp_path, FLOATS)
    names = ("values_to_be_unique", "values_to_not_be_null", "proportion_of_non_null_values_to_be_between")
    asked = {name: (f"expect_column_{name}", {"column": "x"}) for name in names[:2]}
    asked["share"] = (f"expect_column_{names[2]}", {"column": "x", "min_value": 0.1})
    found = answers(plan(asked, columns_of(tmp_path / "t.parquet")), table)
    assert found["values_to_be_unique"][1]["missing_count"] == 2
    assert found["values_to_not_be_null"][1]["unexpected_count"] == 2
    assert found["share"] == (True, {"observed_value": 0.5})


def test_an_ask_that_cannot_be_computed_leaves_its_own_expectations_alone(tmp_path: Path) -> None:
    table = table_of(tmp_path, [1, 2, 3])
    others = [Scalar("count(*)"), Scalar("max(x)"), Scalar("min(x)")]
    found = table.answer([others[0], OVERFLOWING, *others[1:]])
    assert found == dict(zip(others, (3, 3, 1), strict=True))
    compiled = {
        "broken": Compiled((others[0], OVERFLOWING), lambda found, rows: (True, {})),
        "fine": Compiled((others[1],), lambda found, rows: (True, {"observed_value": found[others[1]]})),
    }
    assert answers(Planned(compiled, {}), table) == {"fine": (True, {"observed_value": 3})}


def test_a_file_that_cannot_be_read_is_no_matter_of_single_asks(tmp_path: Path) -> None:
    table = table_of(tmp_path, pa.array(range(1000), pa.int64()))
    path = tmp_path / "t.parquet"
    raw = bytearray(path.read_bytes())
    raw[4:40] = b"\xff" * 36
    path.write_bytes(raw)
    with pytest.raises(InfrastructureError, match="cannot be computed"):
        table.answer([Scalar("sum(x)"), Scalar("max(x)")])


def test_rows_are_those_of_the_row_groups_and_other_counts_are_refused(tmp_path: Path) -> None:
    """A row group that tells another number of rows: pandas reads as many; a column that has another
    number of values is not read at all."""
    pq.write_table(
        pa.table({"x": pa.array(range(200), pa.int64())}),
        tmp_path / "t.parquet",
        compression="none",
        use_dictionary=False,
    )
    raw = (tmp_path / "t.parquet").read_bytes()
    told, lie = b"\x90\x03", b"\xa0\x02"  # 200 and 144, as Thrift writes them
    at = raw.rindex(told)
    (tmp_path / "t.parquet").write_bytes(raw[:at] + lie + raw[at + 2 :])
    table = DuckTable.of(tmp_path / "t.parquet")
    assert table.count() == len(pq.read_table(tmp_path / "t.parquet")) == 144
    with pytest.raises(InfrastructureError, match="cannot be computed"):
        table.answer([Scalar("max(x)")])


def test_what_is_beyond_memory_is_spilled_and_removed() -> None:
    connection = connected(threads=1, memory="30MB")
    spilled = Path(connection.execute("SELECT current_setting('temp_directory')").fetchall()[0][0])
    assert not spilled.exists()
    counted = "SELECT count(DISTINCT hash(range)::VARCHAR) FROM range(600000)"
    assert connection.execute(counted).fetchall() == [(600_000,)]
    assert spilled.exists()
    connection.close()
    assert not spilled.exists()


def test_what_values_would_have_told_is_scanned_where_they_cannot_be_computed(tmp_path: Path) -> None:
    table, some = table_of(tmp_path, [1, 2, 3]), "(x > 1)"
    rows = Scalar("count(*)", some)
    overflowing = Distinct((f"x * {2**127 - 1}::HUGEINT",), some)
    assert table.answer([overflowing, rows]) == {rows: 2}


def test_bounds_of_times_are_told_by_the_rows(tmp_path: Path) -> None:
    days = [dt.datetime(2020, 1, day) for day in (1, 2, 3)]
    table = table_of(tmp_path, days)
    kwargs = {"column": "x", "max_value": "2020-01-02T00:00:00"}
    asked = {"it": ("expect_column_values_to_be_between", kwargs)}
    found = answers(plan(asked, columns_of(tmp_path / "t.parquet")), table)["it"]
    assert found[0] is False and found[1]["unexpected_count"] == 1


@pytest.mark.parametrize("few", [0, 1000], ids=["by value", "by row"])
@pytest.mark.parametrize("name", ["x", "x rows", "n"])
def test_texts_that_repeat_are_judged_once_and_counted_as_often_as_they_stand_there(
    name: str, few: int, tmp_path: Path
) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({name: ["a", "b", "c", None, ""] * 20}), path)
    table, column = replace(DuckTable.of(path), few=few), {"column": name}
    asked = {
        "set": ("expect_column_values_to_be_in_set", {**column, "value_set": ["a", "c"]}),
        "text": ("expect_column_values_to_match_regex", {**column, "regex": "^.$", "mostly": 0.7}),
        "length": ("expect_column_value_lengths_to_be_between", {**column, "max_value": 0}),
        "nulls": ("expect_column_values_to_not_be_null", column),
    }
    found = answers(plan(asked, columns_of(path)), table)
    told = {
        id: (result["unexpected_count"], result.get("missing_count")) for id, (_, result) in found.items()
    }
    assert told == {"set": (40, 20), "text": (20, 20), "length": (60, 20), "nulls": (20, None)}
    assert found["text"][0] is True and found["set"][1]["partial_unexpected_index_list"][:3] == [1, 4, 6]


def test_texts_that_hardly_repeat_are_judged_row_by_row(tmp_path: Path) -> None:
    asked = {"it": ("expect_column_values_to_match_regex", {"column": "x", "regex": "1"})}
    repeating, differing = ([str(n % most) for n in range(100)] for most in (50, 100))
    for values, groups in ((repeating, 1), (differing, 0)):
        table = table_of(tmp_path, values, few=0)
        scalars = plan(asked, columns_of(tmp_path / "t.parquet")).compiled["it"].asks
        assert len(table._repeating([ask for ask in scalars if isinstance(ask, Scalar)])) == groups
