"""Where a condition ends."""

import numpy as np
import pytest

from runner.drift.search import up_to


def test_every_place_has_its_own_end() -> None:
    ends = np.array([[0.0, 0.123456], [0.5, 1.0]])
    assert up_to(lambda x: x < ends, ends.shape) == pytest.approx(ends, abs=2e-6)


def test_what_holds_again_later_does_not_count() -> None:
    assert up_to(lambda x: (x < 0.3) | (x > 0.6), ()) == pytest.approx(0.3, abs=2e-6)
