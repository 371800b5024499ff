"""A stage elsewhere without an elsewhere: its order, and what an agent would have left in the store."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner import wire
from runner.adapters.files import sha256_file
from runner.hosts import Order, Remote
from runner.model import Artifact, Check, StageReport, Status
from runner.remote.bundle import pack
from runner.remote.job import Told, ending_key, sealed
from runner.remote.store import Store, blob_key
from runner.stages.child import HANDOVER, RESULT, Handover

RUN, STAGE, KEY = "20260101T000000Z-abcdef", "unit", "k" * 64
PASSED = Check("suites/unit/test_it.py::test_one", Status.PASSED, "suites/unit")
REPORT = StageReport(RUN, STAGE, "unit", Status.PASSED, (PASSED.id,), (PASSED,), 0.1)
CONFIG = "solution: tiny\nstages:\n  unit: {suites: [suites/unit]}\n"


def order(root: Path, artifacts: Mapping[str, Artifact] | None = None, **fields: Any) -> Order:
    """An order for the unit stage of a solution that is written there."""
    suite, out = root / "suites/unit", root / "out"
    suite.mkdir(parents=True, exist_ok=True)
    (root / "lockgate.yml").write_text(CONFIG, encoding="utf-8")
    (suite / "test_it.py").write_text("def test_one():\n    pass\n", encoding="utf-8")
    wire.save(out / HANDOVER, Handover(RUN, "/usr/bin/python3", artifacts or {}))
    fixed = {"timeout": 60.0, "remote": remote()}
    return Order(STAGE, root, out, out / HANDOVER, **{**fixed, **fields})


def remote(**fields: Any) -> Remote:
    return replace(Remote(RUN, "", needs_python=False, needs_aws=False), **fields)


def leave(store: Store, report: StageReport = REPORT, *, key: str = KEY, **told: Any) -> Told:
    """What an agent leaves of a stage with this report; `told` are fields of its ending."""
    with tempfile.TemporaryDirectory() as folder:
        path, bundle, ending = Path(folder, RESULT), Path(folder, "b"), Path(folder, "e")
        wire.save(path, report)
        pack(Path(folder), [RESULT], bundle)
        fields = {"result": sha256_file(path), "outputs": sha256_file(bundle), **told}
        said = replace(Told(RUN, STAGE, "", 0), **fields)
        store.put(blob_key(sha256_file(bundle), "results"), bundle)
        ending.write_bytes(sealed(said, key))
        store.put(ending_key(STAGE, ""), ending)
    return said
