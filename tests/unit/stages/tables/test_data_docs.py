"""Great Expectations' Data Docs of what the stage wrote."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.judging import data_job

from runner.model import DataChoices
from runner.stages.data import run
from runner.stages.tables.data_docs import FOLDER, disarmed

SCRIPT, IMAGE = "<script>alert(1)</script>", "<img src=x onerror=alert(2)>"
TABLE = {"id": [1, 2, 2], "v": [1.0, None, 9999.0], "s": [SCRIPT, 'a"b', "$v__0 & x"], IMAGE: ["c", "d", "e"]}
NAMES = {"own": ["private-1", "private-2", "private-3"]}
OWN = "great_expectations"
BETWEEN, IN_SET = "expect_column_values_to_be_between", "expect_column_values_to_be_in_set"


def e(type: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": type, "kwargs": kwargs}


SUITES = {
    "rows": [
        e("expect_column_values_to_not_be_null", column="v"),
        e(BETWEEN, column="v", min_value=0, max_value=100),
        e(BETWEEN, column="v", max_value=9, row_condition='col("id") > 1', condition_parser=OWN),
        e(BETWEEN, column="v", max_value=8, row_condition="id > 1", condition_parser="pandas"),
        e("expect_column_values_to_be_unique", column="id"),
        e(IN_SET, column="s", value_set=["<i>y</i>"]),
        e("expect_column_distinct_values_to_be_in_set", column=IMAGE, value_set=["c"]),
        e("expect_column_values_to_match_regex", column="s", regex="^(?<!z)[a-z]$"),
        e("expect_column_mean_to_be_between", column="s", min_value=0),
        e("expect_nothing_known", column="s"),
        e("expect_table_row_count_to_equal", value=3),
    ],
    "hidden": [
        e(IN_SET, column="own", value_set=["x"]),
        e("expect_column_max_to_be_between", column="own", max_value="a"),
    ],
    "gone": [e("expect_table_row_count_to_equal", value=3)],
}  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...]]:
    """A stage's output and the files that it names; importing Great Expectations is most of it."""
    root = tmp_path_factory.mktemp("docs")
    pd.DataFrame(TABLE).to_parquet(root / "rows.parquet")
    pd.DataFrame(NAMES).to_parquet(root / "hidden.parquet")
    tables: dict[str, Any] = {}
    for name, expectations in SUITES.items():
        (root / f"{name}.json").write_text(json.dumps({"name": f"{name}.<x>", "expectations": expectations}))
        tables[name] = {"source": f"{name}.parquet", "suite": f"{name}.json"}
    tables["hidden"]["sensitive"] = ["own"]
    job = replace(data_job(root, **tables), data=DataChoices(docs=True))
    return job.out, run(job).evidence.files


def page_of(written: tuple[Path, tuple[str, ...]], part: str) -> str:
    (path,) = [name for name in written[1] if part in name]
    return (written[0] / path).read_text()


def text_of(page: str) -> str:
    """What is read without any script or style."""
    bare = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    return " ".join(bare.split())


def test_the_pages_are_evidence_and_lead_to_each_other(written: tuple[Path, tuple[str, ...]]) -> None:
    out, files = written
    docs = [name for name in files if name.startswith(FOLDER)]
    assert docs[0] == f"{FOLDER}/index.html" and len(docs) == 1 + 3 + 2  # `gone` was not judged
    for name in docs:
        links = re.findall(r'href="([^"#]+\.html)"', (out / name).read_text())
        assert links and all((out / name).parent.joinpath(link).is_file() for link in links), (name, links)


def test_a_result_says_what_was_expected_and_what_was_found(written: tuple[Path, tuple[str, ...]]) -> None:
    text = text_of(page_of(written, "validations/rows"))
    assert "Status: Failed" in text and "Data asset: rows" in text and "Evaluated Expectations 10" in text
    assert "values must be unique. 2 unexpected values found." in text
    assert "greater than or equal to 0 and less than or equal to 100 . 1 unexpected values found." in text
    assert "'id &gt; 1' , then values must be less than or equal to 8 ." in text
    assert "Must have exactly 3 rows. 3" in text and "9999" in text
    assert "expect_column_mean_to_be_between raised an exception" in text


def test_a_suite_says_what_is_expected(written: tuple[Path, tuple[str, ...]]) -> None:
    text = text_of(page_of(written, "expectations/rows"))
    assert "values must never be null." in text and "values must be unique." in text
    assert "Must have exactly 3 rows." in text_of(page_of(written, "expectations/gone"))


@pytest.mark.parametrize("part", ["validations/rows", "expectations/rows", "docs/index"])
def test_nothing_of_a_table_or_its_suite_is_html(written: tuple[Path, tuple[str, ...]], part: str) -> None:
    page = page_of(written, part)
    assert not re.search(r"<script>alert|<img src=x|<i>y</i>|<x>", page)
    if part == "validations/rows":
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "^(?&lt;!z)[a-z]$" in page


def test_no_value_of_a_sensitive_column_is_shown(written: tuple[Path, tuple[str, ...]]) -> None:
    out, files = written
    assert all("private-" not in (out / name).read_text() for name in files if not name.endswith(".parquet"))
    assert "3 unexpected values found" in text_of(page_of(written, "validations/hidden"))


def test_only_what_is_read_keeps_its_characters() -> None:
    assert disarmed({"a<": ["b>"], "row_condition": "x > 1"}) == {
        "a\ue000": ["b\ue001"], "row_condition": "x > 1"
    }  # fmt: skip
