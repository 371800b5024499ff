"""A table that a command names, opened where it lies."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.profile.place import Place
from runner.sources.buckets import Buckets
from runner.sources.databases import Databases
from runner.sources.opening import Places, opened
from runner.sources.source import Source

if TYPE_CHECKING:
    from runner.adapters.aws import Aws


@contextmanager
def at_hand(place: Place, *, real: bool) -> Iterator[Source]:
    """The table, until the block ends; `real`: the real AWS may be asked for what lies there. Databases are
    reached by the variables that their connections name. Raises as `opened` does."""
    connect = cache(partial(_aws, real))
    databases = Databases(place.connections, os.environ, connect)
    with tempfile.TemporaryDirectory(prefix="table-") as scratch, closing(databases):
        places = Places(place.root, Path(scratch), Buckets(connect), place.connections, databases)
        yield opened(place.name, place.config, places)


def _aws(real: bool) -> Aws:
    """The AWS that was asked for by name."""
    from runner.sandbox.choose import is_real

    if not is_real(real):
        raise UsageError("the table lies in AWS", hint="--aws (or LOCKGATE_AWS=1) lets it be read")
    from runner.adapters.aws import Aws, real_target

    return Aws(real_target())
