"""Telling a failure: the evidence first, since the message links to it, then every channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.adapters.aws import Aws
from runner.adapters.files import write_atomic
from runner.adapters.redact import Redactor
from runner.errors import LockgateError
from runner.incident import Incident
from runner.incident.bundle import NAME, collect
from runner.incident.channels import Channel
from runner.text import one_line, reason

Upload = Callable[[Path], str]  # a file -> the URI at which it was put


@dataclass(frozen=True, slots=True)
class Tools:
    """What telling uses of the world. `folder` gets incident.zip; `upload` puts it where others find it;
    `aws` is asked for evidence (None: of this machine alone)."""

    channels: tuple[Channel, ...]
    folder: Path
    redactor: Redactor
    aws: Aws | None = None
    upload: Upload | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What became of it: channels that took the message, 'who: why' of those that did not, the bundle's
    URI or path ('' for none), and what it lacks."""

    sent: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()
    bundle: str = ""
    lacks: tuple[str, ...] = field(default=())

    def lines(self) -> list[str]:
        """For people: one line each."""
        told = [f"told: {', '.join(self.sent)}"] if self.sent else []
        told += [f"NOT TOLD: {why}" for why in self.unsent]
        told += [f"evidence: {self.bundle}"] if self.bundle else []
        return told + [f"evidence lacks {why}" for why in self.lacks]


def tell(incident: Incident, tools: Tools) -> Told:
    """Collect the evidence, and send the message on every channel, each at least once. Never raises: how
    something failed is not changed by how that was told."""
    clean: Incident = tools.redactor.value(incident)
    bundle, lacks = _evidence(clean, tools)
    if bundle:
        clean = replace(clean, links={**clean.links, "evidence": bundle})
    sent, unsent = [], []
    for channel in tools.channels:
        why = _why_not(lambda c=channel: c.send(clean))  # type: ignore[misc]
        unsent.append(f"{channel.name}: {why}") if why else sent.append(channel.name)
    told: Told = tools.redactor.value(Told(tuple(sent), tuple(unsent), bundle, lacks))
    return told


def _evidence(incident: Incident, tools: Tools) -> tuple[str, tuple[str, ...]]:
    """Where the bundle lies, '' where it could not be made, and what is lacking."""
    path = tools.folder / NAME
    try:
        bundle = collect(incident, tools.aws, tools.redactor)
        write_atomic(path, bundle.data)
    except Exception as error:
        return "", (f"everything: {_told(error)}",)
    if tools.upload is None:
        return str(path), bundle.lacks
    try:
        return tools.upload(path), bundle.lacks
    except Exception as error:
        return str(path), (*bundle.lacks, f"its place beside the run: {_told(error)}")


def _why_not(act: Callable[[], object]) -> str:
    try:
        act()
    except Exception as error:
        return _told(error)
    return ""


def _told(error: Exception) -> str:
    return one_line(error.what if isinstance(error, LockgateError) else reason(error))
