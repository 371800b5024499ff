"""A trained model: made by the solution's own command when what it is made from has changed.

The model file is never checked against its record here: a file swapped after training is the
model stage's to find, which compares the two.
"""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

from runner.adapters.files import sha256_file, sha256_inputs
from runner.components import BuildJob
from runner.components.model_file import PREDICTIONS, model_facts
from runner.components.prepare import outputs_digest
from runner.components.sources import source_file
from runner.components.stamped import Command, run_stamped
from runner.config.json_strict import parse
from runner.config.schema import Model
from runner.errors import SolutionError, UsageError
from runner.model import Artifact

# Formats that can be read without running what is in them (skops: with a list of trusted types).
FORMATS = (".onnx", ".skops", *PREDICTIONS)
RECORD_LIMIT, RECORD_DEPTH = 1_000_000, 30
# Without these nobody could train the model again, or say that it is this one.
RECORDED = ("model_sha256", "data_sha256", "code_sha256", "parameters", "seeds", "versions")


def build(job: BuildJob) -> Artifact:
    """Train where needed and name the result by its digest.

    Raises UsageError for a name that is no format of ours, SolutionError where training fails, where the
    file is not what its name says, and where the record does not parse or lacks something."""
    component = job.component
    assert isinstance(component, Model)  # noqa: S101  the schema's discriminator says so
    _require_safe_format(job, component)
    key, trained = _train(job, component) if component.train else (_untrained_key(job, component), False)
    path, record = source_file(job, component.path), source_file(job, component.record)
    sha256, recorded = sha256_file(path), _record(record)
    return Artifact(
        job.name,
        component.kind,
        str(path),
        sha256,
        path.stat().st_size,
        key,
        facts={
            **model_facts(job, component, path, sha256),
            "record": recorded,
            "record_sha256": sha256_file(record),
            "trained": trained,
        },
    )


def _require_safe_format(job: BuildJob, component: Model) -> None:
    if PurePath(component.path).suffix not in FORMATS and not component.allow_pickle_sha256:
        raise UsageError(
            f"{component.path!r} is not a format that Lockgate loads",
            where=f"{job.root / 'lockgate.yml'}: components.{job.name}.path",
            hint=f"export to one of {', '.join(FORMATS)}; a pickle runs code when it is read",
        )


def _train(job: BuildJob, component: Model) -> tuple[str, bool]:
    outputs = (component.path, component.record, *component.outputs)
    command = Command(job.name, component.train or "", component.inputs, outputs, component.timeout)
    digests = [_prepared(job, name) for name in sorted(component.needs)]
    for name in outputs:
        (job.root / name).parent.mkdir(parents=True, exist_ok=True)
    job.say(f"{job.name}: training if its inputs changed")
    log = job.out.parent / "logs" / f"build-{job.name}.log"
    return run_stamped(job.root, command, job.python, job.solution, log, *digests)


def _prepared(job: BuildJob, name: str) -> str:
    try:
        return outputs_digest(job.root, job.solution.prepare[name])
    except (KeyError, OSError) as error:
        raise UsageError(
            f"it needs {name!r}, which is not prepared", where=f"components.{job.name}"
        ) from error


def _untrained_key(job: BuildJob, component: Model) -> str:
    """The key of a model that comes as a file: its own bytes and its record's."""
    return sha256_inputs(job.root, (component.path, component.record))


def _record(path: Path) -> dict[str, Any]:
    """The training record; raises SolutionError where it is no JSON object of a sane size."""
    try:
        if path.stat().st_size > RECORD_LIMIT:
            raise ValueError(f"it is larger than {RECORD_LIMIT} bytes")
        record = parse(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise SolutionError(f"the training record cannot be read: {error}", where=str(path)) from error
    if not isinstance(record, dict):
        raise SolutionError("the training record is not a JSON object", where=str(path))
    if _is_deeper(record, RECORD_DEPTH):
        raise SolutionError(f"the training record is nested deeper than {RECORD_DEPTH}", where=str(path))
    if lacking := [name for name in RECORDED if record.get(name) in (None, "", {}, [])]:
        raise SolutionError(
            f"the training record lacks {', '.join(lacking)}", where=str(path), hint="docs/components.md"
        )
    return record


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether a value is nested deeper: the manifest that carries it has to be written and read."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(each, levels - 1) for each in inner)
