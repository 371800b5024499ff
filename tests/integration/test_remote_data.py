"""A table that lies in S3, in a real sandbox process: judged there, and told where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.whole_runs import Ran, run

from runner.adapters.aws import Aws, sandbox_target
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration

CONFIG = """\
solution: remote
stages:
  data: {tables: {t: {source: "s3://tables-of-tests/%s", suite: t.json}}}
"""
SUITE = """{"name": "t", "expectations": [
  {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a"}}]}"""


def judged(
    root: Path, cache: Path, key: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Ran:
    (root / "lockgate.yml").write_text(CONFIG % key)
    (root / "t.json").write_text(SUITE)
    (root / "t.csv").write_text("a,b\n1,2\n3,4\n")
    (root / "holes.csv").write_text("a,b\n1,2\n,4\n")
    with start_embedded(root / "logs", cache) as sandbox:
        monkeypatch.setenv("LOCKGATE_SANDBOX_URL", sandbox.url)
        aws = Aws(sandbox_target(sandbox.url))
        aws.ensure_bucket("tables-of-tests")
        for name in ("t.csv", "holes.csv"):
            aws.upload(root / name, "tables-of-tests", name)
        return run(root, capfd)


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [("t.csv", 0, "PASSED"), ("holes.csv", 1, "null"), ("absent.csv", 3, "absent.csv")],
)
def test_a_table_in_s3(
    key: str,
    code: int,
    said: str,
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ran = judged(tmp_path, cache, key, monkeypatch, capfd)
    assert ran.code == code, ran.last
    assert said in ran.last and ran.out.startswith("AWS: sandbox at http://127.0.0.1")
