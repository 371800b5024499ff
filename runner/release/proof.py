"""A manifest that may be deployed: found, verified against keys and policy, and of this solution.

Nothing here writes anything anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner.adapters.files import sha256_file
from runner.config.load import FILE
from runner.errors import InfrastructureError, RefusedError
from runner.evidence.finding import Finding, Outcome, exit_code
from runner.manifest.read import ReadManifest, read_manifest
from runner.model import Status


@dataclass(frozen=True, slots=True)
class Proven:
    """A verified manifest, the folder in which it lies, and what was checked."""

    manifest: ReadManifest
    folder: Path
    findings: tuple[Finding, ...]

    def bytes_of(self, sha256: str) -> Path | None:
        """The file beside the manifest that should have a digest; None where there is none."""
        path = self.folder / "components" / sha256
        return path if path.is_file() else None


def proven(path: Path, findings: list[Finding], solution: str, root: Path, name: str) -> Proven:
    """The manifest at `path`, whose verification gave `findings`, as one that may be deployed. `name` is
    what the person who asked calls it.

    Raises RefusedError where it does not hold, is another solution's, did not pass, or was made from
    another lockgate.yml than `root` has; InfrastructureError where that could not be told."""
    if code := exit_code(findings):
        bad = [f for f in findings if f.outcome in (Outcome.REFUSED, Outcome.UNKNOWN)]
        told = "; ".join(f"{f.what}: {f.detail}" for f in bad) or "nothing of it was checked"
        kind = RefusedError if code == 1 else InfrastructureError
        raise kind(f"the manifest is not accepted: {told}", where=name, hint=_next(told))
    manifest = read_manifest(path)
    fields = manifest.fields
    if fields.solution != solution:
        raise RefusedError(f"it is a manifest of {fields.solution!r}, not of {solution!r}", where=name)
    if fields.verdict.status is not Status.PASSED or not fields.complete:
        what = f"its verdict is {fields.verdict.status}" if fields.complete else "stages were left out"
        raise RefusedError(f"{what}: nothing else than a complete pass is deployed", where=name)
    if fields.configuration.sha256 != sha256_file(root / FILE):
        raise RefusedError(
            f"it was made from another {FILE} than this one",
            where=str(root / FILE),
            hint=f"git checkout {fields.source.commit[:12] or 'the commit that was tested'}",
        )
    return Proven(manifest, path.parent, tuple(findings))


def _next(told: str) -> str:
    unsigned = "it is not signed" in told
    return "sign the run first: lockgate sign FOLDER" if unsigned else "lockgate verify says more"
