"""No value of a sensitive column is in an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.between import judged, table
from helpers.judging import checks_of, data_job

from runner.errors import InfrastructureError
from runner.model import Status
from runner.stages.data import run
from runner.stages.tables import freshness, row_counts
from runner.stages.tables.engine import Answers
from runner.stages.tables.masking import MASKED, masked, unquoted
from runner.stages.tables.suite import Expectation
from runner.stages.tables.words import observed


def result(type: str, columns: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {"success": False, "expectation_config": {"type": type, "kwargs": columns}, "result": values}


ANSWERS = {
    "set": result(
        "expect_column_values_to_be_in_set", {"column": "name", "value_set": ["allowed"]},
        element_count=4, missing_count=0, unexpected_count=2, unexpected_percent=50.0,
        partial_unexpected_list=["secret", "secret"], partial_unexpected_index_list=[1, {"name": "secret"}],
        partial_unexpected_counts=[{"value": "secret", "count": 2}], unexpected_index_query="secret",
    ),
    "max": result("expect_column_max_to_be_between", {"column": "name"}, observed_value="secret"),
    "quantiles": result(
        "expect_column_quantile_values_to_be_between", {"column": "name"},
        observed_value={"quantiles": [0.5], "values": ["secret"]}, details={"success_details": ["secret"]},
    ),
    "distinct": result(
        "expect_column_unique_value_count_to_be_between", {"column": "name"}, observed_value=3
    ),
    "pair": result(
        "expect_column_pair_values_to_be_equal", {"column_A": "id", "column_B": "name"},
        element_count=4, unexpected_count=1, partial_unexpected_list=[[7, "secret"]],
    ),
    "raised": {
        **result("expect_column_mean_to_be_between", {"column": "name"}),
        "exception_info": {"m": {"raised_exception": True, "exception_message": "not a float: secret"}},
    },
    "query": result(
        "unexpected_rows_expectation", {"unexpected_rows_query": "SELECT * FROM {batch}"},
        observed_value=1, details={"unexpected_rows": [{"id": 7, "name": "secret"}]},
    ),
    "table": result("expect_table_row_count_to_equal", {"value": 4}, observed_value=3),
    "other": result("expect_column_max_to_be_between", {"column": "id"}, observed_value=9),
}  # fmt: skip
HIDDEN = masked(Answers(ANSWERS, {}, {}, {"results": list(ANSWERS.values())}), ("name",))


def test_no_value_is_left_and_the_counts_are() -> None:
    for told in (HIDDEN.results, HIDDEN.document):
        assert "secret" not in json.dumps(told) and "allowed" in json.dumps(told)
    left = HIDDEN.results["set"]["result"]
    assert left["partial_unexpected_counts"] == [{"value": MASKED, "count": 2}]
    assert left["partial_unexpected_index_list"] == [1, MASKED] and left["unexpected_percent"] == 50.0
    assert HIDDEN.results["distinct"]["result"] == {"observed_value": 3}
    assert HIDDEN.results["raised"]["exception_info"]["m"]["raised_exception"] is True
    assert all(HIDDEN.results[id] == ANSWERS[id] for id in ("other", "table"))


def test_what_is_left_can_be_put_into_words() -> None:
    assert words("set") == "2 of 4 unexpected (50.00%), e.g. [masked] in rows 1, [masked]"
    assert words("quantiles") == "q0.5 = [masked]" and words("max") == "[masked]"


def words(id: str) -> str:
    config = ANSWERS[id]["expectation_config"]
    return observed(Expectation(id, config["type"], config["kwargs"], config), HIDDEN.results[id]["result"])


def test_without_sensitive_columns_nothing_changes() -> None:
    answers = Answers(ANSWERS, {}, {}, {})
    assert masked(answers, ()) is answers


def test_a_complaint_is_told_without_what_it_quotes() -> None:
    said = "invalid value 'secret' in \"name\", and 'another"
    assert unquoted(said, ("name",)) == "invalid value '[masked]' in '[masked]', and '[masked]'"
    assert unquoted(said, ()) == said
    assert unquoted("Unknown error: Wrapping a secret\ufffd failed", ("name",)).endswith(
        "Wrapping '[masked]' failed"
    )
    answers = Answers({}, {}, {"a": said}, {})
    assert "secret" not in masked(answers, ("name",)).errors["a"]


def test_what_cannot_be_told_beside_a_suite_quotes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "judge", Mock(side_effect=InfrastructureError("no 'planted' here")))
    monkeypatch.setattr(row_counts, "judge", Mock(side_effect=InfrastructureError("no 'planted' here")))
    fields = {"source": table(tmp_path, "t", {"n": [1]}), "freshness": {"column": "n", "within": "1d"}}
    relations = {"r": {"kind": "row-counts", "table": "t", "other": "t", "least": 1}}
    for hidden, said in (([], "no 'planted' here"), (["n"], "no '[masked]' here")):
        found = judged(tmp_path, {"t": {**fields, "sensitive": hidden}}, relations=relations)
        assert {found["t/freshness"].cause, found["t/row-counts(r)"].cause} == {said}


def test_a_column_is_hidden_by_whatever_name_great_expectations_answers_from_it() -> None:
    for name in ("NAME", "Name", '"name"', "`name`", "[name]"):
        asked = result("expect_column_max_to_be_between", {"column": name}, observed_value="secret")
        told = masked(Answers({"max": asked}, {}, {}, {"results": [asked]}), ("name",))
        assert "secret" not in json.dumps([told.results, told.document])


def test_a_sensitive_column_that_is_not_there_leaves_its_table_unshown(tmp_path: Path) -> None:
    pq.write_table(pa.table({"salary": ["secret"]}), tmp_path / "t.parquet")
    asked = {"type": "expect_column_max_to_be_between", "kwargs": {"column": "salary", "max_value": "a"}}
    (tmp_path / "t.json").write_text(json.dumps({"name": "t", "expectations": [asked]}))
    table = {"source": "t.parquet", "suite": "t.json", "sensitive": ["pay"]}
    report = run(data_job(tmp_path, t=table))
    assert report.status is Status.ERROR and "secret" not in str(report)
    assert "lockgate.yml calls sensitive" in checks_of(report)["t/table"].cause
