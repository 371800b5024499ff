"""Which shard runs which test: every test once, in every shard the same, and none with much more to do."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.stages.sharding import UNKNOWN, Shard, partition, share

IDS = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=40, unique=True)
SECONDS = st.floats(0.001, 1000.0)
COUNTS = st.integers(1, 10)


@given(IDS, st.data(), COUNTS)
def test_every_test_runs_once_and_no_shard_is_empty(ids: list[str], data: st.DataObject, count: int) -> None:
    seconds = data.draw(st.dictionaries(st.sampled_from(ids), SECONDS))
    count = min(count, len(ids))
    shards = [share(ids, Shard(n, count, seconds)) for n in range(1, count + 1)]
    assert sorted(i for shard in shards for i in shard) == sorted(ids)
    assert all(shards)
    assert all(sorted(shard, key=ids.index) == list(shard) for shard in shards)


def load(costs: Sequence[float], shards: Sequence[int], count: int) -> float:
    """The most that any shard has to do, `shards[n]` being where test n runs."""
    return max(sum(c for c, s in zip(costs, shards, strict=True) if s == n) for n in range(count))


@given(st.lists(st.integers(1, 20), min_size=1, max_size=7), st.integers(2, 3))
def test_no_shard_has_a_third_more_to_do_than_it_must(costs: list[int], count: int) -> None:
    """Graham 1969: LPT takes at most 4/3 - 1/(3m) of the best of all partitions."""
    seconds = {f"t{n}": float(cost) for n, cost in enumerate(costs)}
    longest = max(sum(seconds[i] for i in s) for s in partition(list(seconds), seconds, count))
    best = min(load(costs, shards, count) for shards in product(range(count), repeat=len(costs)))
    assert longest <= best * (4 / 3 - 1 / (3 * count)) + 1e-6


def test_lpt_is_at_its_known_worst_and_no_worse() -> None:
    """Two shards, 3 3 2 2 2: the best is 6, LPT makes 7, and 4/3 - 1/(3*2) allows 7."""
    seconds = {"a": 3.0, "b": 3.0, "c": 2.0, "d": 2.0, "e": 2.0}
    loads = [sum(seconds[i] for i in shard) for shard in partition(list(seconds), seconds, 2)]
    assert sorted(loads) == [5.0, 7.0]


@given(IDS, st.data(), COUNTS, st.randoms())
def test_every_shard_makes_the_same_cut(
    ids: list[str], data: st.DataObject, count: int, rng: random.Random
) -> None:
    """Whatever the order in which durations were read or tests were found."""
    seconds = data.draw(st.dictionaries(st.sampled_from(ids), st.sampled_from([0.5, 1.0, 2.0])))
    items, other = list(seconds.items()), list(ids)
    rng.shuffle(items)
    rng.shuffle(other)
    assert partition(ids, seconds, count) == partition(other, dict(items), count)


def test_recorded_durations_decide() -> None:
    ids = ["slow", "a", "b", "c"]
    assert share(ids, Shard(1, 2, {"slow": 9.0, "a": 1.0, "b": 1.0, "c": 1.0})) == ("slow",)
    assert share(ids, Shard(2, 2, {"slow": 9.0, "a": 1.0, "b": 1.0, "c": 1.0})) == ("a", "b", "c")


def test_a_test_that_was_never_timed_counts_as_the_median() -> None:
    [first, second] = partition(["new", "x", "y", "z"], {"x": 1.0, "y": 4.0, "z": 10.0}, 2)
    assert {frozenset(first), frozenset(second)} == {frozenset({"z"}), frozenset({"new", "x", "y"})}
    assert UNKNOWN > 0


def test_negative_durations_and_those_of_nothing_do_no_harm() -> None:
    shards = partition(["a", "b"], {"a": -5.0, "gone": 1e9}, 2)
    assert sorted(map(sorted, shards)) == [["a"], ["b"]]


@pytest.mark.parametrize("ids", [[], ["a"], ["a", "a", "b", "b"]])
def test_fewer_tests_than_shards_is_refused_with_what_to_do(ids: list[str]) -> None:
    with pytest.raises(UsageError, match=r"3 shards for \d tests") as refused:
        share(ids, Shard(1, 3))
    assert "fewer shards" in refused.value.hint


def test_unless_something_could_not_be_collected_which_every_shard_then_shows() -> None:
    assert [share(["a"], Shard(n, 3), broken=1) for n in (1, 2, 3)] == [("a",), (), ()]


def test_a_shards_name_says_which_of_how_many() -> None:
    assert Shard(2, 5).name == "2-of-5"
