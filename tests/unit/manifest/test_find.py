from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.manifest.find import find_manifest

RUN = "20261122T205542Z-c38f15"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / ".lockgate" / "runs" / RUN
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    return tmp_path


def test_a_file_a_folder_and_a_run(root: Path) -> None:
    path = root / ".lockgate" / "runs" / RUN / "manifest.json"
    for reference in (str(path), str(path.parent), RUN):
        assert find_manifest(reference, root) == path


@pytest.mark.parametrize("reference", ["", "..", "nope", "a\x00b", "x" * 5_000, f"../{RUN}", "/"])
def test_anything_else_is_wrong_usage(root: Path, reference: str) -> None:
    with pytest.raises(UsageError):
        find_manifest(reference, root)


def test_a_slip_of_the_hand_is_understood(root: Path) -> None:
    with pytest.raises(UsageError) as refused:
        find_manifest(RUN[:-1], root)
    assert refused.value.hint == f"did you mean {RUN}?"
