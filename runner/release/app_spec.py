"""The AppSpec of a Lambda alias's deployment (CodeDeploy user guide, "AppSpec file reference")."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from runner.release.target import Moving


def revision(each: Moving, hooks: Mapping[str, str]) -> dict[str, Any]:
    """CreateDeployment's `revision`. `hooks`: BeforeAllowTraffic, AfterAllowTraffic -> a function."""
    properties = {
        "Name": each.function,
        "Alias": each.alias,
        "CurrentVersion": each.old,
        "TargetVersion": each.new,
    }
    spec: dict[str, Any] = {
        "version": 0.0,
        "Resources": [{each.logical: {"Type": "AWS::Lambda::Function", "Properties": properties}}],
    }
    if hooks:
        spec["Hooks"] = [{event: function} for event, function in hooks.items()]
    content = json.dumps(spec, sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content, "sha256": digest}}
