"""Where a condition that holds from 0 on ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

PARTS, ROUNDS = 10, 6  # to a millionth


def up_to(holds: Callable[[Any], Any], shape: tuple[int, ...]) -> Any:
    """Up to which number from 0 to 1 a condition holds, for each place of `shape`.

    `holds` is asked for several numbers of each place at once: (n, *shape)."""
    low, width = np.zeros(shape), 1.0
    steps = (np.arange(1, PARTS) / PARTS).reshape(-1, *(1 for _ in shape))
    for _ in range(ROUNDS):
        held = np.logical_and.accumulate(holds(low + width * steps), axis=0)
        width /= PARTS
        low = low + width * held.sum(axis=0)
    return low
