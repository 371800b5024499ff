"""The scratch folder of a sandbox: whose it is, and what becomes of it when its owner is dead.

An owner holds a lock on a file in the folder, which the kernel lets go of however the owner ends;
a pid in a file could by then be another process's.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

from runner.adapters.privileges import test_user

PREFIX = "lockgate-sandbox-"
OWNER = ".owner"
# A folder without an owner's file may be one that is just being made.
YOUNG_SECONDS = 3600.0


def new_scratch() -> tuple[Path, int]:
    """A new scratch folder, and the descriptor of its owner's lock, to be handed to the owner and closed."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = os.open(folder / OWNER, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def sweep_scratch(parent: Path | None = None) -> None:
    """Remove the scratch folders, of this user's and the test user's, whose owners are dead."""
    user = test_user()
    ours = {os.getuid(), user.pw_uid} if user else {os.getuid()}
    for folder in (parent or Path(tempfile.gettempdir())).glob(f"{PREFIX}*"):
        try:
            info = folder.lstat()
            if info.st_uid in ours and stat.S_ISDIR(info.st_mode):
                _remove_if_left(folder, info.st_mtime)
        except OSError:  # gone meanwhile, or not ours to remove
            continue


def _remove_if_left(folder: Path, changed: float) -> None:
    try:
        lock = os.open(folder / OWNER, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        if time.time() - changed > YOUNG_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(lock)
