"""The canary judge: what it fails, what it passes, and what it cannot tell."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from runner.release.canary import CanaryLimits, Outcome, Window, judge
from runner.release.canary_latency import Sketch

LIMITS = CanaryLimits(output_shift=0.2)


def window(requests: int, seed: int, *, errors: int = 0, slow: float = 1.0, lift: float = 0.0) -> Window:
    """A version's traffic: lognormal latencies (median 50 ms), outputs in tenths."""
    drawn = random.Random(seed)  # noqa: S311
    latency = Sketch.of(50 * slow * drawn.lognormvariate(0, 0.4) for _ in range(requests))
    told = Counter(
        f"{min(0.9, int(10 * (lift + drawn.betavariate(2, 5))) / 10):.1f}" for _ in range(requests - errors)
    )
    return Window(requests, errors, 0, latency, dict(told))


OLD, SAME = window(1800, 1, errors=4), window(200, 2)


def test_an_equal_version_passes_and_each_comparison_is_told() -> None:
    verdict = judge(OLD, SAME, LIMITS)
    assert verdict.outcome is Outcome.PASS
    assert [c.name for c in verdict.comparisons] == [
        "errors", "latency p50", "latency p95", "latency p99", "outputs",
    ]  # fmt: skip
    assert "margin 1.00%" in verdict.reasons[0] and "limit 1.5 times" in verdict.reasons[1]


def test_errors_fail_with_both_rates_and_the_margin() -> None:
    verdict = judge(OLD, window(200, 2, errors=10), LIMITS)
    assert verdict.outcome is Outcome.FAIL
    assert len(verdict.reasons) == 1
    assert "new 10 of 200 (5.00%), old 4 of 1,800 (0.22%)" in verdict.reasons[0]
    assert "margin 1.00%" in verdict.reasons[0]


def test_invalid_answers_count_as_errors() -> None:
    assert (
        judge(OLD, replace(window(200, 2, errors=10), errors=0, invalid=10), LIMITS).outcome is Outcome.FAIL
    )


def test_a_slower_version_fails_by_its_quantiles() -> None:
    verdict = judge(OLD, window(200, 3, slow=10), LIMITS)
    assert verdict.outcome is Outcome.FAIL
    assert {r.split(":")[0] for r in verdict.reasons} >= {"latency p50", "latency p95"}


def test_a_long_tail_alone_fails() -> None:
    new = window(400, 3)
    slow = Sketch.of(
        [*(v for v, _, _ in new.latency.bins[:370]), *(v * 20 for v, _, _ in new.latency.bins[370:])]
    )
    verdict = judge(window(3600, 4), replace(new, latency=slow), LIMITS)
    assert verdict.outcome is Outcome.FAIL
    assert all(r.startswith(("latency p95", "latency p99")) for r in verdict.reasons)


def test_shifted_outputs_fail_though_everything_answers_200() -> None:
    verdict = judge(OLD, window(200, 3, lift=0.3), LIMITS)
    assert verdict.outcome is Outcome.FAIL
    assert [r.split(":")[0] for r in verdict.reasons] == ["outputs"]
    assert "limit 0.2" in verdict.reasons[0]


def test_a_constant_answer_fails() -> None:
    assert judge(OLD, replace(SAME, outputs={"0.2": 200}), LIMITS).outcome is Outcome.FAIL


def test_a_label_that_the_old_version_never_gave_fails() -> None:
    old, new = {"cat": 900, "dog": 900}, {"cat": 70, "dog": 70, "unknown": 60}
    verdict = judge(replace(OLD, outputs=old), replace(SAME, outputs=new), LIMITS)
    assert verdict.outcome is Outcome.FAIL


def test_a_worse_rate_within_the_margin_passes_however_large_the_traffic() -> None:
    old, new = Window(9_000_000, 9_000), Window(1_000_000, 6_000)
    limits = replace(LIMITS, latency={}, output_shift=None)
    assert judge(old, new, limits).outcome is Outcome.PASS
    assert judge(old, replace(new, errors=16_000), limits).outcome is Outcome.FAIL


