"""Byte-compile what is not compiled yet, so that the bytes depend on the sources alone.

    python compile.py FOLDER

`unchecked-hash`: no date in the bytecode, and no stat of the source at each import. What strings a
process has interned before shows in the next file's bytes, so every process is given the same
files in the same order, however fast the others are. Ends with what does not compile.
"""

import compileall
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib.util import cache_from_source
from pathlib import Path
from py_compile import PycInvalidationMode

PARTS = 4  # a constant, not the number of processors: it shows in the bytes
# Cookiecutter templates and code for other Pythons: no module, so nobody imports it.
NO_MODULES = ("templates/", "/lib2to3/")


def compile_part(sources: list[str]) -> list[str]:
    """Compile files one after the other; returns those that cannot be."""
    mode = PycInvalidationMode.UNCHECKED_HASH
    return [s for s in sources if not compileall.compile_file(s, quiet=2, invalidation_mode=mode)]


def main(folder: Path) -> int:
    found = sorted(str(p) for p in folder.rglob("*.py"))
    sources = [s for s in found if not Path(cache_from_source(s)).exists()]
    with ProcessPoolExecutor(PARTS, max_tasks_per_child=1) as pool:
        bad = [s for part in pool.map(compile_part, [sources[i::PARTS] for i in range(PARTS)]) for s in part]
    bad = [s for s in bad if not any(mark in s for mark in NO_MODULES)]
    print(f"compiled {len(sources)} files" + "".join(f"\ncannot be compiled: {s}" for s in bad))
    return len(bad)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
