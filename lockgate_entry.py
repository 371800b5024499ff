"""The console script's own module, with a name that no solution has.

A caller's PYTHONPATH may lead to another package called `runner` before this one. So the folder that
this file lies in, where our `runner` is, comes first.
"""

import sys
from pathlib import Path


def main() -> int:
    """Run the command line; see runner.cli."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from runner.cli import main as command_line

    return command_line()
