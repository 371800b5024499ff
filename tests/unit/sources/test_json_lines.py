"""JSON lines: types as in JSON, one object a line, and everything else told by its line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runner.errors import InfrastructureError
from runner.sources import json_lines


def table(folder: Path, *texts: bytes) -> pa.Table:
    """All files as one table."""
    files = {f"{n}.jsonl": folder / f"{n}.jsonl" for n, _ in enumerate(texts)}
    for path, text in zip(files.values(), texts, strict=True):
        path.write_bytes(text)
    return pa.concat_tables(map(pq.read_table, json_lines.rewritten(files, folder)))


READ = {
    "whole numbers": (b'{"a":1}\n{"a":-0}\n', "int64", [1, 0]),
    "numbers of both kinds": (b'{"a":1}\n{"a":2.5}\n', "double", [1.0, 2.5]),
    "a float without a fraction": (b'{"a":1.0}\n{"a":1e5}\n', "double", [1.0, 100000.0]),
    "no date is guessed": (b'{"a":"2020-01-01"}\n{"a":"2020-01-01T00:00:00Z"}\n', "string", None),
    "a key that is missing": (b'{"a":true}\n{"b":1}\n{"a":null}\n', "bool", [True, None, None]),
    "nulls alone": (b'{"a":null}\n', "null", [None]),
    "objects": (b'{"a":{"b":1}}\n{"a":{"c":"x"}}\n', "struct<b: int64, c: string>", None),
    "lists": (b'{"a":[1]}\n{"a":[2.5]}\n{"a":[]}\n', "list<element: double>", [[1.0], [2.5], []]),
    "blank lines and a mark": (b'\xef\xbb\xbf{"a":1}\r\n\r\n{"a":2}', "int64", [1, 2]),
    "numbers in texts": (b'{"a":"12345678901234567890 NaN"}\n', "string", ["12345678901234567890 NaN"]),
}
WRONG = {
    "a mix of types": (b'{"a":1}\n{"a":"x"}\n', "line 2: a is text, and before it was number"),
    "a mix within": (
        b'{"a":[{"b":1}]}\n{"a":[{"b":[]}]}\n',
        "line 2: a.[].b is list, and before it was number",
    ),
    "a key twice": (b'{"a":1,"a":2}\n', "line 1: the key 'a' is there twice"),
    "no object": (b'{"a":1}\n[1]\n', "line 2 is no object"),
    "two objects": (b'{"a":1} {"a":2}\n', "line 1: Extra data"),
    "an object on two lines": (b'{"a":\n1}\n', "line 1: Expecting value"),
    "a cut line": (b'{"a":1}\n{"a":2', "line 2: Expecting"),
    "NaN": (b'{"a":1}\n{"a":NaN}\n', "line 2: NaN is no JSON"),
    "beyond 64 bits": (b'{"a":18446744073709551616}\n', "line 1: the number 18446744073709551616 is beyond"),
    "beyond a float": (b'{"a":1e400}\n', "line 1: the number 1e400 is beyond a float"),
    "no UTF-8": (b'{"a":1}\n{"a":"\xff"}\n', "line 2 is not UTF-8"),
    "a NUL": (b'{"a":1}\0{"a":2}\n', "line 1: Extra data"),
    "half a character": (b'{"a":"\\ud800"}\n', "surrogate"),
    "too deep": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "line 1: it nests deeper than 64"),
    "too deep, by objects": (b'{"a":' * 1000 + b"1" + b"}" * 1000 + b"\n", "nests deeper than 64"),
    "nothing": (b"\n", "there are no keys in any line"),
    "an object of nothing": (b'{"a":{}}\n', "cannot be read"),
}
# More than a block has 16,000 of it.


@pytest.mark.parametrize("name", READ)
def test_types_are_those_of_json(tmp_path: Path, name: str) -> None:
    text, type, values = READ[name]
    found = table(tmp_path, text)
    assert str(found.schema.field("a").type) == type
    assert values is None or found["a"].to_pylist() == values
    assert not any(isinstance(value, dt.datetime) for value in found["a"].to_pylist())


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_line_of_such_a_table_is_told_by_its_line(tmp_path: Path, name: str) -> None:
    text, cause = WRONG[name]
    with pytest.raises(InfrastructureError) as error:
        table(tmp_path, text)
    assert cause in str(error.value) and "\n" not in str(error.value)


LONG = b'{"a":1,"s":"2020-01-01","t":"' + b"x" * 1000 + b'"}\n'


def test_types_hold_over_all_blocks_and_files(tmp_path: Path) -> None:
    found = table(tmp_path, LONG * 20_000 + b'{"a":0.5,"s":"x","late":true}\n', b'{"s":"y"}\n')
    assert [str(type) for type in found.schema.types] == ["double", "string", "string", "bool"]
    assert found["a"].to_pylist()[-3:] == [1.0, 0.5, None] and found["late"].null_count == 20_001
    with pytest.raises(InfrastructureError, match=r"1\.jsonl: cannot be read: line 2: a is text"):
        table(tmp_path, b'{"a":1}\n', b'{"a":2}\n{"a":"x"}\n')


def test_a_line_of_a_later_block_is_counted_from_the_first(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="line 20001: a is text"):
        table(tmp_path, LONG * 20_000 + b'{"a":"x"}\n')


def test_an_endless_line_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="line 2 is longer than"):
        table(tmp_path, b'{"a":1}\n{"a":"' + b"x" * 2 * json_lines.BLOCK)
