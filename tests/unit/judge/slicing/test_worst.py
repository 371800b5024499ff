"""The search for the worst slices: what was planted is found, noise and few rows are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers.judging import multiclass, regression

from runner.judge.predictions import BINARY, CannotCompute, Predictions
from runner.judge.slicing.columns import columns_of, loss_of
from runner.judge.slicing.worst import BUDGET, LISTED, PAIR, Losses, Search, said, search

ROWS = 6000


def table(rows: int = ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "origin": rng.choice(["JFK", "LGA", "EWR"], rows),
            "carrier": rng.choice(list("abcdef"), rows),
            "distance": rng.normal(size=rows),
            "id": [f"row {i}" for i in range(rows)],
            "one": 1,
        }
    )


def honest(rows: int = ROWS) -> Predictions:
    rng = np.random.default_rng(6)
    y = rng.integers(0, 2, rows)
    return Predictions(
        BINARY, y, np.clip(0.5 + 0.3 * (y - 0.5) + rng.normal(0, 0.1, rows), 0.01, 0.99), (0, 1)
    )


def ruined(p: Predictions, mask: object) -> Predictions:
    return Predictions(BINARY, p.y, np.where(mask, 1 - p.scores, p.scores), (0, 1))


def worst(p: Predictions, champion: Predictions | None = None, frame: pd.DataFrame | None = None) -> Search:
    other = None if champion is None else loss_of(champion)[1]
    return search(Losses(loss_of(p)[1], other), columns_of(table() if frame is None else frame, p))


@pytest.mark.parametrize("paired", [True, False])
def test_a_ruined_slice_is_the_worst(paired: bool) -> None:
    mask = (table().origin == "JFK").to_numpy()
    candidate = ruined(honest(), mask)
    found = worst(candidate, honest() if paired else None).found
    assert found[0].name == "origin=JFK" and found[0].rows == mask.sum()
    rest = loss_of(honest())[1][mask].mean() if paired else loss_of(candidate)[1][~mask].mean()
    assert found[0].loss == pytest.approx(loss_of(candidate)[1][mask].mean())
    assert found[0].other == pytest.approx(rest)
    assert found[0].excess.value == pytest.approx(found[0].loss - rest) and found[0].excess.low > 0


def test_a_ruined_pair_is_worse_than_its_parts() -> None:
    mask = ((table().origin == "JFK") & (table().carrier == "c")).to_numpy()
    names = [each.name for each in worst(ruined(honest(), mask), honest()).found]
    assert names[0] == "origin=JFK & carrier=c" or names[0] == "carrier=c & origin=JFK"
    assert {"origin=JFK", "carrier=c"} <= set(names)


def test_a_pair_is_not_listed_for_what_its_part_shows() -> None:
    found = worst(ruined(honest(), (table().origin == "JFK").to_numpy()), honest()).found
    assert not [each.name for each in found if "JFK" in each.name and "&" in each.name]


def test_noise_is_not_above_nothing() -> None:
    assert all(each.excess.low < 0 for each in worst(honest()).found)
    assert len(worst(honest()).found) <= LISTED


def test_few_rows_fill_no_list() -> None:
    """Three rows, all wrong, are the worst slice by value alone."""
    frame = table().assign(tiny=np.where(np.arange(ROWS) < 3, "tiny", "rest"))
    found = worst(ruined(honest(), np.arange(ROWS) < 3), honest(), frame).found
    assert "tiny=tiny" not in [each.name for each in found]


def test_a_slice_whose_rows_all_lose_alike_is_found() -> None:
    """Its own losses do not vary, which says little of how far they may: the table's do."""
    mask = np.arange(ROWS) < 60
    own, other = np.where(mask, 2.0, 0.1), np.full(ROWS, 0.1)
    frame = table().assign(alike=np.where(mask, "yes", "no"))
    found = search(Losses(own, other), columns_of(frame, honest())).found[0]
    assert found.name == "alike=yes" and 0 < found.excess.low < found.excess.value


def test_where_all_is_lost_only_worse_slices_are_listed() -> None:
    worse = Predictions(BINARY, honest().y, np.clip(0.5 + (honest().scores - 0.5) / 2, 0, 1), (0, 1))
    found = worst(worse, honest()).found
    assert len(found) < LISTED and all(each.excess.low > 0 for each in found)


def test_columns_that_tell_the_label_or_nothing_are_left_out() -> None:
    p = honest()
    frame = table().assign(label=p.y, named=np.where(p.y == 1, "yes", "no"))
    assert list(columns_of(frame, p)) == ["origin", "carrier", "distance"]
    r = regression()
    assert list(columns_of(pd.DataFrame({"y": r.y, "x": r.y[::-1]}), r)) == ["x"]


def test_odd_columns_are_left_out() -> None:
    odd = pd.DataFrame({"lists": [[1]] * 300, "void": np.nan, "far": np.inf, "ok": np.arange(300) % 3})
    assert list(columns_of(odd, multiclass())) == ["ok"]


def test_weights_count_as_rows_do() -> None:
    rng = np.random.default_rng(1)
    w = rng.integers(1, 4, ROWS)
    mask = (table().origin == "LGA").to_numpy()
    own, columns = loss_of(ruined(honest(), mask))[1], columns_of(table(), honest())
    found = search(Losses(own, weights=w.astype(float)), columns).found[0]
    assert found.loss == pytest.approx(np.repeat(own[mask], w[mask]).mean())
    assert found.name == "origin=LGA"


def test_the_budget_is_counted_and_told() -> None:
    losses, columns = Losses(loss_of(honest())[1]), columns_of(table(), honest())
    whole, little = search(losses, columns), search(losses, columns, budget=ROWS + PAIR)
    assert (whole.pairs, whole.all_pairs, little.pairs, little.all_pairs) == (3, 3, 1, 3)
    assert BUDGET // (1_000_000 + PAIR) >= 95 and little.slices < whole.slices
    assert search(losses, {}).found == ()


def test_rankings_have_no_loss_of_rows() -> None:
    with pytest.raises(CannotCompute):
        loss_of(Predictions("ranking", np.arange(4), np.arange(4.0), query=np.zeros(4, int)))
    assert loss_of(multiclass())[0] == "log_loss" and loss_of(regression())[0] == "mean_absolute_error"


@pytest.mark.parametrize(
    ("value", "words"),
    [("JFK", "x=JFK"), ("< 36", "x < 36"), (">= 3", "x >= 3"), ("[30, 39)", "x in [30, 39)")],
)
def test_a_slice_is_said_as_people_say_it(value: str, words: str) -> None:
    assert said("x", value) == words
