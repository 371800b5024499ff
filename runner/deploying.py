"""The composition root of deploying: which solution, environment, AWS, manifest, ledger and stack.

What is done with them is in runner.releasing.
"""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from runner import attest, keeping
from runner.adapters.aws import Aws, AwsError, AwsTarget
from runner.adapters.output import say
from runner.adapters.signing import development_key
from runner.asking import asked_before
from runner.config.load import load
from runner.config.problems import did_you_mean
from runner.config.schema import Environment, Solution
from runner.errors import UsageError
from runner.evidence.bundle import BUNDLE, LIMIT
from runner.evidence.sign import MANIFEST
from runner.history.store import GONE, S3Records
from runner.interrupts import nap, require_running
from runner.manifest.find import find_manifest
from runner.manifest.read import LIMIT as MANIFEST_LIMIT
from runner.manifest.read import read_bounded
from runner.numbering import by_whom
from runner.release.content import content_of, sizes, stack_of
from runner.release.fenced import Fenced
from runner.release.flow import Deployment
from runner.release.lease import TTL, Lease
from runner.release.ledger import Ledger, S3Cell
from runner.release.proof import Proven, proven
from runner.release.records import Content
from runner.release.target import Target
from runner.release.traffic import traffic_of
from runner.sandbox.choose import URL, is_real
from runner.sandbox.detached import status as detached
from runner.stages.integration import SANDBOX_BUCKET
from runner.stages.stack_deploy import Stacks

PLACE = "deployments"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for. `manifest` is a file, a run's folder or id, or a kept run's URI; `replace`
    names resources that hold data and may be replaced or deleted."""

    root: Path
    environment: str
    manifest: str = ""
    keys: tuple[Path, ...] = ()
    policy: Path | None = None
    artifacts: Path | None = None
    replace: tuple[str, ...] = ()
    real: bool = False
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """An environment of a solution in an AWS."""

    solution: Solution
    name: str
    environment: Environment
    aws: Aws
    bucket: str
    is_sandbox: bool
    by: str

    @property
    def stack_name(self) -> str:
        return self.environment.stack_name or f"{self.solution.solution}-{self.name}"

    @property
    def prefix(self) -> str:
        return f"{PLACE}/{self.solution.solution}/{self.name}"

    def has_bucket(self) -> bool:
        """Whether the bucket is there."""
        try:
            self.aws.call("s3", "head_bucket", Bucket=self.bucket)
        except AwsError as error:
            if error.code in GONE:
                return False
            raise
        return True


@dataclass(frozen=True, slots=True)
class World:
    """What tests put their own in the place of: how AWS is reached, the clock, who this process is."""

    connect: Callable[[AwsTarget], Aws] = Aws
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = nap
    settle: float = 90.0  # seconds until CloudWatch has the numbers of a step
    poll: float | None = None  # seconds; None: as the AWS in use allows
    ttl: float = TTL.total_seconds()
    say: Callable[[str], None] = lambda line: say(sys.stderr, line)
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)


def place_of(asked: Asked, world: World) -> Place:
    """Where it goes. Raises UsageError for an unknown environment, or where no AWS was asked for."""
    solution = load(asked.root)
    if asked.environment not in solution.environments:
        names = list(solution.environments)
        raise UsageError(
            f"there is no environment {asked.environment!r}",
            where="--env",
            hint=did_you_mean(asked.environment, names) or f"there are: {', '.join(names) or 'none'}",
        )
    environment = solution.environments[asked.environment]
    target = _target(asked, environment)
    world.say(target.description)
    aws, sandbox = world.connect(target), target.kind == "sandbox"
    bucket = environment.bucket or (SANDBOX_BUCKET if sandbox else "")
    if not bucket:
        where = f"environments.{asked.environment}.bucket"
        raise UsageError("a real AWS needs a bucket for artifacts and the ledger", where=where)
    by = by_whom(os.environ, None if sandbox else lambda: _caller(aws))
    return Place(solution, asked.environment, environment, aws, bucket, sandbox, by)


def _caller(aws: Aws) -> str:
    return str(aws.call("sts", "get_caller_identity")["Arn"])


def _target(asked: Asked, environment: Environment) -> AwsTarget:
    """A real AWS if one was asked for, else a sandbox that outlives this command."""
    from runner.adapters.aws import real_target, sandbox_target

    if is_real(asked.real):
        return real_target(environment.region)
    running = detached()
    url = os.environ.get(URL) or (running.url if running else "")
    if not url:
        raise UsageError(
            "into which AWS?", where="--aws", hint=f"--aws, {URL}, or start one: lockgate sandbox up"
        )
    return sandbox_target(url, environment.region)


@contextmanager
def verified(asked: Asked, place: Place) -> Iterator[Proven]:
    """The manifest, checked before anything is written anywhere; a copy of it that nobody changes while it
    is used, and its bytes. Raises RefusedError, InfrastructureError or UsageError."""
    with TemporaryDirectory(prefix="lockgate-deploy-") as folder:
        path = _fetched(asked, Path(folder), place)
        policy = asked.policy or _policy(asked, place)
        keys = asked.keys
        if not policy and not keys:
            keys = (_own_key(place, Path(folder)),)
        findings = attest.check(attest.Asked(path, keys, policy, None, asked.commit))
        found = proven(path, findings, place.solution.solution, asked.root, asked.manifest)
        yield replace(found, folder=_bytes(asked, found.folder))


def _fetched(asked: Asked, folder: Path, place: Place) -> Path:
    if keeping.is_kept(asked.manifest):
        return keeping.fetched(asked.manifest, folder, real=not place.is_sandbox)
    source = _named(asked)
    (folder / MANIFEST).write_bytes(read_bounded(source, MANIFEST_LIMIT))
    if (bundle := source.with_name(BUNDLE)).is_file():
        (folder / BUNDLE).write_bytes(read_bounded(bundle, LIMIT))
    return folder / MANIFEST


def _named(asked: Asked) -> Path:
    """The manifest that a run's folder or id, the signatures beside it, or its own name stand for."""
    given = Path(asked.manifest)
    return given.with_name(MANIFEST) if given.name == BUNDLE else find_manifest(asked.manifest, asked.root)


