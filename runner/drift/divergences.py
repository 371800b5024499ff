"""PSI and Jensen-Shannon divergence between two distributions over bins, with their derivatives.

Both are f-divergences: a channel that is put before both distributions (bins merged, a share mixed in) can
only lower them (data-processing inequality; Csiszar 1967, Cover & Thomas 2006, section 2.8). So a lower bound
of a smoothed divergence is one of the divergence itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

LN2 = float(np.log(2.0))


@dataclass(frozen=True, slots=True)
class Expansion:
    """A divergence sum_j f(p_j, q_j) with the derivatives of each term: value (...), the rest (..., k)."""

    value: Any
    by_p: Any
    by_q: Any
    by_pp: Any
    by_pq: Any
    by_qq: Any


Divergence = Callable[[Any, Any], Expansion]


def psi(p: Any, q: Any) -> Expansion:
    """The population stability index, sum (p - q) ln(p / q): Jeffreys' divergence (1946), in nats.

    `p`, `q`: (..., k), above 0."""
    log = np.log(p / q)
    return Expansion(
        ((p - q) * log).sum(-1),
        log + 1 - q / p,
        -log + 1 - p / q,
        1 / p + q / p**2,
        -1 / p - 1 / q,
        1 / q + p / q**2,
    )


def jensen_shannon(p: Any, q: Any) -> Expansion:
    """The Jensen-Shannon divergence (Lin 1991) in bits, from 0 to 1; its root is the distance, a metric
    (Endres & Schindelin 2003).

    `p`, `q`: (..., k), above 0."""
    both = p + q
    by_p, by_q = np.log2(2 * p / both) / 2, np.log2(2 * q / both) / 2
    curved = 1 / (2 * LN2 * both)
    return Expansion((p * by_p + q * by_q).sum(-1), by_p, by_q, curved * q / p, -curved, curved * p / q)
