"""A run's folder as `leave` writes it, from sealed results that agree with it; and keys to sign it with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runner import wire
from runner.adapters.files import write_atomic
from runner.adapters.signing import FileKey, development_key
from runner.config.schema import Solution
from runner.evidence.bundle import BUNDLE
from runner.evidence.sign import sign_run
from runner.leave import leave
from runner.manifest.build import canonical
from runner.model import Artifact, Check, Evidence, Judged, StageReport, StageResult, Status, Variant
from runner.report.record import RunRecord
from runner.verdict import EXIT, Ending, Expected, judge, judge_stage

LOCK = f"numpy==2.4.6 --hash=sha256:{'c' * 64}\n".encode()
STARTED = "2026-11-22T10:00:00+00:00"
SOLUTION = Solution.model_validate(
    {
        "solution": "tiny",
        "components": {
            "predict": {"kind": "lambda-zip", "source": "src", "handler": "a.b", "lock": "requirements.lock"}
        },
        "stages": {
            "unit": {"kind": "unit", "min_checks": 2},
            "data": {"kind": "data", "tables": {"rows": {"source": "rows.csv", "suite": "rows.json"}}},
        },
    }
)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Left:
    """A run's folder, and what it was made from."""

    folder: Path
    record: RunRecord

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.json"

    @property
    def bundle(self) -> Path:
        return self.folder / BUNDLE

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.manifest.read_bytes())
        return found

    def rewrite(self, edit: Callable[[dict[str, Any]], object]) -> None:
        """An edit of the manifest, canonical again, and of the run's record of it."""
        data = self.data
        edit(data)
        self.manifest.write_bytes(canonical(data))
        record = json.loads((self.folder / "result.json").read_bytes())
        record["manifest_sha256"] = hashlib.sha256(canonical(data)).hexdigest()
        (self.folder / "result.json").write_bytes(json.dumps(record).encode())


def unit(*, bad: Status | None = None) -> tuple[Check, ...]:
    last = Check("test_it.py::test_two", bad, "suites/unit", cause="1 != 2") if bad else None
    return (
        Check("test_it.py::test_one", Status.PASSED, "suites/unit", 0.25),
        last or Check("test_it.py::test_two", Status.PASSED, "suites/unit"),
        Check("test_it.py::test_three", Status.SKIPPED, "suites/unit", cause="later"),
    )


def data() -> tuple[Check, ...]:
    return (
        Check("rows/table", Status.PASSED, "rows.csv", measured="3 rows"),
        Check("rows/expect_column_to_exist", Status.PASSED, "rows.json", measured="x", limit="x"),
    )


def sealed(
    out: Path, run_id: str, stage: str, checks: tuple[Check, ...], least: int | None = None, **more: Any
) -> StageResult:
    """A stage's result, judged from the report that it left in `out`."""
    status = max((c.status for c in checks), key=lambda s: EXIT[s] if s is not Status.SKIPPED else -1)
    report = StageReport(run_id, stage, stage, status, tuple(c.id for c in checks), checks, 1.5, **more)
    wire.save(out / "result.json", report)
    read = wire.load_report(out / "result.json")
    least = least if least is not None else SOLUTION.stages[stage].min_checks
    expected = Expected(run_id, stage, stage, 60.0, None, least)
    return judge_stage(expected, Ending(EXIT[status], read, sealed=True, seconds=2.0625))


def artifacts(root: Path) -> tuple[Artifact, ...]:
    """A function of which the tests ran another build, a model, an image that is only defined."""
    kept = {"predict": b"a zip", "model": b"a model", "ran": b"ran"}
    for name, raw in {**kept, "requirements.lock": LOCK}.items():
        write_atomic(root / name, raw)
    digest = {name: hashlib.sha256(raw).hexdigest() for name, raw in kept.items()}
    ran = Variant("host", str(root / "ran"), digest["ran"], 3)
    locked = {"lock_sha256": hashlib.sha256(LOCK).hexdigest(), "runtime": "python3.12"}
    zipped = Artifact(
        "predict", "lambda-zip", str(root / "predict"), digest["predict"], 5, "k", "", ran, locked
    )
    return (
        Artifact("model", "definition", str(root / "model"), digest["model"], 7, "k"),
        zipped,
        Artifact("train", "image", "Dockerfile", sha("FROM"), 4, "k", facts={"built": False}),
    )


def a_run(
    place: Path, run_id: str = "r1", *, bad: Status | None = None, built: bool = True, **record: Any
) -> Left:
    """Leave a run whose unit stage has one check that ended as `bad`."""
    folder, root = place / ".lockgate" / "runs" / run_id, place
    stages = folder / "stages"
    write_atomic(stages / "data" / "data" / "rows.validation.json", b"{}")
    suite = (Judged("suite", "suites/unit", sha("s")),)
    results = (
        StageResult("build:predict", "build", Status.PASSED, seconds=1.0),
        sealed(stages / "unit", run_id, "unit", unit(bad=bad), judged=suite),
        sealed(
            stages / "data", run_id, "data", data(),
            judged=(Judged("data", "rows", sha("t"), {"rows": 3}), Judged("suite", "rows.json", sha("e"))),
            evidence=Evidence(facts={"great_expectations": "1.24.1"}, files=("data/rows.validation.json",)),
        ),
    )  # fmt: skip
    base = RunRecord(
        run_id, "tiny", "c" * 40, True, "dev", STARTED, 12.5, "AWS: none is used by this run",
        judge(results, ["unit", "data"]), results, artifacts(place) if built else (), True, "",
        {"lockgate": "0.1", "python": "3.11"},
    )  # fmt: skip
    return Left(folder, leave(replace(base, **record), folder, SOLUTION, root))


def key(place: Path) -> FileKey:
    """The development key of a folder."""
    return development_key(place / "keys")


def signed(place: Path, signer: FileKey, **run: Any) -> Left:
    """A run that is signed."""
    left = a_run(place, **run)
    sign_run(left.folder, signer, signer.public, failed=True)
    return left


def keys(*signers: FileKey) -> Mapping[str, Any]:
    return {signer.keyid: signer.public for signer in signers}