def _bytes(asked: Asked, folder: Path) -> Path:
    """The folder whose `components/` has the bytes: the one that was named, else the manifest's own."""
    if asked.artifacts is not None:
        return asked.artifacts.parent if asked.artifacts.name == "components" else asked.artifacts
    return folder if keeping.is_kept(asked.manifest) else _named(asked).parent


def _policy(asked: Asked, place: Place) -> Path | None:
    if place.environment.policy:
        return asked.root / place.environment.policy
    if not place.is_sandbox:
        where = f"environments.{place.name}.policy"
        raise UsageError("a real AWS wants a policy: whose signature is needed?", where=where)
    return None


def _own_key(place: Place, folder: Path) -> Path:
    """In a sandbox, without a policy or a key: this user's development key."""
    path = folder / "development.pem"
    path.write_text(development_key(attest.config_folder()).public.pem)
    return path


def deployment(
    place: Place, world: World, root: Path, found: Proven | None = None, allowed: tuple[str, ...] = ()
) -> Deployment:
    """The tools. Every call of them that changes something looks at the lease first."""
    cell = S3Cell(place.aws, place.bucket, f"{place.prefix}/lease.json")
    lease = Lease(cell, world.holder, place.by, world.clock, timedelta(seconds=world.ttl))
    check = _checking(lease)
    aws = Fenced(place.aws, check)
    poll = world.poll if world.poll is not None else 0.1 if place.is_sandbox else 5.0
    stacks = Stacks(aws, poll, place.environment.timeout, world.say, check)
    target = _stack(place, world, aws, stacks, found, allowed)
    ledger = ledger_of(place, aws)
    traffic = traffic_of(place.environment, aws, check, world, world.say)
    stack = stack_of(place.solution, place.name)
    before = asked_before(place.solution, root, found, stack, stacks, place.bucket, place.stack_name)
    return Deployment(ledger, lease, target, traffic, before, world.clock, world.say, place.by)


def _checking(lease: Lease) -> Callable[[], None]:
    """Raises where this process was told to stop, or has the lease no longer."""

    def check() -> None:
        require_running()
        lease.check()

    return check


def ledger_of(place: Place, aws: Aws) -> Ledger:
    """An environment's ledger, through this very AWS."""
    return Ledger(S3Records(aws, place.bucket, place.prefix))


def _stack(
    place: Place, world: World, aws: Aws, stacks: Stacks, found: Proven | None, allowed: tuple[str, ...]
) -> Target:
    tags = {"lockgate:solution": place.solution.solution, "lockgate:environment": place.name}
    target = Target(
        aws, stacks, place.bucket, place.solution.solution, world.say, tags, place.environment.role or "",
        frozenset(allowed),
    )  # fmt: skip
    if found:
        target.stored = sizes(found.manifest.fields, content(place, found))
        target.bytes_of = found.bytes_of
    return target


def content(place: Place, found: Proven) -> Content:
    """What a verified manifest asks to run here."""
    stack = stack_of(place.solution, place.name)
    return content_of(
        found.manifest.fields, stack, place.environment, place.stack_name, is_sandbox=place.is_sandbox
    )
