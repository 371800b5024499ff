"""What a verification says of a genuine manifest: artifacts, policy, development keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from helpers.signed_runs import STARTED, Left, key, keys, sha, signed

from runner.errors import ConfigError
from runner.evidence.finding import Outcome, exit_code
from runner.evidence.policy import Policy, key_files, read_policy
from runner.evidence.verify import Expectations, verify
from runner.model import Status

NOW = datetime.fromisoformat(STARTED) + timedelta(hours=1)
RULES: dict[str, Any] = {
    "solution": "tiny",
    "allow_development_key": True,
    "stages": {"unit": {"min_checks": 2}, "data": {}},
}


class Case:
    def __init__(self, place: Path) -> None:
        self.key, self.place = key(place), place
        self.left = signed(place / "run", self.key)
        self.wanted = Expectations(keys(self.key), frozenset(keys(self.key)))

    def policy(self, **rules: Any) -> Expectations:
        found = Policy.model_validate({**RULES, "signers": [f"sha256:{self.key.keyid}"], **rules})
        return replace(self.wanted, policy=found)

    def code(self, wanted: Expectations, left: Left | None = None) -> int:
        run = left or self.left
        return exit_code(verify(run.manifest.read_bytes(), run.bundle.read_bytes(), wanted, NOW))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("case"))


def test_without_a_policy_it_is_authentic_and_passed(case: Case) -> None:
    assert case.code(case.wanted) == 0


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"branches": ["main", "d*"]},
        {"commit": "c" * 40},
        {"max_age": "1h"},
        {"max_age": "30d"},
        {"statements": ["sbom-*", "data-validation"]},
    ],
)
def test_a_policy_that_is_met(case: Case, rules: dict[str, Any]) -> None:
    assert case.code(case.policy(**rules)) == 0


@pytest.mark.parametrize(
    "rules",
    [
        {"allow_development_key": False},
        {"solution": "other"},
        {"stages": {"model": {}}},
        {"stages": {"unit": {"min_checks": 3}}},
        {"branches": ["main"]},
        {"commit": "d" * 40},
        {"statements": ["mlbom-*"]},
    ],
    ids=str,
)
def test_a_policy_that_is_not_met(case: Case, rules: dict[str, Any]) -> None:
    assert case.code(case.policy(**rules)) == 1


@pytest.mark.parametrize(
    "change", [{"tree_clean": False}, {"tree_clean": None}, {"complete": False}, {"branch": ""}]
)
def test_the_careful_defaults(case: Case, tmp_path: Path, change: dict[str, Any]) -> None:
    run = signed(tmp_path, case.key, **change)
    lenient = {"clean": False, "complete": False}
    assert case.code(case.policy(branches=["dev"]), run) == 1
    assert case.code(case.policy(**lenient), run) == 0


@pytest.mark.parametrize(("age", "code"), [("1h", 0), ("2h", 0), ("1d", 0)])
def test_age(case: Case, age: str, code: int) -> None:
    assert case.code(case.policy(max_age=age)) == code


@pytest.mark.parametrize(
    ("started", "code"),
    [
        ("2026-11-22T11:04:00+00:00", 0),  # a clock that is a little ahead
        ("2026-11-22T11:06:00+00:00", 1),
        ("2026-11-22T10:00:01+00:00", 0),
        ("2026-11-22T09:59:59+00:00", 1),
        ("2026-11-22T11:30:00+01:00", 0),
    ],
)
def test_age_at_its_limits(case: Case, tmp_path: Path, started: str, code: int) -> None:
    assert case.code(case.policy(max_age="1h"), signed(tmp_path, case.key, started=started)) == code


def test_unit_tests_alone_release_nothing(case: Case, tmp_path: Path) -> None:
    run = signed(tmp_path, case.key)
    only = case.policy(stages={"unit": {}})
    assert case.code(only, run) == 0  # the data stage passed too
    from runner.evidence.policy import _stages
    from runner.manifest.read import parse_manifest

    fields = parse_manifest(run.manifest.read_bytes()).fields
    alone = fields.model_copy(update={"stages": {"unit": fields.stages["unit"]}})
    assert only.policy is not None
    assert [f.outcome for f in _stages(only.policy, alone)] == [Outcome.OK, Outcome.REFUSED]


def test_a_failed_run_releases_nothing(case: Case, tmp_path: Path) -> None:
    run = signed(tmp_path, case.key, bad=Status.FAILED)
    assert case.code(case.wanted, run) == 1


def test_a_signer_that_the_policy_does_not_name(case: Case) -> None:
    stranger = replace(case.policy(), allowed=frozenset({"0" * 64}))
    assert case.code(stranger) == 1


@pytest.fixture
def shop(case: Case, tmp_path: Path) -> Path:
    """The components' files, one of them by a name of its own."""
    (tmp_path / sha("a model")).write_bytes(b"a model")
    (tmp_path / "predict.zip").write_bytes(b"a zip")
    (tmp_path / "another.zip").write_bytes(b"a zap")
    return tmp_path


def with_artifacts(case: Case, folder: Path) -> Expectations:
    return replace(case.wanted, artifacts=folder)


def test_artifacts_are_found_by_digest(case: Case, shop: Path) -> None:
    assert case.code(with_artifacts(case, shop)) == 0
    assert case.code(with_artifacts(case, case.left.folder / "components")) == 0


def _swap(folder: Path) -> None:
    (folder / sha("a model")).write_bytes(b"a moddl")


def _lose(folder: Path) -> None:
    (folder / "predict.zip").unlink()


@pytest.mark.parametrize(("edit", "code"), [(_swap, 1), (_lose, 3)])
def test_an_artifact_that_is_another_or_not_there(
    case: Case, shop: Path, edit: Callable[[Path], None], code: int
) -> None:
    edit(shop)
    assert case.code(with_artifacts(case, shop)) == code


POLICY = """\
solution: tiny
signers: [keys/release.pem, "sha256:%s"]
stages: {unit: {min_checks: 3}, data: {}}
""" % ("0" * 64)  # fmt: skip


def test_a_policy_is_read_and_careful(tmp_path: Path) -> None:
    (tmp_path / "policy.yml").write_text(POLICY)
    found = read_policy(tmp_path / "policy.yml")
    assert (found.clean, found.complete, found.allow_development_key) == (True, True, False)
    assert key_files(found, tmp_path / "policy.yml") == [tmp_path / "keys" / "release.pem"]


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", "a: &a [*a]", "solution: tiny",
        POLICY + "surprise: 1", POLICY + "solution: other", POLICY + "max_age: 7", POLICY + "max_age: 1w",
        POLICY + "commit: HEAD", POLICY + "version: 2", POLICY + "clean: maybe",
        POLICY.replace("min_checks: 3", "min_checks: 0"), POLICY.replace("release.pem", "release"),
        "solution: tiny\nsigners: []\nstages: {unit: {}}", "solution: tiny\nsigners: [a.pem]\nstages: {}",
    ],
)  # fmt: skip
def test_a_policy_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "policy.yml").write_text(text)
    with pytest.raises(ConfigError):
        read_policy(tmp_path / "policy.yml")
    with pytest.raises(ConfigError):
        read_policy(tmp_path / "nowhere.yml")
