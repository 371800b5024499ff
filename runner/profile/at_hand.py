"""A table that a command names, opened where it lies."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.profile.place import Place
from runner.sources.buckets import Buckets
from runner.sources.opening import Places, opened
from runner.sources.source import Source

if TYPE_CHECKING:
    from runner.adapters.aws import Aws


@contextmanager
def at_hand(place: Place, *, real: bool) -> Iterator[Source]:
    """The table, until the block ends; `real`: the real AWS may be asked for s3:// sources. Raises as
    `opened` does."""
    with tempfile.TemporaryDirectory(prefix="table-") as scratch:
        places = Places(place.root, Path(scratch), Buckets(partial(_aws, real)), place.connections)
        yield opened(place.name, place.config, places)


def _aws(real: bool) -> Aws:
    """The AWS that was asked for by name."""
    from runner.sandbox.choose import is_real

    if not is_real(real):
        raise UsageError("the table lies in S3", hint="--aws (or LOCKGATE_AWS=1) lets it be fetched")
    from runner.adapters.aws import Aws, real_target

    return Aws(real_target())
