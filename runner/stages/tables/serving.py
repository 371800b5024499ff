"""A Lambda's package asked many events here, in a bare interpreter of its own, as stock:lambda asks one."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.adapters import privileges, shell
from runner.adapters.files import sha256_file
from runner.config.json_strict import parse
from runner.errors import InfrastructureError, SolutionError
from runner.stages import StageJob
from runner.stages.context import unit_context
from runner.text import one_line

DRIVER = Path(__file__).with_name("_invoke_rows.py")
MOST_BYTES = 512 * 2**20  # of answers
# What clean_env tells an AWS SDK so that it finds no credentials: whatever else a stage is handed is held.
WITHOUT = {"AWS_EC2_METADATA_DISABLED", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}
Answer = dict[str, Any]  # {"answer": ...} or {"error": ...}


def answers(job: StageJob, component: str, events: Sequence[Any]) -> list[Answer]:
    """The component's answer to each event. Raises SolutionError where its handler cannot be imported,
    InfrastructureError where there is no package, or not every event was answered.

    The solution's code gets an environment without credentials. A stage that holds some is refused: a child
    of the same user could read them."""
    if {*job.aws, *job.variables} - WITHOUT:
        raise InfrastructureError(
            "the solution's code is not run in a stage that holds credentials",
            where=f"stages.{job.name}",
            hint="ask for skew in a data stage of its own, whose tables are files of the solution",
        )
    with tempfile.TemporaryDirectory(prefix="serving-") as folder:
        place = Path(folder)
        _unpack(job, component, place / "code")
        (place / "events.jsonl").write_text("".join(f"{json.dumps(e)}\n" for e in events), encoding="utf-8")
        with privileges.lent(place):
            out = _asked(job, component, place)
        return _told(out, len(events))


def _unpack(job: StageJob, component: str, code: Path) -> None:
    """The package that can be executed on this machine, if it is the one that was built."""
    artifact = job.artifacts.get(component)
    if artifact is None:
        raise InfrastructureError(f"no package of {component!r} was handed to the stage")
    built = artifact.executed or artifact
    path = job.root / built.path
    if sha256_file(path) != built.sha256:
        raise InfrastructureError(f"the package of {component!r} is not the one that was built")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(code)


def _asked(job: StageJob, component: str, place: Path) -> Path:
    """The file with the answers."""
    context, out = unit_context(job), place / "answers.jsonl"
    told = context["components"][component]
    argv = [context["bare_python"], "-I", str(DRIVER), str(place / "code"), told["handler"]]
    extra = {
        **told["test_env"],
        "HOME": str(place),
        "AWS_LAMBDA_FUNCTION_NAME": component,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    }
    done = shell.run(
        [*argv, str(place / "events.jsonl"), str(out)],
        env=shell.clean_env(extra),
        cwd=place,
        timeout=job.stage.timeout,
        untrusted=True,
    )
    if done.code:
        last = one_line(done.output[-300:])
        raise InfrastructureError(f"{component}'s process ended with status {done.code}: {last}")
    return out


def _told(out: Path, events: int) -> list[Answer]:
    """A line of answers for each event, written by code that is not trusted."""
    try:
        if out.is_symlink() or out.stat().st_size > MOST_BYTES:
            raise InfrastructureError("its answers are too large")
        lines = out.read_text(encoding="utf-8").splitlines()
        found = [parse(line.encode()) for line in lines]
    except (OSError, ValueError, RecursionError) as error:
        raise InfrastructureError(f"its answers cannot be read: {one_line(error)}") from None
    if not all(isinstance(each, dict) for each in found):
        raise InfrastructureError("its answers cannot be read: they are no objects")
    if found and "broken" in found[0]:
        raise SolutionError(f"its handler cannot be imported: {one_line(found[0]['broken'])}")
    if len(found) != events:
        raise InfrastructureError(f"{len(found):,} of {events:,} events were answered")
    return found
