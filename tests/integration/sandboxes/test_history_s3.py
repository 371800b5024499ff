"""Builders that race for versions in a bucket of the sandbox; `lockgate build` with its history there."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from helpers.histories import artifact, history, sound, version

from runner.adapters.aws import Aws, sandbox_target
from runner.cli import main
from runner.history.store import S3Records

pytestmark = pytest.mark.integration
BUILDERS = 50


@pytest.fixture(scope="module")
def aws(sandbox: Any) -> Aws:
    found = Aws(sandbox_target(sandbox.url))
    found.ensure_bucket("history")
    return found


@pytest.mark.parametrize("distinct", [BUILDERS, 1])
def test_fifty_builders_get_a_version_for_each_content(aws: Aws, distinct: int) -> None:
    records = S3Records(aws, "history", f"race-{distinct}")
    contents = [f"content {n % distinct}" for n in range(BUILDERS)]
    with ThreadPoolExecutor(BUILDERS) as pool:
        said = list(pool.map(lambda content: version(history(records), content), contents))
    pairs = sound(history(records))
    assert said == [pairs[artifact(content).sha256] for content in contents]
    assert set(said) == {f"2026.11.22-{n + 1}" for n in range(distinct)}


def test_s3_itself_keeps_the_first_record(aws: Aws) -> None:
    records = S3Records(aws, "history", "kept")
    assert records.get("k.json") is None and records.keys("a") == []
    assert records.put("k.json", b"first") and not records.put("k.json", b"second")
    assert records.get("k.json") == b"first"


def test_a_build_with_its_history_in_a_bucket(
    aws: Aws,
    sandbox: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two checkouts that know nothing of each other share the versions; without the bucket it is 3."""
    monkeypatch.setenv("LOCKGATE_SANDBOX_URL", sandbox.url)
    monkeypatch.setenv("LOCKGATE_CACHE", str(tmp_path / "cache"))
    first, second = (built(tmp_path / name, capsys, "s3://history/shared") for name in ("one", "two"))
    assert first["outcome"] == f"built {first['version']}"
    assert second["outcome"] == f"unchanged since {first['version']}"
    assert not list(tmp_path.glob("*/.lockgate/history"))
    assert built(tmp_path / "three", capsys, "s3://no-such-bucket/x", code=3)["status"] == "ERROR"


def built(root: Path, capsys: pytest.CaptureFixture[str], place: str, code: int = 0) -> dict[str, Any]:
    (root / "src").mkdir(parents=True)
    (root / "suites").mkdir()
    (root / "requirements.lock").touch()
    (root / "src/app.py").write_text("def handler(event, context):\n    return 1\n")
    (root / "lockgate.yml").write_text(
        f"solution: tiny\nhistory: {place}\nstages: {{unit: {{suites: [suites]}}}}\n"
        "components: {fn: {kind: lambda-zip, source: src, handler: app.handler}}\n"
    )
    capsys.readouterr()
    assert main(["build", "--json", "--solution", str(root)]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)["components"]["fn"]
    return found
