"""Nothing that was tampered with is accepted; what a verifier accepts is what was signed, to the byte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest
from helpers import tampering as attack
from helpers.signed_runs import STARTED, Left, key, keys, signed

from runner.evidence.finding import exit_code
from runner.evidence.policy import Policy
from runner.evidence.verify import Expectations, verify

NOW = datetime.fromisoformat(STARTED) + timedelta(hours=1)
BITS = 600  # a file; benchmarks/tamper.py takes 10,000


class Case:
    """A genuine run, another one of the same key, and what accepts the first."""

    def __init__(self, place: Path) -> None:
        self.key, self.stranger = key(place / "a"), key(place / "b")
        self.run = signed(place / "one", self.key)
        other = signed(place / "two", self.key, run_id="r2", commit="d" * 40)
        self.genuine, self.other = attack.Signed.of(self.run), attack.Signed.of(other)
        self.wanted = Expectations(keys(self.key), frozenset(keys(self.key)))

    def code(self, manifest: bytes, bundle: bytes, wanted: Expectations | None = None) -> int:
        return exit_code(verify(manifest, bundle, wanted or self.wanted, NOW))

    def of(self, left: Left, wanted: Expectations) -> int:
        return self.code(left.manifest.read_bytes(), left.bundle.read_bytes(), wanted)

    def accepted(self, tampered: Iterable[attack.Tampered], least: int) -> Counter[str]:
        """What was accepted, by how it was tampered with; there were at least so many."""
        found: Counter[str] = Counter()
        count = 0
        for count, each in enumerate(tampered, 1):  # noqa: B007  how many there were
            found[each.how] += self.code(each.manifest, each.bundle) != 1
        assert count >= least
        return +found


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("case"))


def test_the_genuine_ones_are_accepted(case: Case) -> None:
    for run in (case.genuine, case.other):
        assert case.code(run.manifest, b"".join(line + b"\n" for line in run.lines)) == 0


def test_no_bit_can_be_flipped(case: Case) -> None:
    assert not case.accepted(attack.flips(case.genuine, BITS), 7 * BITS)
    assert not case.accepted(attack.inner_flips(case.genuine, 150), 6 * 300)


def test_the_set_is_exact(case: Case) -> None:
    assert not case.accepted(attack.sets(case.genuine, case.other, case.key), 20)
    assert not case.accepted(attack.sets(case.other, case.genuine, case.key), 20)


def test_a_manifest_is_not_read_before_it_is_known_to_be_the_signed_one(case: Case) -> None:
    bundle = case.run.bundle.read_bytes()
    for manifest in (case.other.manifest, b"[" * 100_000, b""):
        (found,) = verify(manifest, bundle, case.wanted, NOW)
        assert found.detail == "manifest.json: the manifest is not the one that was signed"


def test_there_is_one_spelling(case: Case) -> None:
    assert not case.accepted(attack.spellings(case.genuine), 80)


def test_subjects_cannot_be_swapped(case: Case) -> None:
    for signer in (case.key, case.stranger):
        assert not case.accepted(attack.subjects_swapped(case.genuine, signer), 25)


def test_another_key_is_not_believed(case: Case) -> None:
    assert not case.accepted(attack.signed_by(case.genuine, case.stranger, case.key.keyid), 8)


def test_two_given_keys_do_not_mix(case: Case) -> None:
    wanted = replace(case.wanted, keys=keys(case.key, case.stranger))
    whole, *mixed = list(attack.signed_by(case.genuine, case.stranger, case.key.keyid))
    assert case.code(whole.manifest, whole.bundle, wanted) == 0  # it was given
    assert all(case.code(each.manifest, each.bundle, wanted) == 1 for each in mixed)


def test_a_genuine_manifest_of_something_else_is_refused(case: Case, tmp_path: Path) -> None:
    """Replay: all signatures hold, and it is another solution's, another commit's, too old."""
    rules = {"solution": "tiny", "signers": ["sha256:" + case.key.keyid], "allow_development_key": True,
             "stages": {"unit": {}, "data": {}}}  # fmt: skip
    policy = Policy.model_validate({**rules, "commit": "c" * 40, "max_age": "2h"})
    wanted = replace(case.wanted, policy=policy)
    assert case.of(case.run, wanted) == 0
    for change in (
        {"solution": "other"},
        {"commit": "d" * 40},
        {"started": "2026-11-22T08:00:00+00:00"},
        {"started": "2026-11-22T12:00:00+00:00"},  # not yet begun
        {"complete": False},
        {"tree_clean": None},
    ):
        replayed = signed(tmp_path / str(len(list(tmp_path.iterdir()))), case.key, **change)
        assert case.of(replayed, case.wanted) == 0
        assert case.of(replayed, wanted) == 1, change
    assert case.of(case.run, replace(case.wanted, commit="d" * 40)) == 1


def test_these_tests_can_fail(case: Case) -> None:
    genuine = attack.Tampered("nothing", case.genuine.manifest, case.run.bundle.read_bytes())
    assert case.accepted(chain([genuine]), 1) == {"nothing": 1}
