"""CloudTrail: what the role did in the window, as far as it is told by now (up to 15 minutes late).

Parameters and answers of the calls are left out: they hold whatever was sent, environments of functions
among it. Source: CloudTrail API reference, LookupEvents; user guide, "CloudTrail record contents".
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from runner.adapters.aws import Aws
from runner.incident import Incident
from runner.incident.gather import Piece

FILE = "cloudtrail.jsonl"
PAGES = 30  # of 50 events each
PAUSE = 0.5  # seconds; two requests a second are taken
KEPT = (
    "eventTime",
    "eventSource",
    "eventName",
    "readOnly",
    "errorCode",
    "errorMessage",
    "requestID",
    "eventID",
)


def trail_events(aws: Aws, incident: Incident) -> Iterator[Piece]:
    """The role's events, newest first. Raises AwsError."""
    asked: dict[str, Any] = {"StartTime": incident.start, "EndTime": incident.end, "MaxResults": 50}
    for page in range(PAGES):
        if page and aws.target.kind == "real":
            time.sleep(PAUSE)
        answer = aws.call("cloudtrail", "lookup_events", **asked)
        for event in answer.get("Events", ()):
            told = _told(event)
            if told is not None and _is_by(told.get("userIdentity", {}), incident.role):
                yield _piece(event, told)
        if not answer.get("NextToken"):
            return
        asked["NextToken"] = answer["NextToken"]


def _told(event: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        told = json.loads(event.get("CloudTrailEvent", ""))
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _is_by(identity: Mapping[str, Any], role: str) -> bool:
    """Whether an identity is the role, or a session of it."""
    issuer = identity.get("sessionContext", {}).get("sessionIssuer", {}).get("arn")
    return role in (identity.get("arn"), issuer)


def _piece(event: Mapping[str, Any], told: Mapping[str, Any]) -> Piece:
    resources = [r.get("ResourceName", "") for r in event.get("Resources", ())]
    value = {name: told[name] for name in KEPT if name in told}
    value |= {"by": told.get("userIdentity", {}).get("arn", ""), "resources": resources}
    return Piece(FILE, value, len(json.dumps(value)))
