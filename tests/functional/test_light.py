"""What is only asked for costs only what it needs: no heavy library is imported for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FLIGHTS = str(Path(__file__).parents[2] / "examples" / "flights")
HEAVY = [
    "great_expectations",
    "pandas",
    "numpy",
    "sklearn",
    "boto3",
    "botocore",
    "onnxruntime",
    "pyarrow",
    "duckdb",
    "docker",
    "cfnlint",
    "ministack",
    "pytest",
    "rich",
    "jinja2",
]
SHOW = (
    "import sys; from runner.cli import main; code = main(%r); "
    "print('\\n', code, [m for m in %r if m in sys.modules])"
)


def last_line(script: str) -> str:
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1].strip()


@pytest.mark.parametrize(
    "argv",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        *([name, "--solution", FLIGHTS] for name in ("plan", "versions")),
    ],
    ids=" ".join,
)
def test_it_imports_nothing_heavy(argv: list[str]) -> None:
    assert last_line(SHOW % (argv, HEAVY)) == "0 []"


def test_the_check_above_can_fail() -> None:
    assert "pandas" in last_line("import pandas; " + SHOW % (["--help"], HEAVY))
