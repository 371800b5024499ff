"""Copy what is missing below a folder, and touch nothing that is there: `add.py SOURCE TARGET`.

A copy that sets the attributes of a folder that already has them (cp -a) puts it into the layer, or not:
that depends on which of two ways the engine's storage takes to find what changed.
"""

import os
import shutil
import sys
from pathlib import Path


def add(source: Path, target: Path) -> None:
    """Copy `source`'s missing entries, with modes, owners and times; the changed folders keep theirs."""
    if not os.path.lexists(target):
        copy(source, target)
    elif source.is_dir() and not source.is_symlink():
        before = target.stat()
        for entry in sorted(source.iterdir()):
            add(entry, target / entry.name)
        if target.stat().st_mtime_ns != before.st_mtime_ns:
            os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))


def copy(source: Path, target: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        target.mkdir()
        for entry in sorted(source.iterdir()):
            copy(entry, target / entry.name)
        shutil.copystat(source, target)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


if __name__ == "__main__":
    add(Path(sys.argv[1]), Path(sys.argv[2]))
