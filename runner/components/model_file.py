"""A model's file, opened without executing anything from it: which format it is, and what it says.

A file is what its bytes are, not what its name says: anything that is neither ONNX nor skops is
refused, a pickle by its name. What a model predicted (Parquet, CSV) stands for one of any framework.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from runner.components import BuildJob
from runner.components.onnx_file import NotOnnx, onnx_facts
from runner.components.skops_file import NotSkops, skops_facts
from runner.components.trusted_types import require_trusted
from runner.config.schema import Model
from runner.errors import SolutionError

# https://protobuf.dev/programming-guides/proto-limits/: 2 GiB
BYTES_LIMIT = 2**31
HEAD = 4096
# Tables of predictions, and how their bytes begin; CSV begins with anything.
PREDICTIONS = {".parquet": b"PAR1", ".csv": b""}
# How serialized Python begins: pickle's protocols 2 to 5, its text protocols, and what joblib and
# others compress it with; a zip archive with data.pkl is PyTorch's.
PICKLES = re.compile(
    rb"\x80[\x02-\x05]|\(lp\d|\(dp\d|c[\w.]+\n\w+\n|\(i[\w.]+\n|(?:ccopy_reg|c__builtin__)\n"
)
COMPRESSED = (
    b"\x1f\x8b",
    b"x\x01",
    b"x\x5e",
    b"x\x9c",
    b"x\xda",
    b"ZF",
    b"BZh",
    b"\xfd7zXZ",
    b"\x04\x22\x4d\x18",
)
HINT = "export to .onnx or .skops; a pickle runs code when it is read"


def model_facts(job: BuildJob, component: Model, path: Path, sha256: str) -> dict[str, Any]:
    """What the manifest says of a model: its format, and operator sets or trusted types.

    Raises SolutionError for a file of any other format, unless the configuration names its digest as
    that of a pickle; that one is not opened at all."""
    if component.allow_pickle_sha256:
        return _allowed_pickle(job, component, sha256)
    if path.stat().st_size > BYTES_LIMIT:
        raise SolutionError(f"it has more than {BYTES_LIMIT:,} bytes", where=f"{job.name}: {component.path}")
    if path.suffix in PREDICTIONS:
        return _predictions(job, component, path)
    try:
        if component.path.endswith(".onnx"):
            return {"format": "onnx", **onnx_facts(path)}
        found = skops_facts(path)
    except (NotOnnx, NotSkops) as why:
        kind = _kind(path)
        what = f"{component.path!r} is {kind}" if kind else f"{component.path!r} is no such model: {why}"
        raise SolutionError(what, where=job.name, hint=HINT) from None
    trusted = require_trusted(job, path, sha256, component.trusted)
    return {"format": "skops", **found, "trusted_types": trusted}


def _allowed_pickle(job: BuildJob, component: Model, sha256: str) -> dict[str, Any]:
    if sha256 != component.allow_pickle_sha256:
        raise SolutionError(
            f"{component.path!r} has sha256 {sha256[:12]}..., not the one that allow_pickle_sha256 names",
            where=job.name,
            hint="a pickle runs code when it is read: each is allowed by its own digest",
        )
    return {"format": "pickle", "opened": False, "allowed_by": f"components.{job.name}.allow_pickle_sha256"}


def _predictions(job: BuildJob, component: Model, path: Path) -> dict[str, Any]:
    """It is opened by the model stage, which holds no credentials, and not here."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    kind = _kind(path) or ("" if head.startswith(PREDICTIONS[path.suffix]) else "no Parquet file")
    if kind:
        what = f"{component.path!r} is {kind}, not predictions"
        raise SolutionError(what, where=job.name, hint="write what the model predicted as Parquet or CSV")
    return {"format": "predictions", "opened": False}


def _kind(path: Path) -> str:
    """What serialized Python a file is, by its first bytes; '' for anything else."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    if PICKLES.match(head):
        return "a pickle"
    if head.startswith(COMPRESSED):
        return "compressed, as joblib's pickles are"
    if head.startswith(b"\x93NUMPY"):
        return "a numpy array"
    if head.startswith(b"PK") and b".pkl" in head:
        return "an archive of pickles (PyTorch)"
    return ""
