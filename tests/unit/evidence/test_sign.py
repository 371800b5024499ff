"""Who signs believes nothing: what a run's folder says has to follow from what lies in it."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.signed_runs import LOCK, Left, a_run, key, sha

from runner.errors import LockgateError, RefusedError
from runner.evidence.bom import with_serial
from runner.evidence.bundle import BUNDLE
from runner.evidence.left import read_left
from runner.evidence.sign import Signed, sign_run
from runner.evidence.statements import of_the_run
from runner.manifest.build import canonical, digest, pin
from runner.model import Status


@pytest.fixture
def left(tmp_path: Path) -> Left:
    return a_run(tmp_path)


def sign(left: Left, **options: Any) -> Signed:
    signer = key(left.folder.parents[2])
    return sign_run(left.folder, signer, signer.public, **options)


def refused(left: Left, why: str = ".", **options: Any) -> None:
    with pytest.raises(RefusedError, match=why):
        sign(left, **options)
    assert not left.bundle.exists()


def test_signing_twice_gives_the_same_set(left: Left) -> None:
    assert sign(left).is_new
    first = left.bundle.read_bytes()
    assert not sign(left).is_new
    assert left.bundle.read_bytes() == first and first.count(b"\n") == 1 + len(left.data["statements"])


def test_another_keys_signatures_are_not_written_over(left: Left, tmp_path: Path) -> None:
    sign(left)
    first, other = left.bundle.read_bytes(), key(tmp_path / "other")
    with pytest.raises(RefusedError) as caught:
        sign_run(left.folder, other, other.public)
    assert "remove it" in caught.value.hint
    assert left.bundle.read_bytes() == first


@pytest.mark.parametrize("raw", [b"", b"{}\n", b"junk"])
def test_what_lies_there_and_is_no_bundle_is_not_written_over(left: Left, raw: bytes) -> None:
    left.bundle.write_bytes(raw)
    with pytest.raises(RefusedError):
        sign(left)
    assert left.bundle.read_bytes() == raw


def test_an_error_is_never_signed(tmp_path: Path) -> None:
    run = a_run(tmp_path, bad=Status.ERROR)
    refused(run, "no evidence")
    refused(run, "no evidence", failed=True)


def test_a_failed_run_is_signed_where_that_is_asked_for(tmp_path: Path) -> None:
    run = a_run(tmp_path, bad=Status.FAILED)
    refused(run, "the run FAILED")
    assert sign(run, failed=True).is_new


Edit = Callable[[dict[str, Any]], object]
COUNTS = {"collected": 9, "executed": 9, "passed": 9, "failed": 0, "errored": 0, "skipped": 0}
NOTHING = {"result_sha256": "", "min_checks": 1}
ZERO = dict.fromkeys(COUNTS, 0)
FILES = ("stages/unit/result.json", "statements/provenance.json", "stages/data/data/rows.validation.json")
EDITS: dict[str, Edit] = {
    "a count": lambda m: m["stages"]["unit"].update(counts=COUNTS),
    "the required count": lambda m: m["stages"]["unit"].update(min_checks=3),
    "a fact": lambda m: m["stages"]["data"].update(facts={"rows": 9}),
    "a stage's kind": lambda m: m["stages"]["unit"].update(kind="model"),
    "a stage's status": lambda m: m["stages"]["unit"].update(status="FAILED"),
    "a stage without a result": lambda m: m["stages"]["unit"].update(result_sha256=""),
    "another result": lambda m: m["stages"]["unit"].update(result_sha256="0" * 64),
    "a stage that left nothing": lambda m: m["stages"].update(model={**m["stages"]["unit"], **NOTHING}),
    "an empty stage": lambda m: m["stages"].update(model={**m["stages"]["unit"], **NOTHING, "counts": ZERO}),
    "a stage that is another's": lambda m: m["stages"].update(model=m["stages"]["unit"]),
    "a stage taken out": lambda m: m["stages"].pop("unit"),
    "every stage taken out": lambda m: m["stages"].clear(),
    "a step that failed": lambda m: m["steps"]["build:predict"].update(status="FAILED"),
    "a step that was skipped": lambda m: m["steps"]["build:predict"].update(status="SKIPPED"),
    "the reason": lambda m: m["verdict"].update(reason="1,000 checks passed"),
    "another run": lambda m: m.update(run_id="r2"),
    "what was judged": lambda m: m["judged"]["data"]["rows"].update(sha256="0" * 64),
    "a suite more": lambda m: m["judged"]["suite"].update(more={"sha256": "0" * 64}),
    "a component": lambda m: m["components"]["predict"].update(sha256="0" * 64),
    "a component's size": lambda m: m["components"]["predict"].update(size=6),
    "what was executed": lambda m: m["components"]["predict"]["executed"].update(sha256="0" * 64),
    "a component more": lambda m: m["components"].update(more=m["components"]["model"]),
    "another solution": lambda m: m.update(solution="other"),
    "another commit": lambda m: m["source"].update(commit="d" * 40),
    "a clean tree": lambda m: m["source"].update(clean=False),
    "another lock": lambda m: m["locks"].update(x="0" * 64),
    "another time": lambda m: m.update(started="2026-11-23T10:00:00+00:00"),
    "an override": lambda m: m.update(overrides=[{"stage": "unit"}]),
    "a statement less": lambda m: m["statements"].pop(),
    "no statements": lambda m: m["statements"].clear(),
    "a statement more": lambda m: m["statements"].append({**m["statements"][0], "name": "zz"}),
    "a statement twice": lambda m: m["statements"].append(m["statements"][-1]),
    "statements in another order": lambda m: m["statements"].reverse(),
    "a statement's digest": lambda m: m["statements"][0].update(sha256="0" * 64),
    "a statement's type": lambda m: m["statements"][0].update(predicate_type="x"),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_a_manifest_that_says_something_else_is_refused(left: Left, name: str) -> None:
    left.rewrite(EDITS[name])
    refused(left)


def test_nothing_is_signed_before_the_pins_hold(left: Left) -> None:
    """Told from the manifest, not found out from signatures that were made already."""
    left.rewrite(EDITS["a statement's digest"])
    refused(left, "not the one in the manifest")


# What the run's folder proves: refused even where the statements were made anew to agree.
PROVEN = (
    *("a count", "the required count", "a fact", "a stage's kind", "a stage's status", "another result"),
    *("a stage without a result", "a stage that left nothing", "a stage that is another's"),
    "an empty stage",
    *("a stage taken out", "every stage taken out", "a step that failed", "a step that was skipped"),
    *("the reason", "another run", "what was judged", "a suite more", "an override"),
    *("a component", "a component's size"),
)


@pytest.mark.parametrize("name", PROVEN)
def test_a_consistent_forgery_is_refused(left: Left, name: str) -> None:
    left.rewrite(EDITS[name])
    with contextlib.suppress(RefusedError):  # results that are not there cannot be stated either
        restate(left)
    refused(left)


def test_what_is_believed_can_be_forged_consistently(left: Left) -> None:
    """So that nobody thinks otherwise (docs/evidence.md): a folder does not prove its commit."""
    left.rewrite(EDITS["another commit"])
    refused(left, "statement provenance")
    restate(left)
    assert sign(left).is_new


def restate(left: Left) -> None:
    """Make the statements that follow from the manifest anew, and pin them."""
    for own in of_the_run(read_left(left.folder, left.data)):
        (left.folder / "statements" / f"{own.name}.json").write_bytes(canonical(own.statement))
    repin(left)


def test_a_failed_run_cannot_be_called_passed(tmp_path: Path) -> None:
    for n, edit in enumerate(
        (
            lambda m: m["verdict"].update(status="PASSED"),
            lambda m: (m["verdict"].update(status="PASSED"), m["stages"]["unit"].update(status="PASSED")),
        )
    ):
        run = a_run(tmp_path / str(n), bad=Status.FAILED)
        run.rewrite(edit)
        refused(run)


def test_a_stage_cannot_be_called_skipped_for_one_that_passed(tmp_path: Path) -> None:
    run = a_run(tmp_path, bad=Status.FAILED)
    skipped = {**run.data["stages"]["data"], **NOTHING, "counts": ZERO, "facts": {}, "status": "SKIPPED"}
    run.rewrite(lambda m: m["stages"].update(model={**skipped, "blocked_by": "data"}))
    restate(run)
    refused(run, "which passed", failed=True)
    run.rewrite(lambda m: m["stages"].update(model={**skipped, "blocked_by": "stage:unit"}))
    restate(run)
    assert sign(run, failed=True).is_new


def test_a_result_that_was_changed_with_its_digest_is_judged_anew(tmp_path: Path) -> None:
    """A forger who rewrites result, digest and status still has checks that say FAILED."""
    run = a_run(tmp_path, bad=Status.FAILED)
    path = run.folder / "stages" / "unit" / "result.json"
    report = {**json.loads(path.read_bytes()), "status": "PASSED"}
    path.write_bytes(json.dumps(report).encode())
    sha256 = digest(path.read_bytes())
    run.rewrite(lambda m: (m["stages"]["unit"].update(result_sha256=sha256, status="PASSED"),
                           m["verdict"].update(status="PASSED")))  # fmt: skip
    refused(run, "stage unit")


@pytest.mark.parametrize("what", [*FILES, "components", "statements"])
def test_what_is_missing_is_refused(left: Left, what: str) -> None:
    path = left.folder / what
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    refused(left, "missing|not there")


@pytest.mark.parametrize("what", [*FILES, f"components/{sha('a zip')}"])
def test_what_has_other_bytes_is_refused(left: Left, what: str) -> None:
    path = left.folder / what
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    refused(left, "not the one|not what")


@pytest.mark.parametrize("name", ["provenance", "test-result", "data-validation", "sbom-predict"])
def test_a_statement_that_says_something_else_is_refused_though_it_is_pinned(left: Left, name: str) -> None:
    repin(left, name, lambda s: s["predicate"].update(more="1"))
    refused(left, "not what the results say")


def test_a_bom_that_is_valid_and_false_is_refused(left: Left) -> None:
    """Its serial number fits: it is rebuilt from the lock that the run kept, not only looked at."""

    def without_packages(said: dict[str, Any]) -> None:
        bom = {name: value for name, value in said["predicate"].items() if name != "serialNumber"}
        said["predicate"] = with_serial({**bom, "components": [], "dependencies": bom["dependencies"][:0]})

    repin(left, "sbom-predict", without_packages)
    refused(left, "sbom-predict is not what")


def test_a_lock_that_is_lost_is_no_excuse(left: Left) -> None:
    shutil.rmtree(left.folder / "locks")
    refused(left, "sbom-predict is not what")


@pytest.mark.parametrize("name", ["a", "test-result-2", "sbom-other"])
def test_a_statement_that_is_none_of_the_runs_is_refused_though_it_is_pinned(left: Left, name: str) -> None:
    """Whoever writes the folder may not have anything signed: a level of SLSA, say."""
    about = json.loads((left.folder / "statements" / "provenance.json").read_bytes())
    vouched = {**about, "predicateType": "https://slsa.dev/verification_summary/v1", "predicate": {"a": 1}}
    (left.folder / "statements" / f"{name}.json").write_bytes(canonical(vouched))
    pins = left.data["statements"]
    more = {"name": name, "predicate_type": vouched["predicateType"], "sha256": digest(canonical(vouched))}
    left.rewrite(lambda m: m.update(statements=sorted([*pins, more], key=lambda p: p["name"])))
    refused(left, "its results give")


@pytest.mark.parametrize(
    "edit",
    [
        lambda s: s["subject"].append({"name": "x", "digest": {"sha256": "0" * 64}}),
        lambda s: s["subject"].clear(),
        lambda s: s["subject"][0].update(name="model"),
        lambda s: s.update(_type="https://in-toto.io/Statement/v0.1"),
        lambda s: s.update(predicate=[]),
        lambda s: s.update(more=1),
    ],
)
def test_a_boms_subjects_have_to_be_artifacts_of_the_run(left: Left, edit: Edit) -> None:
    repin(left, "sbom-predict", edit)
    refused(left, "[Ss]tatement|predicate")


def repin(left: Left, name: str = "", edit: Edit | None = None) -> None:
    """Change a statement, and the manifest so that it pins what lies there."""
    folder = left.folder / "statements"
    if edit:
        content = json.loads((folder / f"{name}.json").read_bytes())
        edit(content)
        (folder / f"{name}.json").write_bytes(canonical(content))
    pins = [
        (p["name"], p["predicate_type"], (folder / f"{p['name']}.json").read_bytes())
        for p in left.data["statements"]
    ]
    left.rewrite(lambda m: m.update(pin(m, pins)))


ELSEWHERE = "../../../../../../../../etc/hostname"


@pytest.mark.parametrize("name", [ELSEWHERE, "/etc/hostname", "a\x00b", "a" * 5000, "loop", "data", "", "."])
def test_a_report_cannot_name_files_elsewhere(left: Left, name: str) -> None:
    path = left.folder / "stages" / "data" / "result.json"
    (path.parent / "loop").symlink_to("loop")
    report = json.loads(path.read_bytes())
    report["evidence"]["files"] = [name]
    path.write_bytes(json.dumps(report).encode())
    sha256 = digest(path.read_bytes())
    left.rewrite(lambda m: m["stages"]["data"].update(result_sha256=sha256))
    refused(left, "not there|a link")


LINKED = (*FILES, "stages/unit", "stages", "statements", f"components/{sha('a zip')}", "components", "locks",
          f"locks/{digest(LOCK)}", "manifest.json", "result.json")  # fmt: skip


@pytest.mark.parametrize("name", LINKED)
def test_a_link_is_no_part_of_a_run(left: Left, tmp_path: Path, name: str) -> None:
    """It leads where nobody looks, and where it leads can change between two looks."""
    path, real = left.folder / name, tmp_path / "elsewhere"
    path.rename(real)
    path.symlink_to(real)
    refused(left, "a link")


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"[" * 10_000])
def test_a_manifest_that_was_edited_later_is_not_the_runs(left: Left, raw: bytes) -> None:
    record = left.folder / "result.json"
    whole = record.read_bytes()
    record.write_bytes(raw)
    refused(left, "not the one that the run wrote")
    record.write_bytes(whole)
    data = left.data
    data["components"]["predict"]["kind"] = "image"
    left.manifest.write_bytes(canonical(data))
    refused(left, "not the one that the run wrote")


def test_every_field_of_the_manifest_is_covered(left: Left) -> None:
    """A signature over what nobody looked at would be worth nothing: where a run's folder does not
    prove a field (which AWS, how long), the run's own word stands, and these are all of them."""
    believed = {
        "aws",
        "seconds",
        "tools",
        "started",
        "complete",
        "source",
        "release",
        "locks",
        "configuration",
    }
    proven = {"schema", "run_id", "verdict", "steps", "stages", "components", "judged", "overrides"}
    assert set(left.data) == believed | proven | {"solution", "statements"}


def test_errors_are_lockgates_own(left: Left) -> None:
    (left.folder / "stages" / "unit" / "result.json").write_bytes(b"[" * 10_000)
    sha256 = digest(b"[" * 10_000)
    left.rewrite(lambda m: m["stages"]["unit"].update(result_sha256=sha256))
    with pytest.raises(LockgateError):
        sign(left)
    assert not (left.folder / BUNDLE).exists()
