from __future__ import annotations

import os
from pathlib import Path

import pytest
from helpers.permissions import without_override

from runner.adapters.files import sha256_inputs, sha256_tree, walk, write_atomic
from runner.errors import InfrastructureError, UsageError


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


def below(folder: Path, **how: bool) -> list[str]:
    return [p.relative_to(folder).as_posix() for p in walk(folder, **how)]


def test_a_folder_with_two_names_is_there_under_both(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "a.py").touch()
    (tmp_path / "alias").symlink_to("pkg")
    (tmp_path / "pkg" / "round").symlink_to("../pkg")
    assert below(tmp_path) == ["alias/a.py", "pkg/a.py"]
    assert below(tmp_path, links=False) == ["pkg/a.py"]


def test_links_that_multiply_end(tmp_path: Path) -> None:
    for n in range(18):  # 2**18 names; Linux follows 40 links in a path, at times half as many
        (tmp_path / f"d{n}").mkdir()
        for name in "xy":
            (tmp_path / f"d{n}" / name).symlink_to(f"../d{n + 1}")
    with pytest.raises(InfrastructureError, match="again and again"):
        below(tmp_path)


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_what_cannot_be_listed_is_not_taken_for_empty(tmp_path: Path, mode: int) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "a.py").touch()
    (tmp_path / "closed").chmod(mode)
    with without_override():
        with pytest.raises(InfrastructureError, match="cannot be looked into: Permission denied"):
            below(tmp_path)
        assert below(tmp_path, links=False) == []
