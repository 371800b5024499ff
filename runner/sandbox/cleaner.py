"""Remove a sandbox's scratch folder after the last of its processes: `python cleaner.py GROUP FOLDER`.

A process of its own, in a session of its own, because the sandbox's group dies whole: as long as
one of its Lambda workers lives, it can write the folder anew. Standard library only, since the bare
interpreter runs it.
"""

import os
import shutil
import sys
import time

SECONDS = 5.0


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def main(group: int, folder: str) -> None:
    """Remove until the group is gone; one whose dead nobody collects (in a container) is given up on."""
    deadline = time.monotonic() + SECONDS
    while True:
        was_alive = _is_alive(group)
        shutil.rmtree(folder, ignore_errors=True)
        if not was_alive or time.monotonic() > deadline:
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
