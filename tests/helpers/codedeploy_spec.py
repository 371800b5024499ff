"""What a CodeDeploy deployment of Lambda is made of: its AppSpec, its pace, its state, faults to plant."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from helpers.codepipeline import Refusal

HOOKS = ("BeforeAllowTraffic", "AfterAllowTraffic")
BUILT_IN = re.compile(
    r"CodeDeployDefault\.Lambda(AllAtOnce|(Canary)10Percent(5|10|15|30)Minutes"
    r"|(Linear)10PercentEvery(1|2|3|10)Minutes?)"
)
Said = dict[str, Any]


@dataclass
class Fault:
    """The `at`-th call (from 1; of `operation`, or of any) goes wrong: an error, or an answer that is lost
    after the call was carried out."""

    at: int
    operation: str = ""
    code: str = "ThrottlingException"
    status: int = 400
    lost: bool = False
    seen: int = 0

    def strikes(self, operation: str) -> bool:
        self.seen += self.operation in ("", operation)
        return self.seen == self.at and self.operation in ("", operation)


@dataclass
class Deployment:
    """One deployment. `shares`: of the new version, step by step; `hook`: its execution's id;
    `began`: when traffic began to move."""

    id: str
    given: Said
    target: dict[str, str]
    hooks: dict[str, str]
    shares: list[float]
    interval: float
    created: float
    creator: str = "user"
    status: str = "Created"
    error: Said = field(default_factory=dict)
    rollback: Said = field(default_factory=dict)
    stage: int = 0
    step: int = -1
    moved: float = 0.0
    began: float = 0.0
    hook: str = ""
    results: dict[str, str] = field(default_factory=dict)


def pace(name: str, configs: Mapping[str, Said], minute: float) -> tuple[list[float], float]:
    """(shares before all, seconds between) of a configuration. Raises Refusal."""
    found = BUILT_IN.fullmatch(name)
    if name in configs:
        config = configs[name]
        kind = config["type"]
        part = config.get("timeBasedCanary") or config.get("timeBasedLinear") or {}
        percent = part.get("canaryPercentage", part.get("linearPercentage", 100))
        minutes = part.get("canaryInterval", part.get("linearInterval", 0))
    elif found:
        kind = f"TimeBased{found[2] or found[4] or ''}"
        percent, minutes = (10, int(found[3] or found[5])) if found[2] or found[4] else (100, 0)
    else:
        raise Refusal("DeploymentConfigDoesNotExistException", name)
    last = 100 if kind == "TimeBasedLinear" else min(percent + 1, 100)
    return [share / 100 for share in range(percent, last, percent)], minutes * minute


def app_spec(revision: Said | None) -> tuple[dict[str, str], dict[str, str]]:
    """(the Lambda resource's properties, the hooks) of a revision. Raises Refusal."""
    spec = (revision or {}).get("appSpecContent")
    if not spec or revision["revisionType"] != "AppSpecContent":  # type: ignore[index]
        raise Refusal("InvalidRevisionException", "this double knows AppSpecContent only")
    if hashlib.sha256(spec["content"].encode()).hexdigest() != spec.get("sha256", ""):
        raise Refusal("InvalidRevisionException", "sha256 is not the content's")
    told = yaml.safe_load(spec["content"])
    resources = [r for each in told.get("Resources", ()) for r in each.values()]
    if told.get("version") != 0.0 or [r.get("Type") for r in resources] != ["AWS::Lambda::Function"]:
        raise Refusal("InvalidRevisionException", "not one Lambda function")
    properties = {k: str(v) for k, v in resources[0]["Properties"].items()}
    if set(properties) != {"Name", "Alias", "CurrentVersion", "TargetVersion"}:
        raise Refusal("InvalidRevisionException", f"properties: {sorted(properties)}")
    hooks = {k: v for each in told.get("Hooks", ()) for k, v in each.items()}
    if set(hooks) - set(HOOKS):
        raise Refusal("InvalidRevisionException", f"hooks: {sorted(hooks)}")
    return properties, hooks
