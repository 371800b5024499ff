"""A CloudFormation template: read with care, its local paths resolved, linted, known by its bytes."""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from runner.adapters import shell
from runner.adapters.files import write_atomic
from runner.components import BuildJob
from runner.components.packaging import Packaged, packaged
from runner.components.sources import read_source
from runner.config.schema import Stack
from runner.errors import InfrastructureError, SolutionError
from runner.model import Artifact

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
BYTES_LIMIT = 1_000_000
DEPTH_LIMIT = 60
LINT = "from cfnlint import runner; runner.main()"


def build(job: BuildJob) -> Artifact:
    """Check the template and name it by the digest of its bytes.

    Raises SolutionError for a template that cannot be read or that cfn-lint finds an error in."""
    component = job.component
    assert isinstance(component, Stack)  # noqa: S101  the schema's discriminator says so
    path, data = read_source(job, component.template, BYTES_LIMIT)
    check_yaml(data, where=component.template)
    made = packaged(data.decode("utf-8-sig"), component.template, component, job.solution.components)
    if made.parameters:
        path, data = _kept(job, made, path.suffix)
    digest = hashlib.sha256(data).hexdigest()
    errors = [f for f in _findings(job, data, digest) if f["Level"] == "Error"]
    if errors:
        told = _told(errors, made)
        raise SolutionError(told, where=component.template, hint=f"run cfn-lint {component.template}")
    facts = {
        "parameters": dict(component.parameters),
        "packaged": dict(made.parameters),
        "linted_by": f"cfn-lint {_linter()}",
    }
    return Artifact(job.name, component.kind, str(path), digest, len(data), digest, facts=facts)


def _kept(job: BuildJob, made: Packaged, suffix: str) -> tuple[Path, bytes]:
    """The packaged template as a file named by its digest."""
    data = made.text.encode()
    path = job.cache / "templates" / f"{hashlib.sha256(data).hexdigest()}{suffix}"
    write_atomic(path, data)
    return path, data


def check_yaml(data: bytes, *, where: str) -> None:
    """Refuse what could blow up a parser: size, depth, and aliases, which CloudFormation lacks too."""
    import yaml

    if len(data) > BYTES_LIMIT:
        raise SolutionError(f"{len(data)} bytes; a template has {BYTES_LIMIT} at most", where=where)
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, ten times faster
        depth = _depth(yaml.parse(data.decode("utf-8"), Loader=loader))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise SolutionError(f"not a YAML template: {' '.join(str(error).split())}", where=where) from error
    if depth == 0:
        raise SolutionError("the template is empty", where=where)


def _depth(events: Iterable[Any]) -> int:
    """The deepest nesting; raises a YAMLError at an alias or beyond the limit."""
    import yaml

    depth = deepest = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("aliases (&x, *x) are not allowed")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        deepest = max(deepest, depth)
        if depth > DEPTH_LIMIT:
            raise yaml.YAMLError(f"nested deeper than {DEPTH_LIMIT}")
    return deepest


def _linter() -> str:
    try:
        return version("cfn-lint")
    except PackageNotFoundError:
        raise InfrastructureError(
            "cfn-lint is not installed", where="stack", hint="pip install 'lockgate[stack]'"
        ) from None


def _findings(job: BuildJob, data: bytes, digest: str) -> list[dict[str, Any]]:
    """cfn-lint's findings, kept by the template's digest: linting costs about a second."""
    kept = job.cache / "lint" / f"{digest}-{_linter()}.json"
    try:
        found: list[dict[str, Any]] = json.loads(kept.read_bytes())
        return found
    except (OSError, ValueError):
        found = _lint(job, data)
        write_atomic(kept, json.dumps(found).encode())
        return found


def _lint(job: BuildJob, data: bytes) -> list[dict[str, Any]]:
    """Lint in a child and in an empty folder, so that no .cfnlintrc adds rules (code) or hides some."""
    log = job.out / f"cfn-lint-{job.name}.log"
    with tempfile.TemporaryDirectory(prefix="lockgate-lint-") as folder:
        template, answer = Path(folder, "template.yml"), Path(folder, "findings.json")
        template.write_bytes(data)
        argv = [sys.executable, "-P", "-c", LINT, "--format", "json", "--output-file", str(answer)]
        env = shell.clean_env({"HOME": folder})
        done = shell.run(
            [*argv, "--template", str(template)], env=env, cwd=Path(folder), timeout=120, log=log
        )
        try:
            found: list[dict[str, Any]] = json.loads(answer.read_bytes() or b"[]")
        except (OSError, ValueError):
            found = []
    # Bits of the status: 2 an error, 4 a warning, 8 a remark; anything else is no judgement.
    if done.code not in range(0, 16, 2) or (done.code and not found):
        raise InfrastructureError(f"cfn-lint ended with status {done.code}", where=str(log))
    return found


def _told(errors: list[dict[str, Any]], made: Packaged) -> str:
    first = errors[0]
    line = made.line(int(first["Location"]["Start"]["LineNumber"]))
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"line {line}: {first['Rule']['Id']} {' '.join(first['Message'].split())}{more}"
