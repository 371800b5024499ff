"""A run that an orchestrator has spread, without an orchestrator: its plan and endings in a folder."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers import remotes

from runner import spread
from runner.model import StageResult, Status
from runner.remote.job import Spread, sealed
from runner.remote.send import send_solution
from runner.remote.store import FolderStore, Store
from runner.report.record import RunRecord
from runner.report.view import Silent
from runner.stages.child import Handover

BEFORE = (StageResult("environment:python", "environment", Status.PASSED),)
SUCCEEDED = {"unit": "SUCCEEDED"}


@dataclass
class SpreadRun:
    """One run of the solution of `remotes.order`: what its tasks leave, and its conclusion."""

    folder: Path
    name: str = remotes.RUN
    key: str = remotes.KEY
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = FolderStore(self.folder / "runs" / self.name)

    @property
    def task(self) -> spread.Task:
        scratch = Path(tempfile.mkdtemp(dir=self.folder))
        return spread.Task(self.store, self.key, scratch, Silent())

    def prepared(self, *, key: str = "", **fields: Any) -> SpreadRun:
        """With the plan that `prepare` would have left; `fields` are those of the plan."""
        root = self.folder / "solution"
        remotes.order(root)
        (root / "requirements.lock").touch()
        digest, files = send_solution(root, Handover(self.name, "", {}), (), (), self.store)
        fixed: dict[str, Any] = {
            "run_id": self.name, "started": "2026-01-01T00:00:00+00:00", "commit": "", "clean": None,
            "branch": "",
            "aws": "AWS: none", "stages": (), "results": BEFORE, "artifacts": {}, "jobs": {"unit": "0" * 64},
            "needs": {"unit": ()}, "source": digest, "files": files,
        }  # fmt: skip
        path = self.folder / "made-plan.json"
        path.write_bytes(sealed(Spread(**{**fixed, **fields}), key or self.key))
        self.store.put(spread.PLAN, path)
        return self

    def conclude(self, words: dict[str, str] | None = None) -> RunRecord:
        said = SUCCEEDED if words is None else words
        return spread.conclude(self.task, lambda parts: said, Path(tempfile.mkdtemp(dir=self.folder)))

    @property
    def manifest(self) -> dict[str, Any]:
        """The one in the store, {} where there is none."""
        path = self.folder / "runs" / self.name / "report/manifest.json"
        return dict(json.loads(path.read_bytes())) if path.is_file() else {}

    @property
    def status(self) -> str:
        """The verdict in the store, '' where there is none."""
        return str(self.manifest["verdict"]["status"]) if self.manifest else ""

    def files(self) -> dict[str, bytes]:
        """Everything in the store."""
        root = self.folder / "runs" / self.name
        return {
            p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()
        }
