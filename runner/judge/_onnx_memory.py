"""Stand-alone: how much memory an ONNX model takes in a process that only serves it, row by row.

    python -I _onnx_memory.py MODEL.onnx MATRIX.npy INPUT OUTPUT

Prints {"base": bytes, "peak": bytes}: what was resident with everything imported and nothing opened, and the
most that was while the model was opened and asked (VmHWM, proc(5); set back by clear_refs).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROWS = 200


def resident(field: str) -> int:
    """VmRSS or VmHWM of this process, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(f"{field}:")).split()[1]) * 1024


def main(model: str, matrix: str, input: str, output: str) -> int:
    """Open the model as the judge does, ask it for single rows, and tell what that took."""
    import numpy as np
    import onnxruntime

    rows = np.load(matrix, allow_pickle=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    base = resident("VmRSS")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    for number in range(ROWS):
        at = number % len(rows)
        session.run([output], {input: rows[at : at + 1]})
    print(json.dumps({"base": base, "peak": resident("VmHWM")}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
