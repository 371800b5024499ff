from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import pickle
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from helpers.models import ONNX, record, skops

from runner.components import BuildJob
from runner.components.trained_model import RECORDED, build
from runner.components.trusted_types import REVIEWED
from runner.config.schema import Model, Solution
from runner.errors import InfrastructureError, SolutionError, UsageError
from runner.judge import _skops_scores
from runner.model import Artifact

SOLUTION = Solution.model_validate({"solution": "s", "stages": {"unit": {"kind": "unit"}}})


class Evil:
    """Whoever loads it makes a file."""

    def __reduce__(self) -> Any:
        return (open, ("loaded", "w"))


def built(
    root: Path, data: bytes, name: str = "m.onnx", python: str = sys.executable, **more: Any
) -> Artifact:
    (root / name).write_bytes(data)
    if not (root / "m.json").exists():
        (root / "m.json").write_text(json.dumps(record(data)))
    component = Model(kind="model", path=name, record="m.json", **more)
    return build(BuildJob("m", root, root, root / "cache", SOLUTION, component, {}, Path(python)))


def environment(root: Path, script: str) -> str:
    """An interpreter of a solution, as far as the question goes that it is asked."""
    python = root / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\necho asked >> {root / 'asked'}\n{script}\n")
    python.chmod(0o755)
    return str(python)


def test_what_a_model_says_and_how_it_was_trained_go_with_it(tmp_path: Path) -> None:
    artifact = built(tmp_path, ONNX)
    assert artifact.facts["format"] == "onnx" and artifact.facts["opset"] == {"ai.onnx": 15}
    assert artifact.facts["record"]["seeds"] == {"random_state": 1}
    assert artifact.sha256 == hashlib.sha256(ONNX).hexdigest()


def test_a_record_that_no_manifest_could_carry_is_refused(tmp_path: Path) -> None:
    for levels, refused in ((30, False), (31, True), (900, True)):
        (tmp_path / "m.json").write_text(
            json.dumps(record())[:-1] + ', "deep": ' + "[" * levels + "]" * levels + "}"
        )
        with pytest.raises(SolutionError, match="nested deeper") if refused else contextlib.nullcontext():
            built(tmp_path, ONNX)


@pytest.mark.parametrize("name", RECORDED)
def test_a_record_that_lacks_something_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "m.json").write_text(json.dumps({**record(), name: None}))
    with pytest.raises(SolutionError, match=f"lacks {name}"):
        built(tmp_path, ONNX)


PICKLE = pickle.dumps(Evil())
DISGUISES = {
    "pickle 4": (PICKLE, "is a pickle"),
    "pickle 2": (pickle.dumps(Evil(), 2), "is a pickle"),
    "pickle 0": (pickle.dumps(Evil(), 0), "is a pickle"),
    "joblib zlib": (zlib.compress(PICKLE), "as joblib"),
    "joblib gzip": (gzip.compress(PICKLE), "as joblib"),
    "numpy": (b"\x93NUMPY\x01\x00", "a numpy array"),
    "torch": (skops(b"{}", data_pkl=PICKLE), "archive of pickles|is a pickle|no such model"),
}


@pytest.mark.parametrize("name", ["m.onnx", "m.skops", "m.parquet", "m.csv"])
@pytest.mark.parametrize("disguise", [name for name in DISGUISES if name != "torch"])
def test_a_pickle_is_refused_whatever_it_is_called_and_never_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, disguise: str
) -> None:
    monkeypatch.chdir(tmp_path)
    data, told = DISGUISES[disguise]
    with pytest.raises(SolutionError, match=told):
        built(tmp_path, data, name)
    assert not (tmp_path / "loaded").exists()


@pytest.mark.parametrize("name", ["m.onnx", "m.skops"])
def test_an_archive_of_pickles_is_refused_likewise(tmp_path: Path, name: str) -> None:
    data, told = DISGUISES["torch"]
    with pytest.raises(SolutionError, match=told):
        built(tmp_path, data, name)


def test_predictions_stand_for_a_model_and_are_not_opened_here(tmp_path: Path) -> None:
    for name, data in (("m.parquet", b"PAR1 whatever"), ("m.csv", b"id,y_true,y_score\n1,0,0.5\n")):
        (tmp_path / "m.json").unlink(missing_ok=True)
        found = built(tmp_path, data, name).facts
        assert (found["format"], found["opened"]) == ("predictions", False)
    with pytest.raises(SolutionError, match="no Parquet file"):
        built(tmp_path, b"id,y_true,y_score\n", "m.parquet")


def test_one_pickle_may_be_allowed_and_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    digest = hashlib.sha256(PICKLE).hexdigest()
    found = built(tmp_path, PICKLE, "m.joblib", allow_pickle_sha256=digest).facts
    assert (found["format"], found["opened"]) == ("pickle", False)
    assert not (tmp_path / "loaded").exists()
    with pytest.raises(SolutionError, match="not the one that allow_pickle_sha256 names"):
        built(tmp_path, pickle.dumps(1), "m.joblib", allow_pickle_sha256=digest)
    with pytest.raises(UsageError, match=r"m\.joblib"):
        built(tmp_path, PICKLE, "m.joblib")


def test_a_skops_file_may_hold_what_somebody_trusts(tmp_path: Path) -> None:
    known = sorted(REVIEWED)[0]
    python = environment(tmp_path, f"""echo '["{known}", "mine.Model"]'""")
    with pytest.raises(SolutionError, match=r"nobody trusts: mine\.Model"):
        built(tmp_path, skops(), "m.skops", python)
    artifact = built(tmp_path, skops(), "m.skops", python, trusted=("mine.Model",))
    assert artifact.facts["trusted_types"] == [known, "mine.Model"]
    assert artifact.facts["types"] == ["builtins.dict"]
    assert (tmp_path / "asked").read_text() == "asked\n"  # once, and then the answer is kept


@pytest.mark.parametrize(
    ("script", "kind", "told"),
    [
        (
            "echo \"ModuleNotFoundError: No module named 'skops'\"; exit 1",
            InfrastructureError,
            "has no skops",
        ),
        ("echo '[1]'", SolutionError, "cannot read it"),
        ("echo '[]'; exit 1", SolutionError, "cannot read it"),
        ("echo nonsense", SolutionError, "cannot read it: nonsense"),
        ("kill -9 $$", InfrastructureError, "did not say"),
    ],
)
def test_types_that_nobody_could_tell_are_never_trusted(
    tmp_path: Path, script: str, kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        built(tmp_path, skops(), "m.skops", environment(tmp_path, script))


def test_the_judges_process_reviewed_the_same_types() -> None:
    assert _skops_scores.REVIEWED == REVIEWED
