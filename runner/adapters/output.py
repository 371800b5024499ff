"""Standard output and error: nobody listening, or a narrow character set, never ends a run."""

from __future__ import annotations

import os
import sys
from typing import IO


def prepare_streams() -> None:
    """Characters that the terminal's encoding lacks are written as escapes."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def say(stream: IO[str], text: str) -> None:
    """Print a text. A closed pipe (`lockgate run | head`) turns further output into nothing."""
    try:
        print(text, file=stream, flush=True)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
