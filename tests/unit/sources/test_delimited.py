"""CSV means what pandas makes of it: seeded tables of hostile cells, read by pandas, and as Parquet."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pandas as pd
import pytest

from runner.errors import InfrastructureError
from runner.sources.delimited import rewritten

NULLS = ("", "NA", "NaN", "nan", "null", "None", "<NA>", "#N/A", "-nan", "n/a")
WHOLE = ("0", "1", "-1", "+1", "007", " 1", "1 ", "\t2", "9007199254740993", "-9223372036854775808")
HUGE = ("18446744073709551615", "9223372036854775808", "5")
FLOATS = ("1.", ".5", "-0.0", "1e5", "1E-05", "1e400", "inf", "-Infinity", "0.1", " 2.5", "1e-400", "3.14159")
WORDS = ("True", "False", "TRUE", "false", "tRue")
ODD = (
    *("1_000", "0x10", " inf", "inf ", "1e", "1e+", "+-1", "- 1", ".", "+", "1d5", "1,5", "1 2", "--1", "'"),
    *("\u0661", "\u00a01", " True", "yes", " NA", "nan ", "none", '"', 'say ""x""', "line\nbreak", "\r\n"),
    *("caf\u00e9", "e\u0301", "\U0001d4b3"),
)
POOLS = (WHOLE, WHOLE[:4], FLOATS, WORDS, ODD, HUGE, (*WHOLE, *FLOATS), (*WORDS, "1"), ("",))
NAMES = ("a", "b c", "", "x,y", 'q"', "line\nbreak", "\u00dcn\u00ef", "1", " s ", "select")


def made(dice: random.Random) -> tuple[str, int]:
    """A CSV file's text, and how many rows are to be read at a time."""
    names = dice.sample(NAMES, dice.randint(1, 4))
    if len(names) == 1 and not names[0].strip():
        names = ["a"]
    rows = dice.choice((0, 1, 2, 5, 12, 30))
    columns = [column(dice, rows) for _ in names]
    stream = io.StringIO()
    end = dice.choice(("\n", "\r\n", "\r"))  # with the last, the writer would leave \n without quotes
    quoting = csv.QUOTE_ALL if end == "\r" else dice.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    writer = csv.writer(stream, lineterminator=end, quoting=quoting)
    writer.writerow(names)
    writer.writerows(zip(*columns, strict=True))
    return dice.choice(("", "\ufeff")) + stream.getvalue(), dice.choice((3, 1000))


def column(dice: random.Random, rows: int) -> list[str]:
    pool = dice.choice(POOLS)
    nulls = 0.0 if pool is HUGE else dice.choice((0, 0, 0.3))
    cells = [dice.choice(NULLS) if dice.random() < nulls else dice.choice(pool) for _ in range(rows)]
    if rows and pool is not HUGE and dice.random() < 0.2:  # one odd cell turns a column of numbers into texts
        cells[dice.randrange(rows)] = dice.choice((*ODD, *FLOATS, *WORDS, *NULLS))
    return cells


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Nulls beside booleans are None in Parquet, NaN in pandas' own reading."""
    return frame.assign(
        **{str(n): c.where(c.notna(), None) for n, c in frame.items() if c.dtype == object and len(c)}
    )


@pytest.mark.parametrize("seed", range(10))
def test_a_csv_is_the_frame_that_pandas_reads(tmp_path: Path, seed: int) -> None:
    for case in range(40):
        text, rows = made(random.Random(f"{seed} {case}"))  # noqa: S311
        path = tmp_path / "t.csv"
        path.write_bytes(text.encode())
        expected = pd.read_csv(path, encoding="utf-8", low_memory=False, index_col=False)
        found = pd.read_parquet(rewritten({"t.csv": path}, tmp_path, rows)[0])
        try:
            pd.testing.assert_frame_equal(plain(found), plain(expected))
        except AssertionError as error:
            raise AssertionError(f"{text!r}, {rows} rows at a time: {error}") from None


def write(folder: Path, **texts: str) -> dict[str, Path]:
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    return {name: folder / name for name in texts}


def test_the_type_of_a_column_is_that_of_all_files(tmp_path: Path) -> None:
    files = write(tmp_path, one="a,b\n1,1\n", two="a,b\n2.5,x\n", three="a,b\n,\n")
    frames = [pd.read_parquet(path) for path in rewritten(files, tmp_path)]
    assert [list(frame.dtypes.astype(str)) for frame in frames[:2]] == [["float64", "str"]] * 2
    assert [frame["b"].tolist() for frame in frames[:2]] == [["1"], ["x"]]


def test_whole_numbers_beyond_64_bits_are_texts_and_their_nulls_stay_nulls(tmp_path: Path) -> None:
    files = write(
        tmp_path, t="a,b,c\n99999999999999999999,18446744073709551615,-1\n5,,18446744073709551615\n"
    )
    frame = pd.read_parquet(rewritten(files, tmp_path, 1)[0])
    assert frame["a"].tolist() == ["99999999999999999999", "5"]
    assert frame["b"].isna().tolist() == [False, True] and frame["b"][0] == "18446744073709551615"
    assert frame["c"].tolist() == ["-1", "18446744073709551615"]


def test_another_header_is_told_by_file(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match=r"two: its columns are \['b', 'a'\], those of one"):
        rewritten(write(tmp_path, one="a,b\n1,2\n", two="b,a\n1,2\n"), tmp_path)


def test_a_short_row_of_the_second_file_is_told_by_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="two: cannot be read: line 3 has 1 fields, the header 2"):
        rewritten(write(tmp_path, one="a,b\n1,2\n", two="a,b\n1,2\n3\n"), tmp_path)
