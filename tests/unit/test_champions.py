"""What a model stage is handed of the champion: its bytes by digest, or why there is none."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.judging import CRITERIA, MODELS, checks_of, model_job

from runner import champions
from runner.champions import champion_of
from runner.deploying import World
from runner.judge.champion import FIRST
from runner.model import Artifact, Check, StageReport, StageResult, Status
from runner.remote.agent import placed
from runner.remote.send import relocated, send_solution
from runner.remote.store import FolderStore
from runner.stages import model
from runner.stages.champion import HANDED, absent_champion
from runner.stages.child import Handover
from runner.verdict import judge

RULES = {name: CRITERIA[name] for name in ("version", "task", "metrics")}
COMPARED = {"kind": "champion", "environment": "prod", "compare": [{"metric": "roc_auc", "margin": 0.05}]}
WORLD = World(say=lambda line: None)


def present(root: Path) -> Artifact:
    """A champion's file, in a cache that is not the solution's."""
    path = root / "cache" / "champion.onnx"
    path.parent.mkdir()
    shutil.copy(MODELS / "champion.onnx", path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    facts = {"environment": "prod", "release": 3}
    return Artifact(
        HANDED, "champion", str(path), digest, path.stat().st_size, "", "2026.11.23-1", facts=facts
    )


def judged(root: Path, handed: Artifact | None, **baseline: Any) -> StageReport:
    job = model_job(root, {**RULES, "baseline": {**COMPARED, **baseline}})
    return model.run(replace(job, artifacts={**job.artifacts, **({HANDED: handed} if handed else {})}))


def compared(report: StageReport) -> Check:
    return checks_of(report)["champion/roc_auc"]


def test_the_champion_that_was_handed_over_is_compared_with_and_named(tmp_path: Path) -> None:
    handed = present(tmp_path)
    report = judged(tmp_path / "small", handed)
    assert compared(report).status is Status.PASSED
    assert report.evidence.facts["champion"] == {**handed.facts, "sha256": handed.sha256}
    Path(handed.path).write_bytes(b"another")
    assert "not sha256" in compared(judged(tmp_path / "small", handed)).cause


def test_no_champion_is_an_error_with_its_cause(tmp_path: Path) -> None:
    for handed, told in (
        (None, "was not handed to the stage"),
        (absent_champion("the ledger is away"), "the ledger is away"),
        (absent_champion("the ledger is away", first=False), "the ledger is away"),
    ):
        check = compared(judged(tmp_path, handed, first_release="allow"))
        assert check.status is Status.ERROR and told in check.cause


def test_a_first_release_passes_only_where_the_criteria_allow_it(tmp_path: Path) -> None:
    first = absent_champion("nothing was released to prod yet", first=True)
    refused = judged(tmp_path, first)
    assert compared(refused).status is Status.ERROR and "nothing was released" in compared(refused).cause
    allowed = judged(tmp_path, first, first_release="allow")
    assert compared(allowed).status is Status.SKIPPED and FIRST in compared(allowed).cause
    assert allowed.evidence.facts["allowed"] == [f"{FIRST} in prod"]
    assert "first release allowed" in allowed.judged[0].facts["limits"]["champion/roc_auc"]["against"]
    result = StageResult("model", "model", allowed.status, report=allowed)
    assert judge([result], ["model"]).reason.endswith(f"in 1 stage; allowed: {FIRST} in prod")
    silent = replace(result, report=replace(allowed, evidence=refused.evidence))
    assert "allowed" not in judge([silent], ["model"]).reason


@pytest.mark.parametrize(
    "baseline",
    [
        {"path": "old.onnx"},
        {"environment": None, "first_release": "allow"},
        {"compare": []},
    ],
)
def test_baselines_that_contradict_themselves_are_refused(tmp_path: Path, baseline: dict[str, Any]) -> None:
    from runner.errors import ConfigError

    with pytest.raises(ConfigError):
        judged(tmp_path, None, **baseline)


def test_only_criteria_that_name_an_environment_need_one(tmp_path: Path) -> None:
    for criteria in (
        RULES,
        {**RULES, "baseline": {**COMPARED, "environment": None, "path": "old.onnx"}},
        "[",
    ):
        stage = model_job(tmp_path, criteria).stage
        assert champion_of(tmp_path, stage, tmp_path, WORLD, real=False) is None  # type: ignore[arg-type]


def of_environment(
    root: Path, patch: pytest.MonkeyPatch, status: dict[str, Any], place: dict[str, Any]
) -> Artifact:
    """What is handed over of an environment that is in this state."""
    known = {"good": None, "holding": None, "differences": (), **status}
    aws = SimpleNamespace(name="prod", aws=None, stack_name="s", bucket="b", **place)
    patch.setattr(champions, "place_of", lambda *_, **__: aws)
    patch.setattr(champions, "status_of", lambda *_: SimpleNamespace(**known))
    patch.setattr(champions, "read_running", lambda *_: SimpleNamespace(status=""))
    stage = model_job(root, {**RULES, "baseline": {**COMPARED, "first_release": "allow"}}).stage
    found = champion_of(root, stage, root, WORLD, real=True)  # type: ignore[arg-type]
    assert found is not None and found.facts["built"] is False
    return found


def test_what_is_being_changed_or_was_has_no_champion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding = SimpleNamespace(by="ann", what="deploy 4")
    for state, why in (
        ({"holding": holding}, "being changed by ann (deploy 4)"),
        ({"differences": ("model is 9",)}, "it differs from its release: model is 9"),
    ):
        found = of_environment(tmp_path, monkeypatch, {"good": object(), **state}, {})
        assert found.facts["first"] is False and why in found.facts["why"]


@pytest.mark.parametrize("is_sandbox", [True, False])
def test_without_its_bucket_only_a_sandbox_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_sandbox: bool
) -> None:
    """In a real AWS a bucket that is not found may be a wrong name, or another account."""
    place = {"has_bucket": lambda: False, "is_sandbox": is_sandbox}
    assert of_environment(tmp_path, monkeypatch, {}, place).facts["first"] is is_sandbox


def test_it_travels_to_where_the_stage_runs(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    store, handed = FolderStore(tmp_path / "store"), present(tmp_path)
    for artifact in (handed, absent_champion("nobody knows")):
        handover = Handover("run", "python", {HANDED: artifact})
        _, files = send_solution(here, handover, (), (), store)
        arrived = placed(relocated(handover, here), there).artifacts[HANDED]
        assert arrived.facts == artifact.facts
        if artifact is handed:
            assert set(files.values()) == {handed.sha256}
            assert Path(arrived.path).relative_to(there).as_posix() in files
            assert arrived.path.endswith(".onnx")
        else:
            assert not files


def test_dummies_are_compared_with_in_pairs_too(tmp_path: Path) -> None:
    dummy = {"kind": "dummy", "strategy": "prior", "compare": [{"metric": "roc_auc", "margin": 0.01}]}
    report = model.run(model_job(tmp_path, json.dumps({**RULES, "baseline": dummy})))
    check = checks_of(report)["dummy/roc_auc"]
    assert check.status is Status.PASSED and check.measured.endswith("better")
    assert report.judged[0].facts["limits"]["dummy/roc_auc"]["against"] == "prior dummy"
