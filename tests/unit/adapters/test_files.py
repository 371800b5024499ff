from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.adapters.files import sha256_inputs, sha256_tree, walk, write_atomic
from runner.errors import UsageError


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_atomic(path, b"old")
    with pytest.raises(TypeError):
        write_atomic(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["f"]


def test_a_trees_digest_is_that_of_its_names_and_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "a").write_text("x")
    (tmp_path / "two" / "__pycache__").mkdir()
    (tmp_path / "two" / "__pycache__" / "a.pyc").write_text("y")
    assert sha256_tree(tmp_path / "one") == sha256_tree(tmp_path / "two")
    (tmp_path / "two" / "sub" / "a").rename(tmp_path / "two" / "sub" / "b")
    assert sha256_tree(tmp_path / "one") != sha256_tree(tmp_path / "two")


def test_walk_is_sorted_within_a_folder(tmp_path: Path) -> None:
    for name in "cab":
        (tmp_path / name).touch()
    assert [p.name for p in walk(tmp_path)] == ["a", "b", "c"]


def test_inputs_that_are_missing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'nope' does not exist"):
        sha256_inputs(tmp_path, ["nope"])


def test_the_salt_and_each_input_move_the_key(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    keys = {sha256_inputs(tmp_path, names, salt) for names, salt in [(["a"], "x"), (["a"], "y"), ([], "x")]}
    (tmp_path / "a").write_text("2")
    assert len(keys | {sha256_inputs(tmp_path, ["a"], "x")}) == 4


def test_what_a_link_leads_to_is_part_of_the_tree_and_a_circle_ends(tmp_path: Path) -> None:
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "v").write_text("1")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "common").symlink_to("../common")
    (tmp_path / "common" / "round").symlink_to("../common")
    before = sha256_tree(tmp_path / "src")
    (tmp_path / "common" / "v").write_text("2")
    assert sha256_tree(tmp_path / "src") != before


def test_pipes_and_links_to_nowhere_are_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dead").symlink_to("nowhere")
    assert list(walk(tmp_path)) == []
