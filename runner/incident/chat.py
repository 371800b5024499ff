"""The same message as a chat reads it: Slack's blocks, Teams' adaptive card. Pure.

What comes from code under test is put where neither parses anything (plain_text, TextRun): a check's name
can neither mention a channel nor hide a link. Limits: Slack, 50 blocks and 3,000 characters a section
(Block Kit reference); Teams, 28 KB a message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from runner.incident import Incident
from runner.incident.message import SHOWN, facts, finding, subject
from runner.text import one_line, shorten

SECTION_LIMIT = 2900
TEAMS_LIMIT = 28_000
# No character with which either form could end a link.
LINK = re.compile(r"https://[A-Za-z0-9._-]+(:\d{1,5})?(/[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?", re.ASCII)


def slack(incident: Incident) -> dict[str, Any]:
    """The payload of a Slack incoming webhook."""
    links, places = _links(incident)
    texts = [one_line(incident.cause, 1000), *_facts(incident), *_findings(incident, SHOWN), *places]
    blocks = [_plain("header", shorten(subject(incident), 140))]
    blocks += [_plain("section", part) for part in _parts(texts)]
    if links:
        shown = " | ".join(f"<{_escaped(url)}|{_escaped(name)}>" for name, url in links.items())
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": shorten(shown, SECTION_LIMIT)}})
    return {"text": _escaped(subject(incident)), "blocks": blocks}


def teams(incident: Incident) -> dict[str, Any]:
    """The payload of a Teams workflow's webhook; as many findings as fit into Teams' limit."""
    for shown in (*range(SHOWN, 0, -3), 0):
        card = _card(incident, shown)
        if len(json.dumps(card).encode()) <= TEAMS_LIMIT:
            break
    return card


FORMS: Mapping[str, Callable[[Incident], dict[str, Any]]] = {"slack": slack, "teams": teams}


def _card(incident: Incident, shown: int) -> dict[str, Any]:
    links, places = _links(incident)
    texts = [one_line(incident.cause, 1000), *_facts(incident), *_findings(incident, shown), *places]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [_run(subject(incident), weight="Bolder"), *(_run(text) for text in texts)],
        "actions": [{"type": "Action.OpenUrl", "title": n, "url": url} for n, url in links.items()],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": content}]}


def _run(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def _facts(incident: Incident) -> list[str]:
    return [f"{name}: {value}" for name, value in facts(incident)]


def _findings(incident: Incident, shown: int) -> list[str]:
    more = len(incident.failed) - shown
    return [*map(finding, incident.failed[:shown]), *([f"and {more:,} more"] if more > 0 else [])]


def _links(incident: Incident) -> tuple[dict[str, str], list[str]]:
    """What can be clicked, and what can only be read (s3:// and paths)."""
    found = {one_line(name, 40): one_line(uri, 1500) for name, uri in incident.links.items()}
    links = {name: uri for name, uri in found.items() if LINK.fullmatch(uri)}
    return links, [f"{name}: {uri}" for name, uri in found.items() if name not in links]


def _parts(lines: list[str]) -> list[str]:
    """The lines in as few sections as hold them."""
    parts = [""]
    for line in lines:
        joined = f"{parts[-1]}\n{line}".strip("\n")
        if len(joined) <= SECTION_LIMIT:
            parts[-1] = joined
        else:
            parts.append(shorten(line, SECTION_LIMIT))
    return parts


def _plain(kind: str, text: str) -> dict[str, Any]:
    return {"type": kind, "text": {"type": "plain_text", "text": text, "emoji": False}}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
