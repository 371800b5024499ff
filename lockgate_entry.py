"""The console script's own module, with a name that no solution has.

A caller's PYTHONPATH may lead to another package called `runner` before ours, so it is left out of
this process. (`python -P -m runner`, which the children are started as, gets a clean environment.)
"""

import os
import sys


def main() -> int:
    """Run the command line; see runner.cli."""
    callers = {os.path.abspath(p) for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p}
    sys.path[:] = [p for p in sys.path if os.path.abspath(p) not in callers]
    from runner.cli import main as command_line

    return command_line()
