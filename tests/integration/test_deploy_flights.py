"""Flights in production: a release, a new model by canary, new features by canary, the old model back alone.

Real Lambdas with a real ONNX model answer at each step, and what runs is held against each release's digests.
The first release is the whole program: `lockgate run`, `sign`, `deploy`. The others train or build what they
change for real, and are judged by fewer stages, to be done in time.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.customers import Customers
from helpers.releases import function_of
from helpers.whole_runs import Ran

from runner.adapters.aws import Aws, sandbox_target
from runner.attest import public_half
from runner.cli import main
from runner.deploying import Asked
from runner.release.records import Ended
from runner.releasing import deploy
from runner.sandbox.choose import URL
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration
STACK = "flights-prod"
FUNCTIONS = {"features": "FeaturesFunction", "predict": "PredictFunction"}


@pytest.fixture(scope="module")
def aws(passed: Ran, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """A sandbox that is production, and where the later runs have their test stacks; a signer's own key."""
    folder = tmp_path_factory.mktemp("flights-prod")
    with start_embedded(folder / "log") as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setenv(URL, sandbox.url)
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        yield Aws(sandbox_target(sandbox.url))


@dataclass
class Production:
    """What answers behind the live aliases, and what those run."""

    aws: Aws
    rows: Sequence[dict[str, Any]]

    def probability(self) -> float:
        return float(self.answer("PredictFunction", self.features())["probability"])

    def features(self) -> dict[str, Any]:
        return self.answer("FeaturesFunction", self.rows[0]["event"])

    def answer(self, logical: str, event: Any) -> dict[str, Any]:
        told = self.aws.invoke(f"{function_of(self.aws, STACK, logical)}:live", event)
        assert not told.error, told
        return dict(told.answer)

    def digests(self) -> dict[str, str]:
        """Component -> sha256 of the code that its alias runs, of the model that predict serves."""
        found = {name: self._configuration(logical) for name, logical in FUNCTIONS.items()}
        codes = {name: base64.b64decode(told["CodeSha256"]).hex() for name, told in found.items()}
        return {**codes, "model": found["predict"]["Environment"]["Variables"]["MODEL_SHA256"]}

    def _configuration(self, logical: str) -> dict[str, Any]:
        name = function_of(self.aws, STACK, logical)
        return self.aws.call("lambda", "get_function_configuration", FunctionName=name, Qualifier="live")


def digests(run: Path) -> dict[str, str]:
    """What a manifest says of the same; of code, what the sandbox's Python executed."""
    components = json.loads((run / "manifest.json").read_bytes())["components"]
    return {
        name: (components[name].get("executed") or components[name])["sha256"]
        for name in (*FUNCTIONS, "model")
    }


def copied(root: Path, place: Path) -> Path:
    """A checkout beside another one, with what that has built and trained."""
    return Path(shutil.copytree(root, place, ignore=shutil.ignore_patterns("runs")))


def configured(root: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = root / "lockgate.yml"
    config = yaml.safe_load(path.read_text())
    prod = config["environments"]["prod"]
    prod["traffic"] = "canary-50-percent-1-minute"
    prod["canary"] |= {"min_requests": 45, "looks": 3, "latency_floor_ms": 50.0}
    config["stages"]["unit"] = {"suites": ["stock:lambda"]}
    change(config)
    path.write_text(yaml.safe_dump(config))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{path} no longer holds {old!r}: mend this test"
    path.write_text(text.replace(old, new))


def released(root: Path, customers: Customers) -> Path:
    """Judged, signed, deployed by canary; the run's folder."""
    run = signed(root)
    said: list[str] = []
    asked = Asked(root, "prod", str(run), keys=(public_half(),))
    done = deploy(asked, customers.world(say=said.append))
    assert done.outcome is not None and done.outcome.ended is Ended.SUCCEEDED, (done.outcome, said)
    assert 0.5 in {share for _, others in customers.seen for share in others.values()}
    assert any("canary" in line or "look 3 of 3" in line for line in said)
    return run


def signed(root: Path) -> Path:
    assert main(["run", "--solution", str(root)]) == 0
    (manifest,) = (root / ".lockgate/runs").glob("*/manifest.json")
    assert main(["sign", str(manifest.parent)]) == 0
    return manifest.parent


def with_a_new_model(judged: Path, place: Path) -> Path:
    """Trained for real, with fewer trees; its golden rows are replayed in its own test stack."""
    root = copied(judged, place)
    edit(root / "src/training/train.py", '"max_iter": 100', '"max_iter": 60')

    def change(config: dict[str, Any]) -> None:
        del config["stages"]["data"], config["stages"]["model"]
        config["stages"]["integration"]["needs"] = ["unit"]

    configured(root, change)
    return root


def with_new_features(other: Path, place: Path) -> Path:
    """Other code of `features`, which says so; the model is the other one's, and is not trained again."""
    root = copied(other, place)
    edit(root / "src/features/app.py", '"names": list(NAMES)}', '"names": list(NAMES), "edition": [2]}')

    def change(config: dict[str, Any]) -> None:
        del config["stages"]["integration"]
        model = config["components"]["model"]
        config["components"]["model"] = {name: model[name] for name in ("kind", "path", "record")}

    configured(root, change)
    return root


def test_each_release_runs_as_it_was_judged_and_the_old_model_comes_back_alone(
    aws: Aws, judged: Path, passed: Ran, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(judged, tmp_path / "flights"))
    run = root / passed.folder.relative_to(judged)
    assert main(["sign", str(run)]) == 0
    told = ["--env", "prod", "--solution", str(root)]
    assert main(["deploy", str(run), *told]) == 0
    rows = [json.loads(line) for line in (root / "build/golden.jsonl").read_text().splitlines()]
    production = Production(aws, rows)
    assert production.digests() == digests(run)
    first = production.probability()
    assert first == pytest.approx(rows[0]["expected"]["probability"], abs=1e-6)

    vectors = [production.answer("FeaturesFunction", row["event"]) for row in rows]
    travellers = Customers(aws, STACK, "PredictFunction", lambda p: vectors[int(p * len(vectors))])
    modelled = with_a_new_model(root, tmp_path / "modelled")
    second = released(modelled, travellers)
    assert production.digests() == digests(second)
    assert production.digests()["predict"] == digests(run)["predict"]
    assert abs(production.probability() - first) > 1e-4
    assert main(["status", *told]) == 0

    travellers = Customers(aws, STACK, "FeaturesFunction", lambda p: rows[int(p * len(rows))]["event"])
    third = released(with_new_features(modelled, tmp_path / "featured"), travellers)
    assert production.digests() == digests(third)
    assert digests(third)["model"] == digests(second)["model"]
    assert production.features()["edition"] == [2]
    assert main(["status", *told]) == 0

    # These never ran together: the integration suites judge them first, on a test stack.
    assert main(["rollback", "--component", "model", *told]) == 0
    assert production.digests() == {**digests(third), "model": digests(run)["model"]}
    assert production.features()["edition"] == [2]
    assert production.probability() == first
    assert main(["status", *told]) == 0
