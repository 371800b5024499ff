"""What the stock suites are told: a JSON file that LOCKGATE_CONTEXT names, written by `run_suites`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from runner.adapters.cache import cache_dir
from runner.components.references import Published, interpolate_all, published, values
from runner.config.schema import IntegrationStage, LambdaZip, Stack
from runner.errors import UsageError
from runner.model import Artifact
from runner.sandbox.bare import bare_python
from runner.stages import StageJob

# Components whose bytes are an object in the artifact bucket.
STORED = ("lambda-zip", "model", "definition")
VARIABLE = "LOCKGATE_CONTEXT"


def unit_context(job: StageJob) -> dict[str, Any]:
    """root, solution, components (as configured, test_env interpolated), artifacts, bare_python."""
    return {
        "root": str(job.root),
        "solution": job.solution.solution,
        "components": _components(job),
        "artifacts": {name: asdict(artifact) for name, artifact in job.artifacts.items()},
        "bare_python": str(bare_python(cache_dir())),
        "is_sandbox": job.is_sandbox,
    }


def integration_context(job: StageJob, outputs: Mapping[str, str]) -> dict[str, Any]:
    """The unit context, and stack_outputs, invoke (component -> function), golden. How AWS is reached
    stands in the tests' environment alone, because this becomes a file.

    Raises UsageError where `invoke` names an output that the stack does not have."""
    stage = job.stage
    assert isinstance(stage, IntegrationStage)  # noqa: S101  the schema's discriminator says so
    return {
        **unit_context(job),
        "stack_outputs": dict(outputs),
        "invoke": {name: _output(outputs, output, name) for name, output in stage.invoke.items()},
        "golden": stage.golden.model_dump() if stage.golden else None,
    }


def stored_objects(job: StageJob) -> dict[str, Published]:
    """What goes into the artifact bucket, by component: in the sandbox what it can execute."""
    stacks = [c for c in job.solution.components.values() if isinstance(c, Stack)]
    nested = {name for stack in stacks for name in stack.package}
    return {
        name: published(job.solution.solution, artifact, executed=job.is_sandbox)
        for name, artifact in job.artifacts.items()
        if artifact.kind in STORED or (artifact.kind == "stack" and name in nested)
    }


def read_context(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The context, as a stock suite reads it. Raises UsageError outside of `lockgate run`."""
    try:
        context: dict[str, Any] = json.loads(Path(environ[VARIABLE]).read_bytes())
    except (KeyError, OSError, ValueError) as error:
        raise UsageError(
            f"no context: {error!r}", where=VARIABLE, hint="stock suites are started by `lockgate run`"
        ) from None
    return context


def artifact_of(context: Mapping[str, Any], name: str) -> Artifact:
    """A component's artifact from the context (its `executed` stays a mapping)."""
    return Artifact(**context["artifacts"][name])


def _components(job: StageJob) -> dict[str, dict[str, Any]]:
    known = values("", _executed(job))
    dumped = {}
    for name, component in job.solution.components.items():
        dumped[name] = component.model_dump(mode="json")
        if isinstance(component, LambdaZip):
            where = f"components.{name}.test_env"
            dumped[name]["test_env"] = interpolate_all(component.test_env, known, where=where)
    return dumped


def _executed(job: StageJob) -> dict[str, Published]:
    """stock:lambda runs here whatever the AWS in use: it always takes what this host can execute."""
    return {
        name: published(job.solution.solution, artifact, executed=True)
        for name, artifact in job.artifacts.items()
        if artifact.kind in STORED
    }


def _output(outputs: Mapping[str, str], output: str, name: str) -> str:
    if output not in outputs:
        raise UsageError(
            f"the stack has no output {output!r}",
            where=f"stages.*.invoke.{name}",
            hint=f"it has: {', '.join(sorted(outputs)) or 'none'}",
        )
    return outputs[output]
