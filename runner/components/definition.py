"""A definition file: a Glue job script, a Step Functions or a SageMaker Pipelines definition.

Known by the digest of its bytes, and checked as far as that goes without executing it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from importlib.util import decode_source
from pathlib import PurePath
from typing import Any

from runner.components import BuildJob
from runner.components.sources import read_source
from runner.components.state_machine import machine_faults
from runner.config.json_strict import parse
from runner.config.schema import Definition
from runner.errors import SolutionError
from runner.model import Artifact
from runner.text import one_line, reason

# Step Functions takes 1 MiB; https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
BYTES_LIMIT = 2**20
SHOWN = 5


def build(job: BuildJob) -> Artifact:
    """Check the file and name it by the digest of its bytes.

    Raises SolutionError for what its service could not read, UsageError where there is no file."""
    component = job.component
    assert isinstance(component, Definition)  # noqa: S101  the schema's discriminator says so
    path, data = read_source(job, component.path, BYTES_LIMIT)
    faults = list(CHECKS[component.format](data, component.path))
    if faults:
        more = f" (and {len(faults) - SHOWN} more)" if len(faults) > SHOWN else ""
        raise SolutionError("; ".join(faults[:SHOWN]) + more, where=component.path)
    digest = hashlib.sha256(data).hexdigest()
    facts = {"format": component.format, "checked": _checked(component)}
    return Artifact(job.name, component.kind, str(path), digest, len(data), digest, facts=facts)


def _checked(component: Definition) -> str:
    if component.format == "glue-script":
        return "syntax" if PurePath(component.path).suffix == ".py" else "nothing"
    return "structure"


def _glue_script(data: bytes, path: str) -> Iterator[str]:
    """A Python script parses (by this Python); of one in Scala nothing is known here."""
    if PurePath(path).suffix != ".py":
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(decode_source(data), path)
    except SyntaxError as error:
        yield f"line {error.lineno or 0}: {one_line(error.msg)}"
    except (ValueError, RecursionError, MemoryError) as error:  # NUL bytes; nesting beyond the parser
        yield f"it does not parse: {reason(error)}"


def _state_machine(data: bytes, path: str) -> Iterator[str]:
    yield from _of_object(data, machine_faults)


def _sagemaker_pipeline(data: bytes, path: str) -> Iterator[str]:
    yield from _of_object(data, pipeline_faults)


def _of_object(data: bytes, faults: Callable[[dict[str, Any]], Iterator[str]]) -> Iterator[str]:
    try:
        found = parse(data)
    except json.JSONDecodeError as error:
        yield f"line {error.lineno}: not JSON: {error.msg}"
        return
    except (ValueError, RecursionError) as error:
        yield f"not acceptable as JSON: {one_line(error)}"
        return
    yield from faults(found) if isinstance(found, dict) else ["it is no JSON object"]


def pipeline_faults(pipeline: dict[str, Any]) -> Iterator[str]:
    """What SageMaker would refuse of a pipeline: its version, its steps, their names and what they need.

    https://aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema/"""
    if not isinstance(pipeline.get("Version"), str):
        yield "it has no Version"
    steps = pipeline.get("Steps")
    if not isinstance(steps, list) or not steps:
        yield "it has no Steps"
        return
    whole = list(_all_steps(steps))
    names = Counter(s["Name"] for s in whole if isinstance(s, dict) and isinstance(s.get("Name"), str))
    yield from (f"{n} steps are called {one_line(name, 80)!r}" for name, n in names.items() if n > 1)
    for step in whole:
        yield from _step_faults(step, names)


def _all_steps(steps: list[Any]) -> Iterator[Any]:
    """The steps, and those of conditions' branches."""
    waiting = deque(steps)
    while waiting:
        step = waiting.popleft()
        yield step
        arguments = step.get("Arguments") if isinstance(step, dict) else None
        if isinstance(arguments, dict) and step.get("Type") == "Condition":
            for branch in ("IfSteps", "ElseSteps"):
                found = arguments.get(branch)
                waiting += found if isinstance(found, list) else []


def _step_faults(step: Any, names: Mapping[str, int]) -> Iterator[str]:
    if not isinstance(step, dict) or not isinstance(step.get("Name"), str):
        yield "a step has no Name"
        return
    shown = one_line(step["Name"], 80)
    if not isinstance(step.get("Type"), str):
        yield f"step {shown!r} has no Type"
    needs = step.get("DependsOn", [])
    for need in needs if isinstance(needs, list) else [None]:
        if not isinstance(need, str) or need not in names:
            yield f"step {shown!r} needs {one_line(need, 80)!r}, which is no step"


CHECKS: dict[str, Callable[[bytes, str], Iterator[str]]] = {
    "glue-script": _glue_script,
    "state-machine": _state_machine,
    "sagemaker-pipeline": _sagemaker_pipeline,
}
