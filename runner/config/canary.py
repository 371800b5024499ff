"""What a canary tolerates, in lockgate.yml; docs/traffic.md has the statistics."""

from __future__ import annotations

from pydantic import Field

from runner.config.fields import Strict


class Canary(Strict):
    """How new versions are compared with old ones while both have traffic."""

    alpha: float = Field(0.05, gt=0, lt=0.5, description="chance that equal versions are failed")
    looks: int = Field(10, ge=1, le=100, description="how often it is looked at")
    min_requests: int = Field(100, ge=1, description="of each version; fewer are no evidence")
    error_margin: float = Field(0.01, ge=0, lt=1, description="a worse error rate fails only beyond it")
    latency_ratio: float = Field(1.5, gt=1, description="largest ratio of p50, p95 (p99: twice the excess)")
    latency_floor_ms: float = Field(10.0, ge=0, description="what is never too slow")
    output_shift: float | None = Field(None, gt=0, description="largest shift of the outputs, as a PSI")
    labels: tuple[str, ...] = Field((), description="the outputs' labels or bins (docs/traffic.md)")
    silent: tuple[str, ...] = Field(
        (), description="aliases (their names in the template) whose functions tell no outputs"
    )


class CodeDeploy(Strict):
    """An application of CodeDeploy whose deployment groups move the aliases, one group an alias."""

    application: str = Field(min_length=1, description="its name")
    groups: dict[str, str] = Field(min_length=1, description="alias (its name in the template) -> group")
    config: str = Field("", description="a deployment configuration; else the one that `traffic` names")
    before_hook: str = Field("", description="a function asked by BeforeAllowTraffic")
    after_hook: str = Field("", description="a function asked by AfterAllowTraffic")
