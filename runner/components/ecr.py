"""Amazon's registry: its hosts, and the password of twelve hours that it gives."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import replace

from runner.adapters.aws import Aws, AwsTarget
from runner.adapters.output import SECRECY
from runner.adapters.registry import Credentials
from runner.config.schema import Image, ModelImage, Solution
from runner.errors import InfrastructureError

REGISTRY = "LOCKGATE_REGISTRY"
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
ECR = re.compile(r"\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu)")


def ecr_registry(solution: Solution, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a solution's images go to a registry of Amazon's, which only its AWS account opens."""
    images = any(isinstance(c, Image | ModelImage) for c in solution.components.values())
    named = environ.get(REGISTRY) or solution.registry or ""
    return images and ECR.fullmatch(named.partition("/")[0]) is not None


def ecr_credentials(host: str, target: AwsTarget, connect: type[Aws] = Aws) -> Credentials:
    """Who may push to and pull from a registry, for the next hours.

    Raises AwsError where the role may not ask, InfrastructureError for an answer that is none."""
    match = ECR.fullmatch(host)
    region = match[1] if match else target.region
    told = connect(replace(target, region=region)).call("ecr", "get_authorization_token")
    try:
        token = base64.b64decode(told["authorizationData"][0]["authorizationToken"], validate=True).decode()
        user, password = token.split(":", 1)
    except (LookupError, ValueError):
        raise InfrastructureError("ECR gave no token", where=host) from None
    SECRECY.learn({"REGISTRY_PASSWORD": password})
    return Credentials(user, password)
