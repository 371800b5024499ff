"""The flights example by the real program: it passes as it is, and each way of breaking it is FAILED
(exit 1) with the cause on the last line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.whole_runs import Ran, run

from runner.adapters import shell
from runner.adapters.cache import cache_dir
from runner.config.load import load
from runner.environment import interpreter

pytestmark = pytest.mark.integration


def test_it_passes_with_real_checks_in_all_four_stages(passed: Ran) -> None:
    assert (passed.code, passed.status) == (0, "PASSED"), passed.manifest["verdict"]
    executed = {n: s["counts"]["executed"] for n, s in passed.manifest["stages"].items()}
    assert executed["unit"] >= 90 and executed["data"] >= 100
    assert executed["model"] >= 42 and executed["integration"] >= 20


def test_what_it_leaves(passed: Ran) -> None:
    left = {p.relative_to(passed.folder).as_posix() for p in passed.folder.rglob("*")}
    assert {"manifest.json", "report.html", "variables.env", "result.json"} <= left
    assert {f"junit/{stage}.xml" for stage in passed.manifest["stages"]} <= left
    report = (passed.folder / "report.html").read_text(encoding="utf-8")
    assert "PASSED" in report and report.count("<svg") >= 4


def test_the_manifest_names_what_was_judged(passed: Ran) -> None:
    manifest = passed.manifest
    assert manifest["schema"] == "lockgate.manifest/1" and manifest["complete"] is True
    assert set(manifest["components"]) == {"features", "predict", "model", "train", "stack"}
    assert all(len(c["sha256"]) == 64 for c in manifest["components"].values())
    predict = manifest["components"]["predict"]
    assert predict["executed"]["sha256"] != predict["sha256"], (
        "the sandbox runs another package, and it says so"
    )
    assert {"suites/unit", "stock:lambda"} <= set(manifest["judged"]["suite"])
    assert manifest["judged"]["data"] and manifest["judged"]["criteria"]


def test_nothing_of_the_stack_is_left(passed: Ran) -> None:
    result = json.loads((passed.folder / "stages/integration/result.json").read_bytes())
    removed = [c for c in result["checks"] if c["id"] == "stack:remove"]
    assert [c["status"] for c in removed] == ["PASSED"]


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        text = (root / path).read_text(encoding="utf-8")
        assert old in text, f"{path} no longer holds {old!r}: mend this test"
        (root / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    return damage


def null_a_carrier(root: Path) -> None:
    """A null where the contract forbids one, in the table itself."""
    import pandas as pd

    path = root / "build/data/flights.parquet"
    table = pd.read_parquet(path)
    table.loc[1000, "carrier"] = None
    table.to_parquet(path)


def swap_the_model(root: Path) -> None:
    """Another model, really trained with other parameters, in the place of the one that was recorded."""
    other = root.with_name("other")
    shutil.copytree(root, other, ignore=shutil.ignore_patterns(".lockgate"))
    edit("src/training/train.py", '"max_iter": 100', '"max_iter": 20')(other)
    python = interpreter(root, load(root), cache_dir())
    done = shell.run(
        [str(python), "-P", "-m", "training.train"],
        env=shell.clean_env({"PYTHONPATH": f"{other}/src:{other}/src/features"}),
        cwd=other,
    )
    assert done.code == 0, done.output
    shutil.copy(other / "build/model.onnx", root / "build/model.onnx")


def point_nowhere(root: Path) -> None:
    """A handler that is missing, and few golden rows: each is a worker that starts and fails."""
    edit("infra/solution.yml", "Handler: app.handler", "Handler: app.nothing")(root)
    edit("lockgate.yml", "rows: build/golden.jsonl", "rows: few.jsonl")(root)
    rows = (root / "build/golden.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (root / "few.jsonl").write_text("".join(rows[:3]), encoding="utf-8")


# What is done, what the last line must say, and the stages that are run ((): all of them). Where only one of
# them can find it, the others would say what they say of flights as it is.
BROKEN: dict[str, tuple[Callable[[Path], None], tuple[str, ...], tuple[str, ...]]] = {
    "a bug in features that raises": (
        edit("src/features/delay_features/moments.py", "hour * 60 + minute", "hour * 60 - minute"),
        ("build:model", "time_hour"),
        (),
    ),
    "a quiet bug in features": (
        edit("src/features/delay_features/vector.py", '"temp": (-40.0, 130.0)', '"temp": (-40.0, 60.0)'),
        ("unit", "test_features"),
        ("unit",),
    ),
    "a null where the contract forbids one": (null_a_carrier, ("data", "carrier", "null"), ("data",)),
    "labels shuffled before training": (
        edit("src/training/train.py", "train.late)", "np.random.default_rng(0).permutation(train.late))"),
        ("model", "metrics/"),
        ("model",),
    ),
    "a model file swapped for another": (
        swap_the_model,
        ("model", "another model", "training record"),
        ("model",),
    ),
    "predict answering the complement": (
        edit("src/predict/app.py", "float(probabilities[0, 1])", "1.0 - float(probabilities[0, 1])"),
        ("predict",),
        ("unit",),
    ),
    "a Lambda that points at a missing handler": (
        point_nowhere,
        ("integration", "nothing"),
        ("integration",),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_by(
    name: str, judged: Path, passed: Ran, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    damage, said, stages = BROKEN[name]
    root = tmp_path / "flights"
    shutil.copytree(judged, root, ignore=shutil.ignore_patterns("runs"))
    damage(root)
    if "shuffled" in name:
        edit("src/training/train.py", "import json\n", "import json\n\nimport numpy as np\n")(root)
    ran = run(root, capfd, *(f"--stage={stage}" for stage in stages))
    assert (ran.code, ran.status) == (1, "FAILED"), (ran.last, causes(ran))
    assert "FAILED" in ran.last and all(word in ran.last for word in said), ran.last


def causes(ran: Ran) -> dict[str, Any]:
    return {n: s["cause"] for n, s in ran.manifest["stages"].items()}
