"""Lines of a CloudWatch log group around a moment, those nearest to it first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from runner.adapters.aws import Aws

# A failure's lines stand at its end: the last minute is asked for before the quarter of an hour.
BEFORE = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
AFTER = timedelta(minutes=1)  # what is written late: a runtime's report, a task's last words
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class LogLine:
    """An event of a log: `time` in milliseconds since 1970, its stream, its message."""

    time: int
    stream: str
    message: str


def lines_around(aws: Aws, group: str, start: datetime, end: datetime) -> Iterator[LogLine]:
    """The events from `start`, at most 15 minutes before `end`, to a minute after it; in order within each
    of three slices, the latest slice first. Raises AwsError."""
    until = end + AFTER
    for before in BEFORE:
        since = max(start, end - before)
        if since < until:
            yield from _slice(aws, group, since, until)
            until = since - MILLISECOND


def _slice(aws: Aws, group: str, since: datetime, until: datetime) -> Iterator[LogLine]:
    asked = {"logGroupName": group, "startTime": _epoch(since), "endTime": _epoch(until)}
    token: dict[str, str] = {}
    while True:
        page = aws.call("logs", "filter_log_events", **asked, **token)
        for event in page.get("events", ()):
            yield LogLine(int(event["timestamp"]), event.get("logStreamName", ""), event.get("message", ""))
        if not page.get("nextToken"):
            return
        token = {"nextToken": page["nextToken"]}


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
