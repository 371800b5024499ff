"""`python -P -m runner` is the same program as `lockgate`."""

import sys

from runner.cli import main

sys.exit(main())
