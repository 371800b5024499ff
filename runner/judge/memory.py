"""How much memory serving a model takes: in a process that does nothing else, or in its container."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.adapters import privileges, shell
from runner.judge.predictions import CannotCompute
from runner.text import one_line

SCRIPT = Path(__file__).with_name("_onnx_memory.py")
TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes, and what they are of, for people."""

    bytes: int
    what: str


def onnx_memory(data: bytes, matrix: Any, input: str, output: str) -> Memory:
    """The peak resident bytes of a process of its own that opens the model and predicts single rows, above
    what it had before it opened it. Raises CannotCompute where that cannot be measured."""
    import numpy as np

    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        model, rows = Path(folder, "model.onnx"), Path(folder, "matrix.npy")
        model.write_bytes(data)
        np.save(rows, matrix[:1000], allow_pickle=False)
        command = [sys.executable, "-I", str(SCRIPT), str(model), str(rows), input, output]
        with privileges.lent(Path(folder)):
            done = shell.run(command, cwd=Path(folder), timeout=TIMEOUT, untrusted=True)
    return Memory(above(done), "a process of its own, above what it had before the model was opened")


def above(done: shell.Completed) -> int:
    """The bytes that such a process told, peak above base. Raises CannotCompute where it told none."""
    lines = [line for line in done.output.splitlines() if line.strip()]
    try:
        told = json.loads(lines[-1] if lines and not done.code else "")
        base, peak = told["base"], told["peak"]
    except (ValueError, TypeError, KeyError):
        why = one_line(lines[-1]) if lines else "it said nothing"
        raise CannotCompute(f"the process that measures it ended with status {done.code}: {why}") from None
    if not (isinstance(base, int) and isinstance(peak, int) and 0 < base <= peak):
        raise CannotCompute("the process that measures it told no numbers of bytes")
    return peak - base
