"""X-Ray traces with faults. Source: X-Ray API reference, GetTraceSummaries (windows of at most six hours)
and BatchGetTraces (five at a time)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from runner.adapters.aws import Aws
from runner.incident import Incident
from runner.incident.gather import Piece

FILE = "xray.jsonl"
TRACES, AT_ONCE = 20, 5
LONGEST = timedelta(hours=6)


def faulty_traces(aws: Aws, incident: Incident) -> Iterator[Piece]:
    """The first traces of the window in which something was a fault, all their segments. Raises AwsError."""
    ids = list(islice(_faulty(aws, incident), TRACES))
    for first in range(0, len(ids), AT_ONCE):
        answer = aws.call("xray", "batch_get_traces", TraceIds=ids[first : first + AT_ONCE])
        for trace in answer.get("Traces", ()):
            value = {"id": trace["Id"], "segments": [_document(s["Document"]) for s in trace["Segments"]]}
            yield Piece(FILE, value, len(json.dumps(value)))


def _faulty(aws: Aws, incident: Incident) -> Iterator[str]:
    start = max(incident.start, incident.end - LONGEST)
    asked: dict[str, Any] = {"StartTime": start, "EndTime": incident.end, "FilterExpression": "fault = true"}
    while True:
        answer = aws.call("xray", "get_trace_summaries", **asked)
        yield from (trace["Id"] for trace in answer.get("TraceSummaries", ()))
        if not answer.get("NextToken"):
            return
        asked["NextToken"] = answer["NextToken"]


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
