"""The policy of who accepts a manifest: a YAML file, strict, whose defaults are the careful ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StringConstraints, ValidationError

from runner.config.fields import Name, Strict
from runner.config.problems import problems
from runner.config.schema import KINDS
from runner.config.yaml_lines import Document, read_yaml
from runner.errors import ConfigError, Problem
from runner.evidence.bundle import Opened
from runner.evidence.finding import Finding, finding
from runner.manifest.schema import Manifest
from runner.model import Status

SKEW = timedelta(minutes=5)  # a run's clock may be ahead of a verifier's by so much
UNITS = {"h": "hours", "d": "days"}
FINGERPRINT = "sha256:"
Age = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,4}[hd]$")]
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
SignerRule = Annotated[str, StringConstraints(pattern=r"^(sha256:[0-9a-f]{64}|[^\x00]+\.pem)$")]
Pattern = Annotated[str, StringConstraints(min_length=1)]
Kind = Literal["unit", "data", "model", "integration"]


class StageRule(Strict):
    """A stage that must have passed."""

    min_checks: int = Field(1, ge=1, strict=True, description="with at least so many executed checks")
    kind: Kind | None = Field(
        None, description="the stage's; of a stage that is called like a kind: that one"
    )


class Policy(Strict):
    """What a manifest has to fulfil."""

    version: Literal[1] = Field(1, description="of this format")
    solution: Name = Field(description="whose manifest it is")
    signers: tuple[SignerRule, ...] = Field(
        min_length=1, description="PEM files relative to this one, or sha256:KEYID"
    )
    stages: dict[Name, StageRule] = Field(min_length=1, description="what must have passed, not unit alone")
    allow_development_key: StrictBool = Field(False, description="a key that lies on somebody's machine")
    complete: StrictBool = Field(True, description="no stage of the solution was left out")
    clean: StrictBool = Field(True, description="the tree was the commit's, nothing edited")
    branches: tuple[Pattern, ...] = Field(
        (), min_length=1, description="allowed branches, * and ? as in a shell; without it: any"
    )
    commit: Commit | None = Field(None, description="the only commit that is accepted")
    max_age: Age | None = Field(None, description="since the run began, such as 12h, 7d; none: any")
    statements: tuple[Pattern, ...] = Field(
        (), min_length=1, description="names that must be there, * as in a shell"
    )


def read_policy(path: Path) -> Policy:
    """Read a policy; raises ConfigError with every problem."""
    document = read_yaml(path, str(path))
    if not isinstance(document.data, dict):
        raise ConfigError([Problem(str(path), 1, "must be a mapping of fields", "see docs/evidence.md")])
    if empty := list(_empty(document, document.data, ())):
        raise ConfigError(empty)
    try:
        return Policy.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(problems(document, error, Policy)) from None


def _empty(document: Document, data: dict[str, Any], loc: tuple[str, ...]) -> Iterator[Problem]:
    """A rule without a value is a mistake, as of a variable that was not set; no rule is dropped for it."""
    for name, value in data.items():
        where = (*loc, name)
        if value is None:
            yield Problem(document.file, document.line(where), f"{'.'.join(where)} has no value")
        elif isinstance(value, dict):
            yield from _empty(document, value, where)


def key_files(policy: Policy, path: Path) -> list[Path]:
    """The public keys that a policy names as files."""
    return [path.parent / name for name in policy.signers if not name.startswith(FINGERPRINT)]


def fingerprints(policy: Policy) -> set[str]:
    """The keyids that it names itself."""
    return {name.removeprefix(FINGERPRINT) for name in policy.signers if name.startswith(FINGERPRINT)}


def judged_by(
    policy: Policy, opened: Opened, allowed: set[str], is_development: bool, now: datetime
) -> Iterator[Finding]:
    """What the policy says of an authentic manifest; `allowed` are the keyids of its signers."""
    manifest = opened.manifest.fields
    yield finding("signer", opened.keyid in allowed, f"{opened.signer_kind} key {FINGERPRINT}{opened.keyid}")
    if is_development:
        yield finding("signer", policy.allow_development_key, "it is a development key")
    yield finding("solution", manifest.solution == policy.solution, f"{manifest.solution!r}")
    yield from _source(policy, manifest)
    yield from _stages(policy, manifest)
    yield from _age(policy, manifest.started, now)
    for name in policy.statements:
        there = any(fnmatchcase(known, name) for known in opened.statements)
        yield finding("statements", there, f"{name} is {'there' if there else 'missing'}")


def _source(policy: Policy, manifest: Manifest) -> Iterator[Finding]:
    source = manifest.source
    if policy.commit:
        yield finding("commit", source.commit == policy.commit, source.commit or "none is known")
    if policy.branches:
        on = bool(source.branch) and any(fnmatchcase(source.branch, pattern) for pattern in policy.branches)
        yield finding("branch", on, source.branch or "none is known")
    if policy.clean:
        words = {True: "clean", False: "files differ from the commit", None: "not known"}
        yield finding("tree", source.clean is True, words[source.clean])
    if policy.complete:
        yield finding("complete", manifest.complete, "all stages" if manifest.complete else "a part of them")


def _stages(policy: Policy, manifest: Manifest) -> Iterator[Finding]:
    """Each required one, and one at all that is more than unit tests (DESIGN: what rule 1 can promise)."""
    for name, rule in policy.stages.items():
        stage = manifest.stages.get(name)
        if stage is None:
            yield finding(f"stage {name}", False, "it is not in the manifest")
            continue
        kind = rule.kind or (name if name in KINDS else stage.kind)
        enough = stage.status is Status.PASSED and stage.counts.executed >= rule.min_checks
        told = f"{stage.status}, {stage.counts.executed} checks executed of at least {rule.min_checks}"
        of_kind = "" if stage.kind == kind else f", and it is of the kind {stage.kind!r}"
        yield finding(f"stage {name}", enough and not of_kind, told + of_kind)
    passed = {s.kind for s in manifest.stages.values() if s.status is Status.PASSED}
    if not passed & set(KINDS) - {"unit"}:
        yield finding("stages", False, "unit tests alone release nothing")


def _age(policy: Policy, started: datetime, now: datetime) -> Iterator[Finding]:
    if policy.max_age is None:
        return
    limit = timedelta(**{UNITS[policy.max_age[-1]]: int(policy.max_age[:-1])})
    age = now - started
    hours = age.total_seconds() / 3600
    yield finding("age", -SKEW <= age <= limit, f"{hours:.1f} hours, at most {policy.max_age}")
