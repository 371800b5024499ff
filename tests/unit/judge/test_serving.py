"""What serving a model costs: percentiles of times, times in turns with the champion, memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
import pytest
from helpers.judging import CRITERIA, FEATURES, MODELS, checks_of, model_job, table

from runner.adapters import shell
from runner.errors import InfrastructureError
from runner.judge.champion import ChampionFile
from runner.judge.criteria import Criteria
from runner.judge.evaluation import read_evaluation
from runner.judge.latency import WARM_UP, Ratio, median_of, percentiles, ratio, times
from runner.judge.memory import Memory, above, onnx_memory
from runner.judge.onnx_model import open_model
from runner.judge.parts.latency import checks as latency_checks
from runner.judge.parts.latency import ratio_check
from runner.judge.predictions import BINARY, CannotCompute
from runner.judge.reading import faults
from runner.judge.served_model import ServedModel
from runner.judge.skops_model import SkopsModel
from runner.judge.subject import Subject
from runner.judge.trial import Bench, Trial
from runner.model import Status
from runner.stages import model

MATRIX = table()[list(FEATURES)].to_numpy()
RULES = {name: CRITERIA[name] for name in ("version", "task", "metrics")}
CHAMPION = {"kind": "champion", "path": "old.onnx", "must_beat": [{"metric": "roc_auc"}]}


@dataclass
class Timed:
    """A model that takes the milliseconds which it is told to; `asked` are the rows, in order."""

    taken: Callable[[int], float]
    log: list[tuple[str, int]] = field(default_factory=list)
    name: str = ""

    def timed(self, matrix: Any) -> Callable[[int], float]:
        def one(number: int) -> float:
            self.log.append((self.name, number))
            return self.taken(number)

        return one

    def scores(self, matrix: Any, task: Any, classes: int = 2) -> Any:
        raise NotImplementedError

    def memory(self, matrix: Any) -> Memory:
        raise CannotCompute("none")


def test_percentiles_are_of_the_repeats_and_not_of_the_warm_up() -> None:
    model = Timed(lambda number: float(number))
    taken = times(model, MATRIX, 100)
    assert len(model.log) == 100 + WARM_UP and list(taken) == list(range(100))
    assert percentiles(taken) == pytest.approx({"p50": 49.5, "p95": 94.05, "p99": 98.01})


def test_no_rows_take_no_time() -> None:
    with pytest.raises(CannotCompute, match="no rows"):
        times(Timed(lambda number: 1.0), MATRIX[:0], 20)


def test_two_models_are_timed_in_turns_and_what_slows_both_tells_nothing() -> None:
    rng = np.random.default_rng(5)
    busy = np.exp(rng.normal(0, 1, 400))
    log: list[tuple[str, int]] = []
    slow, fast = (
        Timed(lambda number, f=f: float(f * busy[number] * np.exp(rng.normal(0, 0.05))), log, n)
        for n, f in (("mine", 1.5), ("theirs", 1.0))
    )
    found = ratio(slow, fast, MATRIX, 400)
    assert found.low < 1.5 < found.high and found.high - found.low < 0.05 and found.pairs == 400
    pairs = log[2 * WARM_UP :]
    assert [number for _, number in pairs] == [number for number in range(400) for _ in "12"]
    assert {pairs[2 * i][0] for i in range(0, 400, 2)} == {"theirs"}
    assert {pairs[2 * i][0] for i in range(1, 400, 2)} == {"mine"}


def test_the_interval_of_a_median_covers_it_as_often_as_it_says() -> None:
    rng = np.random.default_rng(6)
    found = [median_of(rng.lognormal(0, 1, 41)) for _ in range(1000)]
    covered = np.mean([each.low <= 1 <= each.high for each in found])
    assert 0.935 <= covered <= 0.99


def test_too_few_pairs_or_times_that_are_none_give_no_interval() -> None:
    with pytest.raises(CannotCompute, match="give no interval"):
        median_of(np.ones(4))
    with pytest.raises(CannotCompute, match="give no interval"):
        median_of(np.full(100, np.nan))


def test_models_that_are_asked_in_different_ways_do_not_compare() -> None:
    served = ServedModel("nowhere", post=lambda address, body: b"")
    with pytest.raises(CannotCompute, match="same way"):
        ratio(served, Timed(lambda number: 1.0), MATRIX, 20)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"p99_ms": 5}, "latency.repeats: the 99th percentile of 200"),
        ({"p99_ms": 5, "repeats": 999}, "latency.repeats: the 99th percentile of 999"),
    ],
)
def test_rules_that_could_not_be_judged_are_faults(rule: dict[str, Any], told: str) -> None:
    found = [str(fault) for fault in faults(Criteria.model_validate({**RULES, "latency": rule}))]
    assert any(fault.startswith(told) for fault in found)
    with pytest.raises(ValueError, match="a latency has a bound"):
        Criteria.model_validate({**RULES, "latency": {"repeats": 20}})


def test_each_percentile_has_its_own_bound(tmp_path: Path) -> None:
    rule = {"p50_ms": 1000, "p95_ms": 1e-6, "p99_ms": 1000, "repeats": 1000}
    report = model.run(model_job(tmp_path, {**RULES, "latency": rule}))
    checks = checks_of(report)
    assert [checks[f"latency/{p}"].status for p in ("p50", "p95", "p99")] == [
        Status.PASSED, Status.FAILED, Status.PASSED,
    ]  # fmt: skip
    assert report.judged[0].facts["limits"]["latency/p99"] == {"max": 1000, "repeats": 1000}


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [(0.9, 1.1, Status.PASSED), (1.4, 1.6, Status.ERROR), (1.51, 2, Status.FAILED)],
)
def test_a_noisy_machine_does_not_decide(low: float, high: float, status: Status) -> None:
    check = ratio_check(Ratio((low + high) / 2, low, high, 20), 1.5)
    assert check.status is status and f"[{low:.3g}, {high:.3g}]" in check.measured
    assert bool(check.cause) == (status is not Status.PASSED)


def test_a_model_is_timed_against_the_champion_for_real(tmp_path: Path) -> None:
    (tmp_path / "old.onnx").write_bytes((MODELS / "champion.onnx").read_bytes())
    criteria = {**RULES, "baseline": CHAMPION, "latency": {"max_ratio": 100, "repeats": 50}}
    report = model.run(model_job(tmp_path, criteria))
    assert checks_of(report)["latency/ratio"].status is Status.PASSED
    assert 0 < report.evidence.facts["latency_ratio"]["low"] < 100
    (tmp_path / "old.onnx").unlink()
    check = checks_of(model.run(model_job(tmp_path, criteria)))["latency/ratio"]
    assert check.status is Status.ERROR and "no champion" in check.cause


def test_a_served_candidate_is_timed_against_the_champions_container(tmp_path: Path) -> None:
    def answers(wait: float) -> ServedModel:
        return ServedModel("a", post=lambda address, body: sleep(wait) or b"0.5")

    def broken() -> ServedModel:
        raise InfrastructureError("there is no such image")

    bench = _bench(tmp_path)
    for serve, status, told in (
        (lambda: answers(0.004), Status.PASSED, "times the champion's"),
        (lambda: answers(0.0), Status.FAILED, "it takes"),
        (broken, Status.ERROR, "the champion's container: there is no such image"),
        (None, Status.ERROR, "same way"),
    ):
        champion = ChampionFile(MODELS / "champion.onnx", serve=serve)
        trial = Trial(replace(bench, champion=champion), Subject((), answers(0.002)))
        (check,) = latency_checks(trial)
        assert check.status is status and told in (check.cause or check.measured), check


def _bench(root: Path) -> Bench:
    rules = {**RULES, "baseline": CHAMPION, "latency": {"max_ratio": 1.5, "repeats": 20}}
    stage = model_job(root, rules).stage
    evaluation = read_evaluation(root, stage.evaluation, BINARY)  # type: ignore[union-attr]
    return Bench(Criteria.model_validate(rules), evaluation, Path("python"))


def test_memory_is_that_of_a_process_that_only_serves(tmp_path: Path) -> None:
    data = (MODELS / "binary.onnx").read_bytes()
    opened = open_model(data, 3, BINARY)
    found = opened.memory(MATRIX)
    assert 100_000 < found.bytes < 100_000_000 and "above what it had" in found.what
    report = model.run(model_job(tmp_path, {**RULES, "memory": {"max_mb": 1e-3}}))
    check = checks_of(report)["memory"]
    assert check.status is Status.FAILED and "MB" in check.cause and "process of its own" in check.details
    assert report.evidence.facts["memory"]["bytes"] > 0


def test_memory_that_cannot_be_measured_is_an_error() -> None:
    with pytest.raises(CannotCompute, match="ended with status 1"):
        onnx_memory(b"no model", MATRIX, "x", "y")
    assert above(shell.Completed(0, 1.0, 'a warning\n{"base": 5, "peak": 8}\n')) == 3
    for told in ('{"base": 5, "peak": 3}', '{"base": "5", "peak": 8}', '{"base": 0, "peak": 8}'):
        with pytest.raises(CannotCompute, match="no numbers of bytes"):
            above(shell.Completed(0, 1.0, told))
    for told in ("", "[]", '{"base": 5}', "Killed"):
        with pytest.raises(CannotCompute, match="ended with status"):
            above(shell.Completed(0, 1.0, told))


def test_a_container_s_memory_is_the_kernel_s_word_or_an_error() -> None:
    assert ServedModel("a", peak=lambda: 7).memory(MATRIX).bytes == 7
    with pytest.raises(CannotCompute, match="does not tell"):
        ServedModel("a").memory(MATRIX)


def test_a_skops_file_has_no_serving_path_here() -> None:
    opened = SkopsModel(b"", Path("python"))
    for ask in (opened.timed, opened.memory):
        with pytest.raises(CannotCompute, match="`through`"):
            ask(MATRIX)
