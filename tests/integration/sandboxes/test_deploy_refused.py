"""What is refused before anything is written: no call that changes something is sent by anybody."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.aws_calls import Calls, as_if_real, counted
from helpers.releases import TEMPLATE, Shop, answer, world
from helpers.signed_runs import key as another_key

from runner.adapters.aws import Aws, AwsTarget, sandbox_target
from runner.deploying import Asked
from runner.errors import LockgateError, RefusedError, UsageError
from runner.model import Status
from runner.release.records import Ended
from runner.releasing import deploy, rehearse
from runner.sandbox.choose import URL
from runner.sandbox.process import Sandbox

pytestmark = pytest.mark.integration

Refusal = tuple[Asked, type[LockgateError], str]


@pytest.fixture(scope="module")
def deployed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A solution whose first release runs; its second is what the tests spoil."""
    shop = Shop(tmp_path_factory.mktemp("shop") / "square", tmp_path_factory.mktemp("cache"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(URL, sandbox.url)
        done = deploy(shop.asked(shop.release(factor=3)), world())
        assert done.outcome is not None
        assert done.outcome.ended is Ended.SUCCEEDED, done.outcome.cause
        shop.release(factor=5)
        yield shop


@pytest.fixture
def second(deployed: Shop, tmp_path: Path) -> Path:
    """A copy of the second release's run, to be spoiled."""
    return Path(shutil.copytree(deployed.root / ".lockgate/runs/run2", tmp_path / "run2"))


@pytest.fixture
def calls(deployed: Shop) -> Iterator[Calls]:
    with counted() as found:
        yield found


def policy(path: Path, shop: Shop, **rules: Any) -> Path:
    base = {
        "solution": "square", "signers": [str(shop.public)], "allow_development_key": True,
        "stages": {"unit": {}, "integration": {}},
    }  # fmt: skip
    path.write_text(yaml.safe_dump({**base, **rules}))
    return path


def _append(path: Path, text: bytes = b" ") -> None:
    path.write_bytes(path.read_bytes() + text)


def unsigned(shop: Shop, run: Path, tmp: Path) -> Refusal:
    (run / "manifest.intoto.jsonl").unlink()
    return shop.asked(run), RefusedError, "it is not signed"


def altered(shop: Shop, run: Path, tmp: Path) -> Refusal:
    manifest = run / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"run2"', b'"run3"', 1))
    return shop.asked(run), RefusedError, "manifest"


def altered_signature(shop: Shop, run: Path, tmp: Path) -> Refusal:
    bundle = run / "manifest.intoto.jsonl"
    bundle.write_bytes(bundle.read_bytes().replace(b'"sig":"M', b'"sig":"N'))
    return shop.asked(run), RefusedError, "signature"


def another_signer(shop: Shop, run: Path, tmp: Path) -> Refusal:
    other = tmp / "other.pem"
    other.write_text(another_key(tmp).public.pem)
    return shop.asked(run, keys=(other,)), RefusedError, "a key that was not given"


def expired(shop: Shop, run: Path, tmp: Path) -> Refusal:
    rules = policy(tmp / "policy.yml", shop, max_age="1h")
    spoiled = shop.release(factor=6, started="2026-11-01T10:00:00+00:00")
    return shop.asked(spoiled, policy=rules), RefusedError, "age"


def a_stage_too_few(shop: Shop, run: Path, tmp: Path) -> Refusal:
    rules = policy(tmp / "policy.yml", shop, stages={"unit": {}, "model": {}})
    return shop.asked(run, policy=rules), RefusedError, "model"


def a_check_too_few(shop: Shop, run: Path, tmp: Path) -> Refusal:
    rules = policy(tmp / "policy.yml", shop, stages={"unit": {"min_checks": 3}, "integration": {}})
    return shop.asked(run, policy=rules), RefusedError, "unit"


def a_development_key(shop: Shop, run: Path, tmp: Path) -> Refusal:
    rules = policy(tmp / "policy.yml", shop, allow_development_key=False)
    return shop.asked(run, policy=rules), RefusedError, "development key"


def a_policy_that_is_none(shop: Shop, run: Path, tmp: Path) -> Refusal:
    (tmp / "policy.yml").write_text("signers: 3\n")
    return shop.asked(run, policy=tmp / "policy.yml"), LockgateError, "solution"


def failed(shop: Shop, run: Path, tmp: Path) -> Refusal:
    return shop.asked(shop.release(factor=6, status=Status.FAILED)), RefusedError, "FAILED"


def incomplete(shop: Shop, run: Path, tmp: Path) -> Refusal:
    return shop.asked(shop.release(factor=6, complete=False)), RefusedError, "left out"


def an_older_commit(shop: Shop, run: Path, tmp: Path) -> Refusal:
    return shop.asked(run, commit="f" * 40), RefusedError, "commit"


def no_manifest(shop: Shop, run: Path, tmp: Path) -> Refusal:
    return shop.asked(tmp / "nowhere"), UsageError, "there is no manifest '.*nowhere'"


def another_solution(shop: Shop, run: Path, tmp: Path) -> Refusal:
    other = Shop(tmp / "other", shop.cache)
    other.config["solution"] = "cube"
    theirs = other.release(factor=6)
    return shop.asked(theirs, keys=(other.public,)), RefusedError, "a manifest of 'cube', not of 'square'"


def another_configuration(shop: Shop, run: Path, tmp: Path) -> Refusal:
    there = Path(shutil.copytree(shop.root, tmp / "square"))
    _append(there / "lockgate.yml", b"# a line more\n")
    return Asked(there, "prod", str(run), (shop.public,)), RefusedError, "another lockgate.yml"


def a_missing_component(shop: Shop, run: Path, tmp: Path) -> Refusal:
    _model_of(shop, run).unlink()
    return shop.asked(run), RefusedError, "the bytes of model are neither in the bucket nor beside"


def an_altered_component(shop: Shop, run: Path, tmp: Path) -> Refusal:
    _append(_model_of(shop, run))
    return shop.asked(run), RefusedError, "model is not what its manifest names"


def an_altered_template(shop: Shop, run: Path, tmp: Path) -> Refusal:
    spoiled = shop.release(factor=7, template=TEMPLATE + "# of another release\n")
    for path in (spoiled / "components").iterdir():
        if b"AWSTemplateFormatVersion" in path.read_bytes():
            _append(path, b"\n")
    return shop.asked(spoiled), RefusedError, "stack is not what its manifest names"


def _model_of(shop: Shop, run: Path) -> Path:
    (found,) = [p for p in (run / "components").iterdir() if p.read_bytes() == b"5\n"]
    return found


REFUSED = [
    unsigned, altered, altered_signature, another_signer, expired, a_stage_too_few, a_check_too_few,
    a_development_key, a_policy_that_is_none, failed, incomplete, an_older_commit, no_manifest,
    another_solution, another_configuration, a_missing_component, an_altered_component, an_altered_template,
]  # fmt: skip


@pytest.mark.parametrize("spoil", REFUSED, ids=lambda f: f.__name__)
@pytest.mark.parametrize("act", [deploy, rehearse])
def test_it_is_refused_before_any_write(
    act: Callable[..., Any], spoil: Callable[..., Refusal], deployed: Shop, second: Path, tmp_path: Path,
    calls: Calls,
) -> None:  # fmt: skip
    asked, kind, why = spoil(deployed, second, tmp_path)
    with pytest.raises(kind, match=why):
        act(asked, world())
    assert calls.writes == []


@pytest.fixture
def real(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[AwsTarget], Aws]:
    """An AWS that says it is a real one; no call leaves this machine."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return as_if_real(sandbox.url)


@pytest.fixture
def own(deployed: Shop, tmp_path: Path) -> Shop:
    """A solution of the test's own, whose environment it may change."""
    return Shop(tmp_path / "square", deployed.cache)


def test_a_real_aws_wants_a_bucket(own: Shop, real: Callable[[AwsTarget], Aws], calls: Calls) -> None:
    own.configure(policy="policy.yml")
    asked = own.asked(own.release(factor=3), real=True)
    with pytest.raises(UsageError, match="needs a bucket for artifacts") as told:
        deploy(asked, world(connect=real))
    assert told.value.where == "environments.prod.bucket"
    assert calls.writes == []


def test_a_real_aws_wants_a_policy(own: Shop, real: Callable[[AwsTarget], Aws], calls: Calls) -> None:
    """A key on the command line is no policy: nobody said who may sign."""
    own.configure(bucket="lockgate-artifacts")
    asked = own.asked(own.release(factor=3), real=True)
    with pytest.raises(UsageError, match="a real AWS wants a policy"):
        deploy(asked, world(connect=real))
    assert calls.writes == []


def test_what_did_not_run_in_its_own_runtime_is_not_for_a_real_aws(
    own: Shop, real: Callable[[AwsTarget], Aws], calls: Calls, tmp_path: Path
) -> None:
    own.configure(bucket="lockgate-artifacts")
    asked = own.asked(own.release(factor=3), real=True, policy=policy(tmp_path / "policy.yml", own))
    with pytest.raises(RefusedError, match="features was not executed in its own runtime: the tests ran"):
        deploy(asked, world(connect=real))
    assert calls.writes == []


def test_an_environment_that_is_not_there(deployed: Shop, second: Path, calls: Calls) -> None:
    asked = Asked(deployed.root, "prd", str(second), (deployed.public,))
    with pytest.raises(UsageError, match="no environment 'prd'") as told:
        deploy(asked, world())
    assert "prod" in told.value.hint
    assert calls.sent == []


def test_no_aws_was_asked_for(
    deployed: Shop, second: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Keys that lie around are never enough."""
    monkeypatch.delenv(URL)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCKGATE_CACHE", str(tmp_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(UsageError, match="into which AWS"):
        deploy(deployed.asked(second), world())
    assert calls.sent == []


def test_what_is_refused_is_not_refused_for_another_reason(
    deployed: Shop, second: Path, calls: Calls, sandbox: Sandbox
) -> None:
    """The same release, unspoiled, changes something; and production answered as release 1 until then."""
    aws = Aws(sandbox_target(sandbox.url))
    assert answer(aws, 2) == 12
    done = deploy(deployed.asked(second), world())
    assert done.outcome is not None
    assert done.outcome.ended is Ended.SUCCEEDED, done.outcome.cause
    assert answer(aws, 2) == 20
    assert "cloudformation:ExecuteChangeSet" in calls.writes
