"""Prepare steps: commands that make the files which stages and training read."""

from __future__ import annotations

import hashlib
from pathlib import Path

from runner.adapters.files import sha256_tree
from runner.components.stamped import Command, run_stamped
from runner.config.schema import Prepare, Solution


def prepare(job_root: Path, name: str, config: Prepare, python: Path, solution: Solution, log: Path) -> str:
    """Run a prepare step where its inputs have changed; the digest of its outputs.

    Raises what `run_stamped` raises."""
    command = Command(f"prepare-{name}", config.run, config.inputs, config.outputs, config.timeout)
    run_stamped(job_root, command, python, solution, log)
    return outputs_digest(job_root, config)


def outputs_digest(root: Path, config: Prepare) -> str:
    """One digest over a step's outputs as they are now."""
    lines = (f"{name}\0{sha256_tree(root / name)}\n" for name in sorted(config.outputs))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