def test_a_tenth_slower_is_within_the_limit_however_large_the_traffic() -> None:
    old, new = window(60_000, 5), window(60_000, 6, slow=1.1)
    assert judge(old, new, LIMITS).outcome is Outcome.PASS


def test_a_few_milliseconds_are_never_too_slow() -> None:
    old, new = (replace(w, latency=Sketch.of([ms] * w.requests)) for w, ms in ((OLD, 0.5), (SAME, 5.0)))
    assert judge(old, new, LIMITS).outcome is Outcome.PASS


@pytest.mark.parametrize("empty", ["old", "new", "both"])
def test_an_empty_window_is_inconclusive(empty: str) -> None:
    old = Window() if empty != "new" else OLD
    new = Window() if empty != "old" else SAME
    verdict = judge(old, new, replace(LIMITS, min_requests=0))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "0 requests" in verdict.reasons[0]


def test_too_little_traffic_is_inconclusive_and_says_how_much_is_needed() -> None:
    verdict = judge(OLD, window(99, 2), LIMITS)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reasons[0] == "the new version had 99 requests, at least 100 are needed"


def test_errors_fail_before_there_is_traffic_enough_to_pass() -> None:
    assert judge(OLD, Window(20, 20), LIMITS).outcome is Outcome.FAIL


def test_outputs_that_were_not_told_are_inconclusive() -> None:
    verdict = judge(OLD, replace(SAME, outputs={"0.2": 120}), LIMITS)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "the new version told 120 outputs of 200 answers" in verdict.reasons[0]


def test_latencies_that_are_not_known_are_inconclusive() -> None:
    verdict = judge(OLD, replace(SAME, latency=Sketch()), LIMITS)
    assert verdict.outcome is Outcome.INCONCLUSIVE and verdict.reasons[0].startswith("latency: ")


def test_a_broken_old_version_is_nothing_to_compare_with() -> None:
    verdict = judge(window(1800, 1, errors=900), window(200, 2, errors=100), LIMITS)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "nothing to compare with" in str(verdict)


@pytest.mark.parametrize(
    "broken",
    [Window(-1), Window(10, 11), Window(1, 0, -1), Window(1, outputs={"a": -1}), Window(1.5)],  # type: ignore[arg-type]
)
def test_counts_that_cannot_be_are_inconclusive(broken: Window) -> None:
    assert judge(OLD, broken, LIMITS).outcome is Outcome.INCONCLUSIVE
    assert judge(broken, SAME, LIMITS).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("bin", [(float("nan"), 1.0, 200.0), (2.0, 1.0, 200.0), (1.0, float("inf"), 200.0)])
def test_latencies_that_cannot_be_are_inconclusive(bin: tuple[float, float, float]) -> None:
    assert judge(OLD, replace(SAME, latency=Sketch((bin,))), LIMITS).outcome is Outcome.INCONCLUSIVE


def test_windows_in_which_nothing_could_stand_out_are_inconclusive() -> None:
    limits = replace(LIMITS, min_requests=1, output_shift=None)
    verdict = judge(window(4, 1), window(2, 2), limits)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "too few requests for any number of errors to stand out" in str(verdict)
    assert "too few requests for any slowness to stand out" in str(verdict)


def test_more_looks_leave_less_to_each() -> None:
    new = replace(SAME, errors=6)
    limits = replace(LIMITS, latency={}, output_shift=None, error_margin=0.0)
    outcomes = [judge(OLD, new, replace(limits, looks=n)).outcome for n in (1, 10_000)]
    assert outcomes == [Outcome.FAIL, Outcome.PASS]


def test_equal_versions_fail_no_more_often_than_alpha() -> None:
    drawn = random.Random(7)  # noqa: S311
    limits = CanaryLimits(alpha=0.2, looks=1, error_margin=0.0, output_shift=0.0001)
    failed = 0
    for _ in range(100):
        old, new = (
            window(n, drawn.randrange(10**9), errors=drawn.randint(0, e)) for n, e in ((900, 18), (100, 2))
        )
        failed += judge(old, new, limits).outcome is Outcome.FAIL
    assert failed <= 30
