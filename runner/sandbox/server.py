"""The sandbox's process: ministack, made to run Lambda code in a bare interpreter.

`python -P -m runner.sandbox.server BARE_PYTHON SCRATCH [FD]`. ministack runs Lambda code with
`sys.executable`, so that name is set before it is imported. FD is the read end of a pipe whose
write end only the parent holds: when it closes, however the parent ended, this process group
ends too (a pipe, since PR_SET_PDEATHSIG is Linux's alone and follows the parent's thread).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

CLEANER = Path(__file__).with_name("cleaner.py")


def _die_with_parent(descriptor: int, bare: str, scratch: str) -> None:
    """Workers first, then the folder: what lives would write it anew, so a stranger removes it."""
    os.set_inheritable(descriptor, False)
    while os.read(descriptor, 1):
        pass
    argv = [bare, "-I", "-S", str(CLEANER), str(os.getpgrp()), scratch]
    try:
        os.posix_spawn(bare, argv, os.environ, setsid=True)
    finally:
        os.killpg(0, signal.SIGKILL)


def main(argv: list[str]) -> None:
    """Serve until SIGTERM, or until the parent is gone."""
    bare, scratch, descriptor = argv[0], argv[1], argv[2:]
    if descriptor:
        arguments = (int(descriptor[0]), bare, scratch)
        threading.Thread(target=_die_with_parent, args=arguments, daemon=True).start()
    sys.executable = bare
    sys.argv = ["ministack"]
    from ministack.app import main as serve

    serve()


if __name__ == "__main__":
    main(sys.argv[1:])
