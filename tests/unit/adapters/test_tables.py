"""Tables: found inside the solution or fetched, read whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from runner.adapters.tables import local_file, read_frame
from runner.errors import InfrastructureError, UsageError


@pytest.mark.parametrize("source", ["../t.csv", "/etc/t.csv", "link/t.csv"])
def test_a_path_that_leaves_the_solution_is_refused(tmp_path: Path, source: str) -> None:
    root = tmp_path / "solution"
    root.mkdir()
    (tmp_path / "t.csv").write_text("a\n1\n")
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="inside the solution"):
        local_file(root, source)


def test_only_known_formats_are_read(tmp_path: Path) -> None:
    (tmp_path / "t.pkl").write_bytes(b"")
    with pytest.raises(UsageError, match="parquet"):
        local_file(tmp_path, "t.pkl")


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match=r"data/t\.csv: there is no such file"):
        local_file(tmp_path, "data/t.csv")


def test_csv_and_parquet_give_the_same_rows(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(
        read_frame(tmp_path / "t.csv", "t"), read_frame(tmp_path / "t.parquet", "t")
    )


def test_a_filtered_frame_counts_its_rows_from_zero(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2, 3]}).query("a > 1").to_parquet(tmp_path / "t.parquet")
    frame = read_frame(tmp_path / "t.parquet", "t")
    assert (list(frame.index), list(frame.columns)) == ([0, 1], ["a"])


def test_an_index_with_a_name_is_a_column(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="key")).to_parquet(tmp_path / "t.parquet")
    assert list(read_frame(tmp_path / "t.parquet", "t").columns) == ["key", "a"]


UNREADABLE = {
    "a short row": ("t.csv", b"a,b\n1,2\n3\n", "line 3 has 1 fields, the header 2"),
    "a long row": ("t.csv", b"a,b\n1,2,3\n", "line 2 has 3 fields, the header 2"),
    "all rows long": ("t.csv", b"a,b\n1,2,3\n1,2,3\n", "3 fields"),
    "a column twice": ("t.csv", b"a,a\n1,2\n", "names a column twice"),
    "nothing": ("t.csv", b"", "the header is empty"),
    "an open quote": ("t.csv", b'a,b\n1,"2\n', "line 2: a quote is not closed"),
    "latin-1": ("t.csv", b"a\n\xe9\n", "line 2 is not UTF-8"),
    "no UTF-8 after its first block": ("t.csv", b"a\n" + b"x\n" * 9_000 + b"\xff\n", "line 9002 is not"),
    "a NUL": ("t.csv", b"a,b\n1,\x00\n", "line 2 has a NUL in it"),
    "more after a quote": ("t.csv", b'a,b\n1,"2"x\n', "line 2: ',' expected after"),
    "a short row after a text of two lines": ("t.csv", b'a,b\n1,"2\n3"\n4\n', "line 4 has 1 fields"),
    "a short row after a megabyte": (
        "t.csv",
        b"a,b\n" + b"1,2\n" * 300_000 + b"3\n",
        "line 300002 has 1 fields",
    ),
    "the same after quotes": (
        "t.csv",
        b"a,b\n" + b'1,"\n,2"\n' * 150_000 + b"3\n",
        "line 300002 has 1 fields",
    ),
    "an endless line": ("t.csv", b"a\n" + b"x" * 2**24, "line 2 is longer than"),
    "too many columns": ("t.csv", b",".join(b"c%d" % n for n in range(10_001)), "more than 10,000"),
    "corrupt parquet": ("t.parquet", b"PAR1 not really PAR1", "cannot be read"),
    "empty parquet": ("t.parquet", b"", "cannot be read"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_whole_is_an_error_that_names_the_table(tmp_path: Path, name: str) -> None:
    file, content, cause = UNREADABLE[name]
    (tmp_path / file).write_bytes(content)
    with pytest.raises(InfrastructureError) as error:
        read_frame(tmp_path / file, "s3://b/t")
    assert cause in str(error.value) and "s3://b/t" in str(error.value) and "\n" not in str(error.value)
