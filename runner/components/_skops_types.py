"""Stand-alone, run by the solution's own Python: the types of a skops file that skops does not trust.

    python -I _skops_types.py MODEL.skops

Prints a JSON list of them. skops reads the file's schema for it and makes nothing of what it names.
"""

from __future__ import annotations

import json
import sys


def main(model: str) -> int:
    import skops.io

    print(json.dumps(sorted(set(skops.io.get_untrusted_types(file=model)))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
