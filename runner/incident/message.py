"""The message about a failure, as text. Pure.

Limits of SNS (API reference, Publish): a subject of less than 100 characters without control characters,
a message of at most 256 KiB.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.incident import Finding, Incident
from runner.text import one_line, shorten

SUBJECT_LIMIT = 99
BODY_LIMIT = 256 * 1024 - 8 * 1024  # bytes; attributes and the subject count too
SHOWN = 10


def subject(incident: Incident) -> str:
    """'FAILED deploy of flights to prod at canary: cause': ASCII, one line, below SNS's limit."""
    # Each by itself: an escape that begins in one and ends in another would hide what stands between.
    solution, environment, stage, cause = (
        one_line(part, 200)
        for part in (incident.solution, incident.environment, incident.stage, incident.cause)
    )
    place = f" to {environment}" if environment and incident.what != "merge" else ""
    at = f" at {stage}" if stage else ""
    return shorten_ascii(
        f"{incident.status} {incident.what} of {solution}{place}{at}: {cause}", SUBJECT_LIMIT
    )


def shorten_ascii(text: str, limit: int) -> str:
    """ASCII of at most `limit` characters, three dots saying that there were more."""
    plain = text.replace("…", "...").encode("ascii", "replace").decode()
    return plain if len(plain) <= limit else f"{plain[: limit - 3].rstrip()}..."


def body(incident: Incident) -> str:
    """The whole message: facts, the first findings, links, the id by which repeats are known."""
    text = "\n".join(_lines(incident))
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= BODY_LIMIT else raw[:BODY_LIMIT].decode("utf-8", "ignore")


def _lines(incident: Incident) -> Iterator[str]:
    yield one_line(f"{incident.status} {incident.what}: {incident.cause}", 1000)
    yield ""
    for name, value in facts(incident):
        yield f"{name:<12} {value}"
    if incident.failed:
        yield from ("", "First findings:", *(f"  {finding(f)}" for f in incident.failed[:SHOWN]))
        if more := len(incident.failed) - SHOWN:
            yield from [f"  and {more:,} more"] * (more > 0)
    if incident.links:
        yield from (
            "",
            *(f"{one_line(name, 40):<12} {one_line(uri, 2000)}" for name, uri in incident.links.items()),
        )
    yield from ("", f"Repeats of this message have the same id: {incident.dedup}")


def facts(incident: Incident) -> list[tuple[str, str]]:
    """What is known of the failure, as (name, value) on one line each; what is not known is left out."""
    known = {
        "solution": incident.solution,
        "commit": incident.commit,
        "environment": incident.environment,
        "release": incident.release,
        "stage": incident.stage,
        incident.what: incident.id,
        "from": incident.start.isoformat(timespec="seconds"),
        "to": incident.end.isoformat(timespec="seconds"),
    }
    return [(name, one_line(value, 200)) for name, value in known.items() if value]


def finding(found: Finding) -> str:
    """One finding in a line: where, what, why, measured against the limit."""
    measured = f"measured {one_line(found.measured, 120)}" if found.measured else ""
    limit = f"limit {one_line(found.limit, 120)}" if found.limit else ""
    told = [part for part in (one_line(found.cause, 300), ", ".join(filter(None, (measured, limit)))) if part]
    name = "/".join(part for part in (one_line(found.stage, 60), one_line(found.id, 200)) if part)
    return shorten(f"{found.status} {name}: {'; '.join(told) or 'no cause was given'}", 800)
