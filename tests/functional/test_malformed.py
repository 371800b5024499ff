"""Malformed lockgate.yml: exit status 2, every time, with a place and no traceback."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.cli import main

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
TEXT = (FLIGHTS / "lockgate.yml").read_text(encoding="utf-8")
DATA: dict[str, Any] = yaml.safe_load(TEXT)
Loc = tuple[str | int, ...]


def leaves(value: Any, loc: Loc = ()) -> Iterator[Loc]:
    """The paths of every scalar."""
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    if not children and not isinstance(value, dict | list):
        yield loc
    for key, child in children:
        yield from leaves(child, (*loc, key))


def damaged(loc: Loc, junk: Any) -> str:
    """The file with one scalar replaced."""
    data = copy.deepcopy(DATA)
    at: Any = data
    for key in loc[:-1]:
        at = at[key]
    at[loc[-1]] = junk
    return yaml.safe_dump(data, sort_keys=False)


def beside(loc: Loc) -> str:
    """The file with an unknown field beside a scalar of a model; '' where any name is allowed."""
    free = len(loc) < 2 or loc[-2] in ("test_env", "parameters") or not isinstance(loc[-1], str)
    return "" if free else damaged((*loc[:-1], "surprise!"), "x")


def doubled(number: int) -> str:
    """The file with one line written twice: a duplicate key."""
    lines = TEXT.splitlines()
    return "\n".join([*lines[: number + 1], lines[number], *lines[number + 1 :]])


LEAVES = list(leaves(DATA))
OPTIONAL = {"lock", "train", "reference", "champion", "memory", "stack_name", "region", "bucket"}
OPTIONAL |= {"least", "most"}  # of a relation's bounds, one is enough
# A plain `key: value` at the end of no longer block: written twice it is a duplicate key.
SINGLE = [
    i
    for i, line in enumerate(TEXT.splitlines())
    if line.strip()
    and line.rstrip()[-1] not in ":{[,|>"
    and ": " in line
    and not line.strip().startswith(("#", "-"))
]
VARIANTS = {
    **{f"{'.'.join(map(str, at))} is a mapping": damaged(at, {"surprise": [1]}) for at in LEAVES},
    **{f"{'.'.join(map(str, at))} is a list of lists": damaged(at, [[None]]) for at in LEAVES},
    **{
        f"{'.'.join(map(str, at))} is null": damaged(at, None)
        for at in LEAVES
        if at[-1] not in OPTIONAL or at[0] == "python"
    },
    **{f"unknown field beside {'.'.join(map(str, at))}": beside(at) for at in LEAVES if beside(at)},
    **{f"line {i + 1} twice": doubled(i) for i in SINGLE},
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flights without what a run leaves; only its lockgate.yml will be rewritten."""
    target = tmp_path_factory.mktemp("flights") / "flights"
    shutil.copytree(FLIGHTS, target, ignore=shutil.ignore_patterns("build", ".lockgate", "__pycache__"))
    return target


def ask(root: Path, text: str | bytes, *argv: str) -> int:
    (root / "lockgate.yml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return main([*argv, "--solution", str(root)])


def test_there_are_enough_of_them() -> None:
    assert len(VARIANTS) >= 200


def test_the_undamaged_file_is_accepted(root: Path) -> None:
    assert ask(root, TEXT, "plan") == 0


@pytest.mark.parametrize("name", VARIANTS)
def test_a_malformed_file_is_refused(root: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert ask(root, VARIANTS[name], "run") == 2
    said = capfd.readouterr().err
    assert "lockgate.yml" in said and "Traceback" not in said
    assert not (root / ".lockgate").exists()


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, len(TEXT)), cut=st.integers(0, 30), put=st.text(max_size=12))
def test_any_edit_is_accepted_or_refused_but_never_a_crash(root: Path, at: int, cut: int, put: str) -> None:
    text = TEXT[:at] + put + TEXT[at + cut :]
    assert ask(root, text.encode("utf-8", "surrogatepass"), "plan") in (0, 2)
