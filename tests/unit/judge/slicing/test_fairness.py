"""Fairness: rates of groups, the largest difference and what its interval allows to say."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import studentized_range

from runner.judge.criteria_slices import FairnessRule
from runner.judge.paired.verdict import Interval
from runner.judge.parts.fairness import Fairness, fairness_of
from runner.judge.predictions import BINARY, CannotCompute, Predictions
from runner.judge.shares import wilson
from runner.judge.slicing.fairness import Rate, largest_gap, range_quantile, rates
from runner.judge.slicing.partition import by_values
from runner.judge.trial import Bench
from runner.model import Check, Status


def predictions(
    shares: dict[str, tuple[int, int]], label: int | None = None
) -> tuple[Predictions, pd.DataFrame]:
    """Groups of (predicted 1, rows); all of one label, or of both in turn."""
    sex = np.repeat(list(shares), [rows for _, rows in shares.values()])
    scores = np.concatenate([np.where(np.arange(rows) < hits, 0.9, 0.1) for hits, rows in shares.values()])
    y = np.arange(len(sex)) % 2 if label is None else np.full(len(sex), label)
    return Predictions(BINARY, y, scores, (0, 1)), pd.DataFrame({"sex": sex})


def rule(**fields: object) -> FairnessRule:
    return FairnessRule.model_validate(
        {"by": "sex", "measure": "demographic_parity", "max_difference": 0.1, **fields}
    )


def judge(rule: FairnessRule, p: Predictions, frame: pd.DataFrame) -> list[Check]:
    bench = Bench(SimpleNamespace(), SimpleNamespace(frame=frame), Path())  # type: ignore[arg-type]
    fairness = fairness_of(rule, bench)
    found = list(fairness.checks(p))
    assert [check.id for check in found] == list(fairness.ids())
    return found


def test_selection_rates_by_hand() -> None:
    p, frame = predictions({"f": (10, 40), "m": (30, 60)})
    found = rates(p, by_values(frame.sex), None, 0.5, 0.05)
    assert [(r.name, r.share.value, r.rows) for r in found if r] == [("f", 0.25, 40), ("m", 0.5, 60)]
    assert found[0] is not None and found[0].share == wilson(10, 40, 0.025)
    assert [r.share.value for r in rates(p, by_values(frame.sex), None, 0.95, 0.05) if r] == [0.0, 0.0]


def test_rates_are_of_the_rows_of_one_label() -> None:
    p, frame = predictions({"f": (10, 40), "m": (30, 60)})
    for label in (0, 1):
        for found, sex in zip(rates(p, by_values(frame.sex), label, 0.5, 0.05), ("f", "m"), strict=True):
            mask = (frame.sex == sex).to_numpy() & (p.y == label)
            assert found and (found.rows, found.share.value) == (mask.sum(), p.labels(0.5)[mask].mean())
    ones, frame = predictions({"f": (1, 4), "m": (3, 6)}, label=1)
    assert rates(ones, by_values(frame.sex), 0, 0.5, 0.05) == [None, None]


def test_equal_weights_say_what_rows_do_and_unequal_ones_less() -> None:
    p, frame = predictions({"f": (10, 40), "m": (30, 60)})

    def weighed(w: object) -> Rate:
        q = Predictions(BINARY, p.y, p.scores, (0, 1), weights=w)
        found = rates(q, by_values(frame.sex), None, 0.5, 0.05)[0]
        assert found
        return found

    even, odd = weighed(np.full(100, 3.0)), weighed(np.where(np.arange(100) % 2, 1.0, 9.0))
    assert even.effective == pytest.approx(40) and odd.effective < 30
    assert odd.share.high - odd.share.low > even.share.high - even.share.low


@pytest.mark.parametrize("groups", [2, 3, 10, 40])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_the_range_s_quantile_is_tukey_s(groups: int, alpha: float) -> None:
    assert range_quantile(groups, alpha) == pytest.approx(
        studentized_range.ppf(1 - alpha, groups, np.inf), abs=1e-4
    )


def test_two_groups_have_newcombe_s_interval() -> None:
    """Newcombe 1998, table II, example (a), method 10: 56/70 and 48/80 give 0.0524 to 0.3339."""
    found = [Rate(n, wilson(h, m), m, m) for n, h, m in (("a", 56, 70), ("b", 48, 80))]
    gap = largest_gap("rate", found, 0.05).difference
    assert (round(gap.low, 4), round(gap.high, 4)) == (0.0524, 0.3339)


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(50, 80)), min_size=2, max_size=6))
def test_the_interval_holds_the_estimate(groups: list[tuple[int, int]]) -> None:
    found = [Rate(str(i), wilson(h, n), n, n) for i, (h, n) in enumerate(groups)]
    gap = largest_gap("rate", found, 0.05)
    assert 0 <= gap.difference.low <= gap.difference.value <= gap.difference.high <= 1
    assert gap.difference.value == max(h / n for h, n in groups) - min(h / n for h, n in groups)


def test_of_many_groups_the_largest_difference_is_less_sure() -> None:
    """Equal groups differ by chance, the two furthest apart the more, the more there are."""
    outer = [Rate(str(hits), wilson(hits, 100), 100, 100) for hits in (70, 90)]
    between = [Rate(f"b{i}", wilson(80, 100), 100, 100) for i in range(8)]
    two, ten = (largest_gap("rate", found, 0.05).difference for found in (outer, outer + between))
    assert ten.value == two.value
    assert ten.low < two.low - 0.03 and ten.high > two.high + 0.03


def test_one_group_has_no_difference() -> None:
    with pytest.raises(CannotCompute, match="fewer than two"):
        largest_gap("rate", [Rate("a", Interval(0.5, 0.4, 0.6), 9, 9.0)], 0.05)


@pytest.mark.parametrize(
    ("rows", "hits", "usual", "shown"),
    [
        (2000, (600, 620), Status.PASSED, Status.PASSED),  # 0.01: shown to be within 0.1
        (200, (60, 70), Status.PASSED, Status.ERROR),  # 0.05: within, but not shown
        (200, (60, 85), Status.ERROR, Status.ERROR),  # 0.125: above, but it may be chance
        (2000, (600, 900), Status.FAILED, Status.FAILED),  # 0.15: evidence
    ],
)
def test_what_passes_and_what_rows_do_not_tell(
    rows: int, hits: tuple[int, int], usual: Status, shown: Status
) -> None:
    data = predictions({"f": (hits[0], rows), "m": (hits[1], rows)})
    assert judge(rule(), *data)[-1].status is usual
    assert judge(rule(require="shown"), *data)[-1].status is shown


def test_groups_are_shown_and_small_ones_are_skipped() -> None:
    female, male, other, whole = judge(rule(), *predictions({"f": (100, 400), "m": (90, 400), "x": (9, 9)}))
    assert (female.id, female.status) == ("fairness/sex=f/demographic_parity", Status.PASSED)
    assert male.measured.startswith("selection rate 0.225 [0.18") and "of 400 rows" in male.measured
    assert other.status is Status.SKIPPED and "fewer than min_rows 30 rows" in other.cause
    assert whole.status is Status.PASSED and "(f 0.25 and m 0.225)" in whole.measured


def test_one_group_that_is_left_is_an_error() -> None:
    found = judge(rule(), *predictions({"f": (100, 400), "x": (9, 9)}))[-1]
    assert found.status is Status.ERROR and "fewer than two groups" in found.cause


def test_equalised_odds_are_the_worse_of_both_rates() -> None:
    """Alike of the positives, far apart of the negatives."""
    n = 2000
    y, sex = np.arange(n) % 2, np.repeat(["f", "m"], n // 2)
    scores = np.where((y == 0) & (sex == "m") & (np.arange(n) % 3 > 0), 0.9, 0.1)
    p, frame = Predictions(BINARY, y, scores, (0, 1)), pd.DataFrame({"sex": sex})
    assert judge(rule(measure="equal_opportunity"), p, frame)[-1].status is Status.PASSED
    found = judge(rule(measure="equalised_odds"), p, frame)[-1]
    assert found.status is Status.FAILED and "false positive rate" in found.cause


def test_two_rates_are_two_chances_of_a_false_alarm() -> None:
    """Of the positives far apart, of the negatives alike: the interval is that of half of alpha."""
    y, sex, turn = np.arange(1600) % 2, np.repeat(["f", "m"], 800), np.arange(1600) // 2 % 20
    share = np.where(y == 0, 4, np.where(sex == "f", 6, 9))
    p = Predictions(BINARY, y, np.where(turn < share, 0.9, 0.1), (0, 1))
    found = [each for each in rates(p, by_values(pd.Series(sex)), 1, 0.5, 0.05) if each]
    gap = largest_gap("true positive rate", found, 0.025).difference
    told = judge(rule(measure="equalised_odds"), p, pd.DataFrame({"sex": sex}))[-1].measured
    assert f"true positive rate 0.15 [{gap.low:.4g}, {gap.high:.4g}]" in told


@pytest.mark.parametrize(("by", "cause"), [("sxe", "did you mean 'sex'"), ("sex", "NaN or infinite")])
def test_what_cannot_be_compared_is_an_error(by: str, cause: str) -> None:
    p, frame = predictions({"f": (10, 40), "m": (30, 60)})
    broken = Predictions(BINARY, p.y, np.where(np.arange(100) == 3, np.nan, p.scores), (0, 1))
    found = judge(rule(by=by), broken, frame)
    assert found[-1].status is Status.ERROR and cause in found[-1].cause
    assert all(check.status is Status.SKIPPED for check in found[:-1])


def test_groups_of_several_columns_and_the_plot() -> None:
    p, frame = predictions({"f": (100, 400), "m": (90, 400)})
    both = rule(by=["sex", "age"], bins={"age": [0, 30]})
    fairness = Fairness(rule(), by_values(frame.sex))
    found = judge(both, p, frame.assign(age=np.arange(800) % 60))
    assert found[0].id == "fairness/sex=f & age=[0, 30]/demographic_parity"
    (series,) = fairness.plot(p).series
    assert series.x == ("f (400)", "m (400)") and series.y == (0.25, 0.225)


@pytest.mark.parametrize(
    "fields",
    [{"by": None}, {"max_difference": 1}, {"max_difference": 0}, {"measure": "parity"}, {"threshold": 1}],
)
def test_rules_that_cannot_fail_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rule(**fields)
