"""What a verification says of a genuine manifest: artifacts, policy, development keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from helpers.signed_runs import STARTED, Left, key, keys, sha, signed

from runner.errors import ConfigError
from runner.evidence.bundle import bundle
from runner.evidence.finding import Outcome, exit_code
from runner.evidence.policy import Policy, _stages, key_files, read_policy
from runner.evidence.verify import Expectations, verify
from runner.manifest.build import canonical, pin
from runner.manifest.read import parse_manifest
from runner.manifest.schema import Manifest
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
    fields = parse_manifest(run.manifest.read_bytes()).fields
    alone = fields.model_copy(update={"stages": {"unit": fields.stages["unit"]}})
    assert only.policy is not None
    assert [f.outcome for f in _stages(only.policy, alone)] == [Outcome.OK, Outcome.REFUSED]


def _as(manifest: Manifest, **changes: Any) -> Manifest:
    """The manifest with its data stage changed."""
    stage = manifest.stages["data"].model_copy(update=changes)
    return manifest.model_copy(update={"stages": {**manifest.stages, "data": stage}})


@pytest.mark.parametrize("kind", ["unit", "", "model", "anything"])
def test_a_stage_is_what_its_kind_says_not_its_name(case: Case, kind: str) -> None:
    """Unit tests in a stage called `data` are no data validation."""
    fields = parse_manifest(case.left.manifest.read_bytes()).fields
    policy = case.policy(stages={"data": {}}).policy
    assert policy is not None
    assert Outcome.REFUSED not in [f.outcome for f in _stages(policy, fields)]
    assert Outcome.REFUSED in [f.outcome for f in _stages(policy, _as(fields, kind=kind))]


def test_a_policy_says_of_which_kind_a_stage_with_another_name_is(case: Case) -> None:
    fields = parse_manifest(case.left.manifest.read_bytes()).fields
    fields = fields.model_copy(update={"stages": {"tables": fields.stages["data"]}})
    for rule, outcome in (
        ({}, Outcome.OK),
        ({"kind": "data"}, Outcome.OK),
        ({"kind": "model"}, Outcome.REFUSED),
    ):
        policy = case.policy(stages={"tables": rule}).policy
        assert policy is not None
        assert [f.outcome for f in _stages(policy, fields)] == [outcome]


def test_a_stage_of_a_kind_that_nobody_knows_is_more_than_unit_tests_to_nobody(case: Case) -> None:
    fields = parse_manifest(case.left.manifest.read_bytes()).fields
    policy = case.policy(stages={"unit": {}}).policy
    assert policy is not None
    outcomes = [f.outcome for f in _stages(policy, _as(fields, kind="thorough"))]
    assert outcomes == [Outcome.OK, Outcome.REFUSED]


@pytest.mark.parametrize("pattern", ["*", "?*", "[!m]*", "dev"])
def test_a_branch_that_nobody_knows_is_none_of_those_allowed(
    case: Case, tmp_path: Path, pattern: str
) -> None:
    run = signed(tmp_path, case.key, branch="")
    assert case.code(case.policy(branches=[pattern])) == 0
    assert case.code(case.policy(branches=[pattern]), run) == 1


def test_a_failed_run_releases_nothing(case: Case, tmp_path: Path) -> None:
    run = signed(tmp_path, case.key, bad=Status.FAILED)
    assert case.code(case.wanted, run) == 1


def test_a_signer_that_the_policy_does_not_name(case: Case) -> None:
    stranger = replace(case.policy(), allowed=frozenset({"0" * 64}))
    assert case.code(stranger) == 1


def resigned(
    case: Case, edit: Callable[[dict[str, Any]], object], name: str = "test-result"
) -> tuple[bytes, bytes]:
    """Manifest and bundle of our own key, signed without a look at what they say: an edit of a statement."""
    statements = {p.stem: json.loads(p.read_bytes()) for p in case.left.folder.glob("statements/*.json")}
    edit(statements if name == "*" else statements[name])
    pins = [(n, str(s["predicateType"]), canonical(s)) for n, s in statements.items()]
    manifest = parse_manifest(canonical(pin(case.left.data, pins)))
    return manifest.raw, bundle(manifest, [raw for _, _, raw in sorted(pins)], case.key)


def _twice(statements: dict[str, Any]) -> None:
    """A second test result, which comes last."""
    statements["zz"] = {**statements["test-result"], "predicate": {"result": "PASSED", "configuration": []}}


@pytest.mark.parametrize(
    ("name", "edit", "why"),
    [
        ("*", lambda all: all.pop("test-result"), "missing"),
        ("*", lambda all: all.pop("provenance"), "missing"),
        ("*", _twice, "2 times"),
        ("test-result", lambda s: s["predicate"].update(result="FAILED"), "FAILED"),
        ("test-result", lambda s: s["subject"].pop(), "not about"),
        ("test-result", lambda s: s["subject"].reverse(), "not about"),
        ("provenance", lambda s: s["subject"].pop(), "not about"),
        ("test-result", lambda s: s["subject"].append({"name": "x"}), "no artifact"),
        ("test-result", lambda s: s.update(subject=[]), "no artifact"),
        ("test-result", lambda s: s.update(more=1), "no Statement"),
        ("test-result", lambda s: s.update(predicate=[]), "no object"),
        ("sbom-predict", lambda s: s["predicate"].update(version=2), "CycloneDX"),
        ("sbom-predict", lambda s: s["predicate"].update(components=[]), "serial number"),
        ("sbom-predict", lambda s: s["subject"].reverse(), "not about the component"),
    ],
)  # fmt: skip
def test_a_signature_does_not_make_it_coherent(case: Case, name: str, edit: Any, why: str) -> None:
    manifest, signatures = resigned(case, edit, name)
    found = verify(manifest, signatures, case.wanted, NOW)
    assert exit_code(found) == 1
    assert why in " ".join(f.detail for f in found if f.outcome is Outcome.REFUSED)


def test_what_is_signed_without_a_look_is_accepted_where_it_holds(case: Case) -> None:
    assert exit_code(verify(*resigned(case, lambda s: s), case.wanted, NOW)) == 0


def test_artifacts_of_which_there_are_none_cannot_be_compared(case: Case, tmp_path: Path) -> None:
    run = signed(tmp_path / "run", case.key, built=False)
    assert case.code(case.wanted, run) == 0
    assert case.code(with_artifacts(case, tmp_path), run) == 3


def test_a_component_that_was_only_defined_is_told(case: Case, shop: Path) -> None:
    left = case.left
    told = verify(left.manifest.read_bytes(), left.bundle.read_bytes(), with_artifacts(case, shop), NOW)
    (found,) = (f for f in told if f.what == "artifact train")
    assert found.outcome is Outcome.NOTE and "not built" in found.detail


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
        POLICY + "commit:", POLICY + "max_age: ~", POLICY + "branches:", POLICY + "branches: []",
        POLICY + "statements: []", POLICY + "branches: ['']", POLICY + "statements: ['']",
        POLICY + "clean: 0", POLICY + "complete: 'no'", POLICY + "allow_development_key: 1",
        POLICY.replace("min_checks: 3", "min_checks: '3'"), POLICY.replace("data: {}", "data: {kind: datum}"),
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
