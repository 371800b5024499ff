"""The lower confidence bound of a divergence, and what it takes to find one.

The bound inverts the one-sided test of "the divergence is at most D" for every D: the law of the estimate is
taken at the pair of distributions that has divergence D on the line from the pooled sample to what was seen.
It is valid at 0, where a normal interval is not, and at any threshold (benchmarks/drift.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from runner.drift.divergences import Divergence
from runner.drift.law import Law, Sizes, law, smoothed
from runner.drift.normal import above, exceeded
from runner.drift.planted import Power, growing
from runner.drift.search import up_to


@dataclass(frozen=True, slots=True)
class Bounded:
    """`estimate` (its bias taken off, at least 0) and `lower`, both (...) in the divergence's unit."""

    estimate: Any
    lower: Any


def bounded(divergence: Divergence, reference: Any, current: Any, alpha: float) -> Bounded:
    """The divergence between two samples' counts (..., k), and its lower bound of level 1 - alpha.

    Each sample has rows, as many in each leading place."""
    sizes = Sizes(float(reference.sum(-1).flat[0]), float(current.sum(-1).flat[0]))
    p, q = reference / sizes.reference, current / sizes.current
    mixed_in = sizes.mixed_in(p.shape[-1])
    seen = divergence(smoothed(p, mixed_in), smoothed(q, mixed_in)).value
    z = exceeded(alpha)
    share = up_to(lambda s: _on_the_way(divergence, p, q, sizes, s).z(seen) > z, seen.shape)
    at = _on_the_way(divergence, p, q, sizes, share).value
    lower = np.where(share > 0, np.maximum(at, 0.0), 0.0)  # rounding makes a divergence of 0 negative
    return Bounded(np.maximum(seen - law(divergence, p, q, sizes).bias, lower), lower)


def _on_the_way(divergence: Divergence, p: Any, q: Any, sizes: Sizes, share: Any) -> Law:
    """The law where the distributions lie so far (0 to 1) from the pooled one to those seen."""
    pooled = (sizes.reference * p + sizes.current * q) / (sizes.reference + sizes.current)
    share = np.asarray(share)[..., None]
    return law(divergence, pooled + share * (p - pooled), pooled + share * (q - pooled), sizes)


def power(divergence: Divergence, reference: Any, rows: float, threshold: float, alpha: float) -> Power:
    """The power against a shift along the order of the bins, where `reference` (k,) are the counts and the
    current sample has `rows`."""
    sizes = Sizes(float(reference.sum()), rows)
    p = smoothed(reference / sizes.reference, sizes.mixed_in(len(reference)))
    q = growing(p, lambda q: law(divergence, np.broadcast_to(p, q.shape), q, sizes).value, threshold)
    p = np.broadcast_to(p, q.shape)
    laws = law(divergence, p, q, sizes)
    limit = Law(laws.value[0], laws.scale[0], laws.freedom[0])
    with np.errstate(all="ignore"):  # of the strongest tilts bins are empty, and the effect infinite
        effects = divergence(p, q).value
    return Power(effects, above(laws.z(limit.quantile(exceeded(alpha)))))
