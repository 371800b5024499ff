"""What a fresh sample may show, held against simulations that are drawn by seed."""

from __future__ import annotations

import random

import pytest

from runner.profile.chance import Chance, collisions


def chance(rows: int = 1_000, alpha: float = 0.01) -> Chance:
    return Chance(rows, rows // 2, alpha)


@pytest.mark.parametrize(("share", "rows"), [(0.02, 500), (0.3, 200), (0.5, 1_000)])
def test_a_fresh_sample_shows_no_larger_share_but_rarely(share: float, rows: int) -> None:
    dice = random.Random(1)  # noqa: S311
    told = chance(rows)
    above = 0
    for _ in range(300):
        seen, fresh = (sum(dice.random() < share for _ in range(n)) for n in (rows, told.fresh))
        above += fresh / told.fresh > told.most(seen, rows)
    assert above <= 6  # of 300, 1 in 100 would be 3


def test_a_share_has_room_and_no_more_than_it_needs() -> None:
    assert 0.02 < chance(1_000).most(20, 1_000) < 0.08
    assert chance(100_000).most(2_000, 100_000) < 0.025
    assert chance(100_000).most(0, 100_000) < 0.001
    assert chance(50).most(50, 50) == chance(50).most(49, 50) == 1.0


def test_values_that_are_all_frequent_leave_nothing_unseen() -> None:
    assert chance().unseen([900, 50, 50]) == 0
    assert chance().unseen([900, 97, 1, 1, 1]) > 0.003
    assert chance().unseen([1] * 100) == 1.0


def test_the_end_of_a_scale_has_no_slack_and_a_tail_has() -> None:
    told = chance()
    assert told.reach([23.0] * 40 + [22.0] * 24, 12.0) == 0
    assert told.reach([10.0, 9.5, 9.0, 8.8, 8.0], 2.0) > 0


@pytest.mark.parametrize("kind", ["exponential", "normal", "pareto"])
def test_a_fresh_sample_does_not_reach_beyond_its_tail_but_rarely(kind: str) -> None:
    dice = random.Random(2)  # noqa: S311
    draw = {
        "exponential": lambda: dice.expovariate(0.1),
        "normal": lambda: dice.gauss(100, 15),
        "pareto": lambda: 10 * dice.paretovariate(2.5),
    }[kind]
    told, beyond = chance(400), 0
    for _ in range(200):
        seen = sorted((draw() for _ in range(400)), reverse=True)
        most = seen[0] + told.reach(seen[:64], sum(seen) / len(seen))
        beyond += max(draw() for _ in range(told.fresh)) > most
    assert beyond <= 8  # of 200: 1 in 100, and the tail's own error


def test_so_many_pairs_are_equal_by_chance() -> None:
    assert collisions(23, 365) == pytest.approx(253 / 365)  # the birthdays of 23 people
