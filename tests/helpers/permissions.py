"""A root that modes bind: what a test closes is closed for it too."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

# linux/capability.h: version 3 of the call; CAP_DAC_OVERRIDE 1, CAP_DAC_READ_SEARCH 2
VERSION, OVERRIDE = 0x20080522, 0b110


@contextmanager
def without_override() -> Iterator[None]:
    """For this thread, and for those that it starts, files are as closed as their modes say."""
    if os.geteuid() != 0:
        yield
        return
    header = (ctypes.c_uint32 * 2)(VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then their upper halves
    _call("capget", header, sets)
    before = sets[0]
    sets[0] = before & ~OVERRIDE
    _call("capset", header, sets)
    try:
        yield
    finally:
        sets[0] = before
        _call("capset", header, sets)


def _call(name: str, header: object, sets: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(header, sets) != 0:
        raise OSError(ctypes.get_errno(), name)
