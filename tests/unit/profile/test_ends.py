"""Where ranges end: at a scale's end, at a sign or a share that is no accident, else beyond what was seen."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from statistics import fmean, pstdev

from runner.expect.columns import Column, Kind
from runner.profile.chance import Chance
from runner.profile.ends import ends, is_scale
from runner.profile.seen import Moments, SeenColumn

DICE = random.Random(3)  # noqa: S311


def column(values: Sequence[float], kind: Kind = Kind.FLOAT) -> SeenColumn:
    ordered, rows = sorted(values), len(values)
    counts = tuple(Counter(values).items()) if len(set(values)) <= 60 else None
    moments = Moments(fmean(values), pstdev(values), 0.0)
    return SeenColumn(
        Column("c", kind), rows, rows, len(set(values)), tuple(ordered[:64]), tuple(ordered[:-65:-1]),
        moments, values=counts,
    )  # fmt: skip


def told(values: Sequence[float], kind: Kind = Kind.FLOAT) -> tuple[float | None, float | None]:
    rows = len(values)
    return ends(column(values, kind), Chance(rows, rows // 2, 1e-4), whole=kind is not Kind.FLOAT)


def test_hours_end_where_they_end_and_counts_do_not() -> None:
    hours = [DICE.randrange(24) for _ in range(200)]
    assert is_scale(column(hours, Kind.INTEGER)) and told(hours, Kind.INTEGER) == (0, 23)
    counts = [sum(DICE.random() < 0.02 for _ in range(500)) for _ in range(300)]
    assert not is_scale(column(counts, Kind.INTEGER))
    assert (told(counts, Kind.INTEGER)[1] or 0) > max(counts)


def test_a_sign_is_kept_where_it_is_no_accident() -> None:
    assert told([DICE.lognormvariate(3, 1) for _ in range(600)])[0] == 0
    low = told([abs(DICE.gauss(15, 5)) for _ in range(600)])[0]
    assert low is not None and low < 0
    assert told([-DICE.lognormvariate(3, 1) for _ in range(600)])[1] == 0


def test_shares_and_percents_end_at_one_and_at_a_hundred() -> None:
    assert told([DICE.random() for _ in range(600)]) == (0, 1)
    assert told([100 * DICE.random() for _ in range(600)]) == (0, 100)
    assert (told([DICE.gauss(0.5, 0.1) for _ in range(600)])[1] or 0) > 0.9


def test_lengths_that_differ_have_room_however_frequent() -> None:
    lengths = [5] * 300 + [27] * 300
    assert told(lengths, Kind.TEXT)[1] == 30 and told([6] * 600, Kind.TEXT) == (6, 6)


def test_a_constant_has_room() -> None:
    assert told([7.0] * 5) == (6, 8)
    assert told([7.0] * 50) == (7, 7)
