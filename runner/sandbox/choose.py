"""Which AWS a run uses: a real one where it was asked for, else a sandbox.

The sandbox is the one that LOCKGATE_SANDBOX_URL names (docker compose), else the one that
`lockgate sandbox up` left running, else one embedded in this run.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from runner.adapters.aws import Aws, AwsTarget, real_target, sandbox_target
from runner.adapters.output import SECRECY
from runner.adapters.privileges import hide
from runner.errors import InfrastructureError
from runner.sandbox.detached import status
from runner.sandbox.process import health, require_pinned, start_embedded

URL = "LOCKGATE_SANDBOX_URL"


def is_real(aws_option: bool, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a real AWS was asked for: --aws, or LOCKGATE_AWS=1. Nothing else counts."""
    return aws_option or environ.get("LOCKGATE_AWS") == "1"


def standing_target(
    *, real: bool, region: str | None = None, environ: Mapping[str, str] = os.environ
) -> AwsTarget | None:
    """The AWS that is there already, for what no embedded sandbox would be of use for: a real one if one
    was asked for, else a sandbox that outlives this command; None where there is neither.

    Raises InfrastructureError or UsageError as `aws_in_use` does."""
    if real:
        target = real_target(region)
        SECRECY.learn(target.env())
        return target
    if url := environ.get(URL):
        return sandbox_target(url, region)
    found = status()
    return sandbox_target(found.url, region) if found else None


@contextmanager
def aws_in_use(
    *,
    real: bool,
    log_dir: Path,
    region: str | None = None,
    environ: Mapping[str, str] = os.environ,
    find: Callable[[str | None], AwsTarget] = real_target,
    real_aws: Callable[[AwsTarget], Aws] = Aws,
) -> Iterator[AwsTarget]:
    """The AWS to use for the length of a run; an embedded sandbox lives just as long.

    Raises InfrastructureError where it cannot be reached, UsageError for a wrong URL."""
    if real:
        target = find(region)
        SECRECY.learn(target.env())
        hide()  # tests that run as this user are not to read the credentials that it was started with
        account = real_aws(target).account()
        yield dataclasses.replace(target, description=f"AWS: REAL account {account} in {target.region}")
    elif url := environ.get(URL):
        yield _named(url, region)
    elif found := status():
        yield sandbox_target(found.url, region)
    else:
        with start_embedded(log_dir) as sandbox:
            yield sandbox_target(sandbox.url, region)


def _named(url: str, region: str | None) -> AwsTarget:
    target = sandbox_target(url, region)
    told = health(target.endpoint, timeout=10.0)
    if told is None:
        raise InfrastructureError(
            f"no sandbox answers at {target.endpoint}",
            where=URL,
            hint=f"start it, or unset {URL} to let the run start its own",
        )
    require_pinned(told.get("version"), target.endpoint)
    return target
