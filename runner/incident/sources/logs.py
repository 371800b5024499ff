"""CloudWatch log lines around the failure, one file a log group."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from runner.adapters.aws import Aws, AwsError
from runner.adapters.cloudwatch_logs import lines_around
from runner.errors import InfrastructureError
from runner.incident import Incident
from runner.incident.gather import Piece

GROUPS = 20


def log_lines(aws: Aws, incident: Incident) -> Iterator[Piece]:
    """The lines of each group. Raises InfrastructureError, after the others, for the groups that cannot
    be read."""
    missing = []
    for group in incident.log_groups[:GROUPS]:
        try:
            for line in lines_around(aws, group, incident.start, incident.end):
                yield Piece(log_file(group), line, len(line.message.encode()) + 40)
        except AwsError as error:
            missing.append(f"{group}: {error.what}")
    if more := incident.log_groups[GROUPS:]:
        missing.append(f"{len(more)} more groups were not asked")
    if missing:
        raise InfrastructureError("; ".join(missing))


def log_file(group: str) -> str:
    """The file of a log group; two groups never have the same."""
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", group).strip("-.")[:80]
    return f"logs/{slug}-{hashlib.sha256(group.encode()).hexdigest()[:8]}.log"
