"""JSON as hostile input: one object, no duplicate keys, nothing that is not JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.config.json_strict import MAX_BYTES, read_json
from runner.errors import ConfigError

REFUSED = {
    "truncated": (b'{"a": [1, 2', "not JSON"),
    "empty": (b"", "not JSON"),
    "a list": (b"[1]", "must be a JSON object"),
    "duplicate keys": (b'{"a": 1, "b": {"c": 1, "c": 2}}', "duplicate key 'c'"),
    "not a number": (b'{"a": NaN}', "NaN is no JSON number"),
    "infinite": (b'{"a": -Infinity}', "-Infinity is no JSON number"),
    "no text": (b'{"a": "\xff\xfe"}', "not acceptable"),
    "deep": (b'{"a": ' + b"[" * 100_000, "not acceptable"),
    "a number of 5,000 digits": (b'{"a": ' + b"9" * 5_000 + b"}", "not acceptable"),
    "huge": (b" " * (MAX_BYTES + 1), "larger than 4 MiB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_honest_json_object_is_refused_by_name(tmp_path: Path, name: str) -> None:
    content, what = REFUSED[name]
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(ConfigError) as refusal:
        read_json(tmp_path / "x.json", "suites/x.json")
    (problem,) = refusal.value.problems
    assert problem.file == "suites/x.json" and what in problem.what


def test_a_folder_or_nothing_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.json"):
        with pytest.raises(ConfigError, match="no such file"):
            read_json(path, "x.json")


def test_an_object_comes_with_the_bytes_it_was_read_from(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b'{"a": [1, {"a": 2}]}')
    file = read_json(tmp_path / "x.json", "x.json")
    assert (file.data, file.raw) == ({"a": [1, {"a": 2}]}, b'{"a": [1, {"a": 2}]}')
