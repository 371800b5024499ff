"""p values of many slices, adjusted."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from runner.judge.slicing.adjust import adjusted


def test_holm_and_bh_by_hand() -> None:
    p = [0.01, 0.04, 0.03, 0.005]
    assert adjusted(p, "holm") == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert adjusted(p, "bh") == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert adjusted(p, "none") == pytest.approx(p)
    assert len(adjusted([], "holm")) == 0


def test_adjusted_p_values_keep_their_order_and_never_shrink() -> None:
    p = np.random.default_rng(0).random(50) ** 3
    for how in ("holm", "bh"):
        found = adjusted(p, how)
        assert (found >= p).all() and found.max() <= 1
        assert all(a <= b for a, b in pairwise(found[np.argsort(p)]))
