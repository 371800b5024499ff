from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.config.yaml_lines import read_yaml
from runner.errors import ConfigError


def refuse(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "x.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    return str(caught.value)


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text("a: 1\nb:\n  - x\n  - {c: 2}\n")
    document = read_yaml(path)
    assert document.data == {"a": 1, "b": ["x", {"c": 2}]}
    assert [document.line(loc) for loc in [("a",), ("b", 1, "c"), ("b", 7)]] == [1, 4, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "x.yml:3: duplicate key 'a', first on line 1"),
        ("a: {b: 1, b: 2}\n", "duplicate key 'b'"),
        ("a: !!python/object/apply:os.system [ls]\n", "tag .* is not allowed"),
        ("a: !!python/name:os.system x\n", "tag .* is not allowed"),
        ("!!python/name:os.system x: 1\n", "a key must be plain text"),
        ("a: [1, 2\n", "x.yml:2: not YAML"),
        ("? [a, b]\n: 1\n", "a key must be plain text"),
        ("1: a\n", "key 1 is not a string"),
        (b"a: \xff\xfe\n", "not UTF-8"),
        ("a: &a [*a]\n", "deep"),
        ("a: 2024-13-45\n", "cannot read"),
        ("[" * 2000, "deep|YAML"),
        ("a: b\n" * 300_000, "larger than 1024 KiB"),
    ],
)
def test_hostile_input_is_refused_with_its_place(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert re.search(said, refuse(tmp_path, text))


def test_an_alias_bomb_is_refused_quickly(tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    assert "values" in refuse(tmp_path, "\n".join(levels))


def test_a_file_that_never_ends_is_refused() -> None:
    with pytest.raises(ConfigError, match="larger than 1024 KiB"):
        read_yaml(Path("/dev/zero"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("yaml")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_give_anything_but_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    path = tmp_path_factory.mktemp("y") / "x.yml"
    path.write_bytes(raw)
    try:
        assert read_yaml(path).file == "x.yml"
    except ConfigError as error:
        assert error.problems
