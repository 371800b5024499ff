"""Where evidence comes from: one file a kind of source, and which of them an incident has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from runner.adapters.aws import Aws
from runner.incident import Incident
from runner.incident.gather import Piece, Source
from runner.incident.sources.files import left_files
from runner.incident.sources.logs import log_lines
from runner.incident.sources.stack import stack_events
from runner.incident.sources.tasks import stop_reasons
from runner.incident.sources.traces import faulty_traces
from runner.incident.sources.trail import trail_events

Asked = Callable[[Aws, Incident], Iterator[Piece]]
# Name in the index -> source, and what of an incident it cannot do without.
IN_AWS: Mapping[str, tuple[Asked, str]] = {
    "logs": (log_lines, "log_groups"),
    "cloudtrail": (trail_events, "role"),
    "xray": (faulty_traces, ""),
    "stack-events": (stack_events, "stack"),
    "ecs-tasks": (stop_reasons, "tasks"),
}


def sources(incident: Incident, aws: Aws | None) -> dict[str, Source | str]:
    """The sources of an incident by name, or in a source's place why it is not asked."""
    found: dict[str, Source | str] = {"files": partial(left_files, incident)}
    for name, (asked, needed) in IN_AWS.items():
        if needed and not getattr(incident, needed):
            found[name] = f"the incident names no {needed.replace('_', ' ')}"
        else:
            found[name] = partial(asked, aws, incident) if aws else "no AWS is in use here"
    return found
