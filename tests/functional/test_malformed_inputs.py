"""Malformed models, archives, definitions, envelopes, SBOMs: documented exit statuses, in time, in bounds.

A thousand of them: python -m helpers.malformed 1000 (see there)."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from helpers.malformed.__main__ import KINDS, cases
from helpers.malformed.archives import MODEL, SOURCE, TAR, bundle, source, zipped
from helpers.malformed.case import BYTES, SECONDS, Bench, Case, Outcome, bench
from helpers.malformed.components import model
from helpers.malformed.signed import VERIFY, genuine, sbom, signed_anyway, unsigned, with_sbom
from helpers.models import ONNX
from helpers.tars import packed

from runner.manifest.build import canonical

SBOM = canonical(sbom())
CASES = list(cases(40, seed=20))


@pytest.fixture(scope="module")
def run() -> Iterator[Bench]:
    with bench() as run:
        yield run


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{c.kind}" for n, c in enumerate(CASES)])
def test_a_malformed_file_is_an_exit_status_and_a_line(case: Case, run: Bench) -> None:
    outcome = run.run(case)
    assert outcome.fault() == "", f"{case.what}: {outcome.said[-2000:]}"


def test_every_kind_is_among_them() -> None:
    assert Counter(case.kind for case in CASES) == dict.fromkeys(KINDS, 8)


WHOLE = {
    "a model": model("onnx", "m.onnx", ONNX),
    "a run to sign": Case("sbom", "", unsigned(), ("sign", "{root}")),
    "a signed run": Case("envelope", "", genuine()[0], VERIFY),
    "a run with packages": Case("sbom", "", signed_anyway(with_sbom(unsigned(), SBOM), genuine()[1]), VERIFY),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_whole_passes(name: str, run: Bench) -> None:
    """Else its damage would prove nothing."""
    assert run.run(replace(WHOLE[name], codes=frozenset({0}))).fault() == ""


SAID = {
    "a skops file": (model("skops", "m.skops", zipped(MODEL)), "add skops to python.lock"),
    "a task's source": (bundle("", packed(TAR)), "lockgate.yml"),
    "a pipeline's source": (source("", zipped(SOURCE), frozenset({2})), "lockgate.yml"),
}


@pytest.mark.parametrize("name", SAID)
def test_a_whole_archive_is_read_before_what_is_in_it_is_refused(name: str, run: Bench) -> None:
    case, said = SAID[name]
    outcome = run.run(case)
    assert outcome.fault() == "" and said in outcome.said, outcome.said


FAULTS = {
    "raise RuntimeError('boom')": "a traceback or a bug",
    "raise SystemExit(7)": "exit 7",
    "raise SystemExit(3)": "no word of what is wrong",
    "import os; os.kill(os.getpid(), 9)": "exit -9",
    "open('planted', 'w')": "it wrote ",
    f"x = b'x' * {BYTES}": "too large",
}


@pytest.mark.parametrize("program", FAULTS)
def test_the_bench_sees_what_must_not_be(program: str, run: Bench) -> None:
    case = Case("", "", {}, ("-c", program), program=(sys.executable,))
    assert run.run(case).fault().startswith(FAULTS[program])


def test_what_takes_too_long_is_a_fault() -> None:
    assert Outcome(CASES[0], 0, 99.0, SECONDS + 0.1, 0, "").fault() == "too slow"
