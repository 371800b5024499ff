"""What leaves this process: standard output and error, and the secrets that may not leave with it.

Nobody listening, or a narrow character set, never ends a run. Everything that is printed goes
through the redactor, whoever prints it: `prepare_streams` puts itself before both streams.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping
from typing import IO, Any, cast

from runner.adapters.redact import Redactor
from runner.adapters.secret_names import Secret, secrets_of


class Secrecy:
    """The secrets that this process knows: those of its environment, and what `learn` added."""

    def __init__(self) -> None:
        self.known: dict[str, Secret] = {}
        self.made: Redactor | None = None

    def learn(self, environ: Mapping[str, str]) -> None:
        """The secrets of an environment, or of anything that is written as one, are hidden from now on."""
        self.known |= {secret.value: secret for secret in secrets_of(environ)}
        self.made = None

    def redactor(self) -> Redactor:
        """The redactor of all of them; made when it is first needed."""
        if self.made is None:
            self.known = {s.value: s for s in secrets_of(os.environ)} | self.known
            self.made = Redactor(self.known.values())
        return self.made


SECRECY = Secrecy()
LOST: list[str] = []


class Clean:
    """A text stream that is written to without secrets. Each write stands for itself: what Lockgate
    prints it prints in one piece. A pipe that was closed turns further output into nothing."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        try:
            self.stream.write(SECRECY.redactor().text(text))
        except OSError as error:
            _to_nowhere(self.stream, error)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        try:
            self.stream.flush()
        except OSError as error:
            _to_nowhere(self.stream, error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def prepare_streams() -> None:
    """From now on what is printed is free of secrets, and characters that the terminal's encoding
    lacks are written as escapes."""
    SECRECY.learn(os.environ)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = _clean(sys.stdout), _clean(sys.stderr)


def _clean(stream: Any) -> Any:
    return stream if isinstance(stream, Clean) else cast("IO[str]", Clean(stream))


def say(stream: IO[str], text: str) -> None:
    """Print a text. A closed pipe (`lockgate run | head`) turns further output into nothing."""
    try:
        print(SECRECY.redactor().text(text), file=stream, flush=True)
    except OSError as error:
        _to_nowhere(stream, error)


def lost() -> str:
    """Why some of what was printed was not written down (a full disk), or ''; asking forgets it."""
    found, LOST[:] = list(LOST), []
    return found[0] if found else ""


def _to_nowhere(stream: IO[str], error: OSError) -> None:
    if error.errno != errno.EPIPE:  # somebody who stops listening has heard enough
        LOST.append(error.strerror or str(error))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
