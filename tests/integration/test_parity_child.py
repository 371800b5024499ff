"""The child process that opens a skops model, with the real skops of the flights example's environment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.judging import checks_of, model_job

from runner.adapters import shell
from runner.config.load import load
from runner.environment import solution_python
from runner.judge.parity import reference_scores
from runner.judge.predictions import BINARY, REGRESSION, CannotCompute
from runner.model import Check, Status
from runner.stages import model

pytestmark = pytest.mark.integration
FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"

MAKE = """
import sys
import numpy as np, skops.io
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

x = np.load("x.npy")
y = x[:, 0] + x[:, 1] > 0
classifier = HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(x, y)
regressor = HistGradientBoostingRegressor(max_iter=5, random_state=0).fit(x, x[:, 0])
np.save("proba.npy", classifier.predict_proba(x))
np.save("value.npy", regressor.predict(x))
skops.io.dump(classifier, "classifier.skops")
skops.io.dump(regressor, "regressor.skops")
other = HistGradientBoostingClassifier(max_iter=4, random_state=0).fit(x, y)
skops.io.dump(other, "other.skops")

class Payload:
    def __reduce__(self):
        return open, ("owned", "w")

classifier.payload_ = Payload()
skops.io.dump(classifier, "hostile.skops")
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from conftest import CACHE

    log = tmp_path_factory.mktemp("environment") / "pip.log"
    return solution_python(FLIGHTS, load(FLIGHTS), CACHE, log)


@pytest.fixture(scope="module")
def made(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models, one with a hidden payload, and their predictions."""
    folder = tmp_path_factory.mktemp("models")
    np.save(folder / "x.npy", np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32))
    done = shell.run([str(python), "-c", MAKE], cwd=folder)
    assert done.code == 0, done.output
    return folder


def test_the_child_predicts_what_scikit_learn_predicted(python: Path, made: Path) -> None:
    x = np.load(made / "x.npy")
    proba = reference_scores(python, made / "classifier.skops", x, BINARY)
    assert (proba == np.load(made / "proba.npy")).all()
    value = reference_scores(python, made / "regressor.skops", x, REGRESSION)
    assert (value == np.load(made / "value.npy")).all()


def test_a_type_that_nobody_reviewed_is_refused_by_name_and_not_built(python: Path, made: Path) -> None:
    with pytest.raises(CannotCompute, match=r"untrusted types: .*Payload"):
        reference_scores(python, made / "hostile.skops", np.load(made / "x.npy"), BINARY)
    assert not (made / "owned").exists()


def test_bytes_that_are_no_skops_file_have_a_cause_of_one_line(python: Path, tmp_path: Path) -> None:
    (tmp_path / "m.skops").write_bytes(b"PK\x03\x04 no")
    with pytest.raises(CannotCompute, match=r"m\.skops cannot be used \(exit status 1\)") as refusal:
        reference_scores(python, tmp_path / "m.skops", np.zeros((2, 2), np.float32), BINARY)
    assert "\n" not in str(refusal.value)


def test_an_interpreter_without_skops_is_an_error(made: Path, tmp_path: Path) -> None:
    import sys

    with pytest.raises(CannotCompute, match="skops"):
        reference_scores(Path(sys.executable), made / "classifier.skops", np.load(made / "x.npy"), BINARY)


def stage(root: Path, python: Path, made: Path, name: str) -> dict[str, Check]:
    """The checks of a skops candidate, compared with a skops champion."""
    root.mkdir(exist_ok=True)
    x = np.load(made / "x.npy")
    columns = [f"f{n}" for n in range(4)]
    noisy = x[:, 0] + x[:, 1] + np.random.default_rng(1).normal(size=len(x))
    frame = pd.DataFrame(x, columns=columns).assign(y=(noisy > 0).astype(int))
    frame.to_parquet(root / "evaluation.parquet", index=False)
    (root / "old.skops").write_bytes((made / "other.skops").read_bytes())
    compared = [{"metric": "log_loss", "margin": 0.2}]
    criteria = {
        "version": 1, "task": BINARY, "metrics": [{"metric": "roc_auc", "min": 0.6}],
        "baseline": {"kind": "champion", "path": "old.skops", "compare": compared},
    }  # fmt: skip
    asked = {"source": "evaluation.parquet", "label": "y", "features": columns}
    return checks_of(
        model.run(replace(model_job(root, criteria, made / name, evaluation=asked), python=python))
    )


def test_a_skops_candidate_is_compared_with_a_skops_champion(
    python: Path, made: Path, tmp_path: Path
) -> None:
    checks = stage(tmp_path, python, made, "classifier.skops")
    assert {check.status for check in checks.values()} == {Status.PASSED}, checks
    assert checks["opens"].limit == "a scikit-learn model of 4 float features"


def test_a_hostile_skops_candidate_is_refused_unopened(python: Path, made: Path, tmp_path: Path) -> None:
    checks = stage(tmp_path, python, made, "hostile.skops")
    assert checks["opens"].status is Status.ERROR and "untrusted types" in checks["opens"].cause
    assert not (made / "owned").exists() and checks["champion/log_loss"].status is Status.SKIPPED
