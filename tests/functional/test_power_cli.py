"""`lockgate power`: what it answers, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from runner.cli import main

AREA = ["power", "--metric", "roc_auc", "--expected", "0.78", "--disagreement", "0.06", "--margin", "0.005"]


def test_how_many_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*AREA, "--positives", "0.2", "--loss", "0.002"]) == 0
    out = capsys.readouterr().out
    assert "an equal model passes a margin of 0.005 in 80% of comparisons: from about" in out
    assert "a loss of 0.002 is told in 80%" in out


def test_what_so_many_rows_tell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*AREA, "--rows", "10000", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == 10_000
    assert 0.9 < found["passes"] < 1
    assert 0 < found["smallest_loss"] < 0.005


def pilot(folder: Path, **more: object) -> Path:
    dice = np.random.default_rng(1)
    y = (dice.random(2000) < 0.3).astype(int)
    scores = 1 / (1 + np.exp(-(2 * y - 1 + dice.normal(size=(2, 2000)) + dice.normal(size=2000))))
    frame = pd.DataFrame({"y_true": y, "y_score": scores[0], "champion_score": scores[1], **more})
    frame.to_parquet(folder / "pilot.parquet")
    return folder / "pilot.parquet"


@pytest.mark.parametrize(
    "metric", ["roc_auc", "accuracy", "average_precision", "log_loss", "mean_absolute_error"]
)
def test_measured_on_a_pilot(metric: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = pilot(tmp_path)
    assert main(["power", "--metric", metric, "--margin", "0.01", "--pilot", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows_to_pass"] > 1000


def test_clusters_of_a_pilot_need_more_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dice = np.random.default_rng(2)
    day = np.repeat(np.arange(100), 20)
    moved = dice.normal(size=100)[day] * 0.1
    y = dice.normal(size=2000)
    frame = pd.DataFrame({"y_true": y, "y_score": y + 1 + moved, "champion_score": y + 1, "day": day})
    frame.to_parquet(tmp_path / "pilot.parquet")
    asked = ["power", "--metric", "mean_absolute_error", "--margin", "0.01", "--json"]
    asked += ["--pilot", str(tmp_path / "pilot.parquet")]
    counts = []
    for more in ([], ["--group", "day"]):
        assert main([*asked, *more]) == 0
        counts.append(json.loads(capsys.readouterr().out)["rows_to_tell"])
    assert counts[1] > 10 * counts[0]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--metric", "roc_aux", "--margin", "1"], "did you mean 'roc_auc'"),
        (["--metric", "roc_auc", "--margin", "nan"], "not above 0"),
        (["--metric", "roc_auc", "--margin", "inf"], "not above 0"),
        (["--metric", "accuracy", "--margin", "0.01", "--disagreement", "1.5"], "not between 0 and 1"),
        (["--metric", "accuracy", "--margin", "0.01", "--disagrement", "0.1"], "--disagreement"),
        (["--metric", "accuracy", "--margin", "0.01"], "needs --disagreement"),
        (["--metric", "accuracy", "--margin", "0.1", "--disagreement", "0.06"], "cannot lose 0.1"),
        (["--metric", "r2", "--margin", "0.1", "--expected", "0.5"], "--pilot"),
        (["--metric", "accuracy", "--margin", "0.1", "--rows", "0"], "--rows"),
    ],
)
def test_refused(argv: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power", *argv]) == 2
    told = capsys.readouterr()
    assert words in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("metric", "more", "code", "words"),
    [
        ("roc_auc", ["--champion", "champion_scor"], 2, "did you mean 'champion_score'"),
        ("roc_auc", ["--expected", "0.8"], 2, "--expected is measured on the pilot"),
        ("roc_auc", ["--candidate", "word"], 2, "not numeric"),
        ("roc_auc", ["--candidate", "hole"], 2, "NaN"),
        ("expected_calibration_error", [], 2, "cannot be told from fewer rows"),
        ("ndcg", [], 2, "a query column"),
        ("roc_auc", ["--group", "several"], 2, "'several' is not of plain values"),
        ("roc_auc", ["--candidate", "champion_score"], 2, "0 rows or clusters carry a difference of roc_auc"),
    ],
)
def test_a_pilot_that_tells_nothing(
    metric: str, more: list[str], code: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = pilot(tmp_path, word="a", hole=np.nan, several=[[1]] * 2000)
    assert main(["power", "--metric", metric, "--margin", "0.01", "--pilot", str(path), *more]) == code
    assert words in capsys.readouterr().err


def test_no_pilot_is_no_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no table PAR1")
    for name in ("nowhere.parquet", "broken.parquet"):
        asked = ["power", "--metric", "roc_auc", "--margin", "0.01", "--pilot", str(tmp_path / name)]
        assert main(asked) == 3
        assert "cannot be read" in capsys.readouterr().err
