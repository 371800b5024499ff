"""What a failing test stack can still tell: its events and its functions' logs, which go with it.

Kept in the stage's folder, `aws/`, before the stack is removed; whoever looks for the cause, and the
incident's bundle, finds it there.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from runner.adapters.files import write_atomic
from runner.adapters.output import SECRECY, say
from runner.incident import Incident
from runner.incident.bundle import evidence
from runner.model import Status
from runner.stages.stack_deploy import Stacks
from runner.stages.stack_remove import FUNCTION
from runner.text import reason

FOLDER, SECONDS = "aws", 10.0


def keep_evidence(stacks: Stacks, name: str, started: datetime, out: Path) -> None:
    """Keep it in out/aws/, or say why that could not be done. Raises nothing: the stack has to go."""
    try:
        stack = stacks.describe(name)
        if stack is None:
            return
        functions = [r.physical for r in stacks.resources(stack["StackId"]) if r.kind == FUNCTION]
        asked = Incident(
            "run", name, name, Status.FAILED, "", started, datetime.now(UTC), stack=stack["StackId"],
            log_groups=tuple(f"/aws/lambda/{function}" for function in sorted(set(functions))),
        )  # fmt: skip
        files, _ = evidence(asked, stacks.aws, SECRECY.redactor(), ("logs", "stack-events"), SECONDS)
        for file, data in files.items():
            write_atomic(out / FOLDER / file, data)
    except Exception as error:
        say(sys.stderr, f"the stack's logs could not be kept: {reason(error)}")
