"""Which types a skops file may hold: skops' own list, a few that were reviewed, and the solution's."""

from __future__ import annotations

import json
from pathlib import Path

from runner.adapters import shell
from runner.adapters.files import sha256_file, write_atomic
from runner.components import BuildJob
from runner.errors import InfrastructureError, SolutionError
from runner.text import one_line

SCRIPT = Path(__file__).with_name("_skops_types.py")
TIMEOUT = 120.0
# scikit-learn's own containers of numbers, which skops does not trust by itself: their state is arrays.
REVIEWED = frozenset(
    {
        "numpy.dtype",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)


def require_trusted(job: BuildJob, model: Path, sha256: str, trusted: tuple[str, ...]) -> list[str]:
    """The types beyond skops' own list, each reviewed or named by the configuration.

    Raises SolutionError for any other, InfrastructureError where skops cannot be asked."""
    found = _untrusted(job, model, sha256)
    if refused := sorted(set(found) - REVIEWED - set(trusted)):
        shown = ", ".join(one_line(name, 120) for name in refused[:5])
        raise SolutionError(
            f"it holds types that nobody trusts: {shown}",
            where=f"{job.name}: {model.name}",
            hint=f"review them; then name them in components.{job.name}.trusted",
        )
    return found


def _untrusted(job: BuildJob, model: Path, sha256: str) -> list[str]:
    """What skops says of the file; kept by the file's digest and the environment that was asked."""
    environment = job.python.parent.parent.name
    kept = job.cache / "models" / f"{sha256}-{environment}-{sha256_file(SCRIPT)[:12]}.json"
    try:
        return _names(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = _asked(job, model)
        write_atomic(kept, json.dumps(found).encode())
        return found


def _asked(job: BuildJob, model: Path) -> list[str]:
    argv = [str(job.python), "-I", str(SCRIPT), str(model)]
    log = job.out / f"skops-{job.name}.log"
    done = shell.run(argv, cwd=job.root, timeout=TIMEOUT, log=log, untrusted=True)
    lines = [line for line in done.output.splitlines() if line.strip()]
    if "No module named 'skops'" in done.output:
        why = "the solution's environment has no skops, which says what the file's types are"
        raise InfrastructureError(why, where=job.name, hint="add skops to python.lock")
    if done.timed_out or done.ended_by_us or done.code < 0:
        raise InfrastructureError("skops did not say what the file's types are", where=str(log))
    try:
        return _names(lines[-1] if lines and done.code == 0 else "")
    except ValueError:
        told = one_line(lines[-1]) if lines else "it said nothing"
        raise SolutionError(f"skops cannot read it: {told}", where=str(log)) from None


def _names(text: str) -> list[str]:
    found = json.loads(text)
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise ValueError("no list of names")
    return found
