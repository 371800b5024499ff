"""buildspec.yml around a `lockgate` that ends in every way: what the build is, exports and uploads.

The real one, in the image, is under tests/containers/test_buildspec.py."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import sample_runs as sample
from helpers.buildspec import Build, Builder
from helpers.buildspec_rules import check

from runner.report.variables import variables

BUILDSPEC = (Path(__file__).parents[2] / "buildspec.yml").read_text(encoding="utf-8")
MANIFEST = json.dumps({"verdict": {"status": "%s"}})
# What a run leaves, in the order in which it does; each line may be the last.
LOCKGATE = """\
#!/bin/sh
test "$1 $2" = "run --solution" && test "$LOCKGATE_AWS" = "{aws}" || exit 2
run="$3/.lockgate/runs/{run}"
mkdir -p "$run/logs" "$run/stages/unit" "$run/junit" "$run/components"
echo text > "$run/logs/build-x.log"; echo text > "$run/stages/unit/stage.log"; echo {{}} > "$run/result.json"
echo x >> "$3/.lockgate/durations.json"
{dies_early}
echo '<testsuites><testsuite><testcase name="a"/></testsuite></testsuites>' > "$run/junit/unit.xml"
printf '%s\\n' LOCKGATE_VERDICT={verdict} LOCKGATE_RUN_ID={run} LOCKGATE_MANIFEST_SHA256={sha256} \\
  LOCKGATE_REASON="'it is; so \\$(false)'" LOCKGATE_COMPLETE=true > "$run/variables.env"
{dies_late}
printf %s '{manifest}' > "$run/manifest.json"
{dies_last}
exit {code}
"""
KILLED = "kill -9 $$"


@pytest.fixture(params=[False, True], ids=["one-shell-a-phase", "one-shell-a-command"])
def separate(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def build(
    tmp_path: Path, *, separate: bool = False, verdict: str = "PASSED", code: int = 0, **how: Any
) -> Build:
    """A build whose `lockgate` leaves this verdict, exits so, and does or dies as `how` says."""
    source, state, bin_folder = tmp_path / "src", tmp_path / "state", tmp_path / "bin"
    for folder in (source / how.get("solution", "."), state, bin_folder):
        folder.mkdir(parents=True, exist_ok=True)
    manifest = MANIFEST % verdict
    sha256 = hashlib.sha256(manifest.encode()).hexdigest()
    said = {"run": "now", "aws": "1", "dies_early": "", "dies_late": "", "dies_last": "", "sha256": sha256}
    said |= {"verdict": verdict, "code": code, "manifest": manifest} | how
    (bin_folder / "lockgate").write_text(LOCKGATE.format(**said))
    (bin_folder / "lockgate").chmod(0o755)
    base = {"PATH": f"{bin_folder}:/usr/bin:/bin", "CODEBUILD_BUILD_NUMBER": "7"}
    base["LOCKGATE_CACHE"] = str(how.get("cache", tmp_path / "cache"))
    start = {"LOCKGATE_SOLUTION": how["solution"]} if "solution" in how else {}
    start |= how.get("start", {})
    places = (source, str(source)), (state, str(state))
    return Builder(*places, base=base, start=start, separate=separate).build(BUILDSPEC)


def is_an_error(done: Build) -> None:
    """FAILED, and nothing exported or uploaded could be taken for more than an ERROR."""
    assert done.status == "FAILED"
    assert done.exported["LOCKGATE_VERDICT"] == "ERROR"
    for name in ("RUN_ID", "MANIFEST_SHA256", "MANIFEST_URI", "VERSION"):
        assert done.exported[f"LOCKGATE_{name}"] == "none"
    assert done.exported["LOCKGATE_COMPLETE"] == "false"
    left = {name for name in done.files if not name.endswith(".log")}
    assert left == {"variables.env", "junit/lockgate.xml"}
    kept = (done.artifacts / "variables.env").read_text().splitlines()
    assert kept[:-1] == [
        "LOCKGATE_VERDICT=ERROR",
        "LOCKGATE_RUN_ID=none",
        "LOCKGATE_MANIFEST_SHA256=none",
        "LOCKGATE_MANIFEST_URI=none",
        "LOCKGATE_VERSION=none",
        "LOCKGATE_COMPLETE=false",
    ]
    assert done.reports["lockgate"].failed == ("run",)
    assert "see the log" in done.exported["LOCKGATE_REASON"]


def test_it_is_one_that_codebuild_takes() -> None:
    spec = check(yaml.safe_load(BUILDSPEC))
    assert spec["env"]["variables"] == {"LOCKGATE_AWS": "1", "LOCKGATE_SOLUTION": "."}
    assert len(spec["reports"]) <= 5
    assert "on-failure" not in json.dumps(spec), "post_build has to follow a failed build"


def test_it_exports_what_a_run_says_and_nothing_unknown() -> None:
    said = set(variables(sample.passing()))
    exported = yaml.safe_load(BUILDSPEC)["env"]["exported-variables"]
    assert set(exported) <= said
    assert {"LOCKGATE_VERDICT", "LOCKGATE_RUN_ID", "LOCKGATE_MANIFEST_SHA256", "LOCKGATE_REASON"} <= set(
        exported
    )


@pytest.mark.parametrize("solution", [".", "examples/a b", "./x/"])
def test_a_run_that_passed(tmp_path: Path, separate: bool, solution: str) -> None:
    done = build(tmp_path, separate=separate, solution=solution)
    assert (done.status, done.name) == ("SUCCEEDED", "lockgate-7"), done.log
    assert done.exported["LOCKGATE_VERDICT"] == "PASSED"
    assert done.exported["LOCKGATE_REASON"] == "it is; so $(false)"
    manifest = (done.artifacts / "manifest.json").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == done.exported["LOCKGATE_MANIFEST_SHA256"]
    assert {"variables.env", "junit/unit.xml", "result.json", "logs/build-x.log"} <= done.files
    assert (done.reports["lockgate"].cases, done.reports["lockgate"].failed) == (1, ())


@pytest.mark.parametrize("verdict, code", [("FAILED", 1), ("ERROR", 3), ("ERROR", 130)])
def test_a_run_that_did_not_pass(tmp_path: Path, separate: bool, verdict: str, code: int) -> None:
    done = build(tmp_path, separate=separate, verdict=verdict, code=code)
    assert (done.status, done.phases["build"], done.exported["LOCKGATE_VERDICT"]) == (
        "FAILED",
        "FAILED",
        verdict,
    )
    assert {"manifest.json", "junit/unit.xml"} <= done.files
    assert json.loads((done.artifacts / "manifest.json").read_bytes())["verdict"]["status"] == verdict


@pytest.mark.parametrize(
    "how",
    [
        {"dies_early": KILLED},
        {"dies_early": "exit 0"},
        {"dies_late": KILLED},
        {"dies_late": "exit 0"},
        {"dies_last": KILLED},
        {"code": 3},
        {"verdict": "FAILED"},
        {"verdict": "ERROR"},
        {"sha256": "0" * 64},
        {"dies_last": 'echo >> "$run/manifest.json"'},
        {"dies_last": 'cp -R "$run" "$run-again"'},
    ],
    ids=[
        "killed before it left anything",
        "ended before it left anything, exit 0",
        "killed before the manifest",
        "ended before the manifest, exit 0",
        "killed after the manifest",
        "a pass with exit 3",
        "a failure with exit 0",
        "an error with exit 0",
        "variables that name another manifest",
        "a manifest that was changed",
        "two runs",
    ],
)
def test_a_run_that_is_not_believed(tmp_path: Path, separate: bool, how: dict[str, Any]) -> None:
    is_an_error(build(tmp_path, separate=separate, **how))


def test_the_logs_of_a_dead_run_are_kept(tmp_path: Path) -> None:
    done = build(tmp_path, dies_late=KILLED)
    assert {"logs/build-x.log", "stages/unit/stage.log"} <= done.files


def test_an_earlier_run_is_not_taken_for_this_one(tmp_path: Path, separate: bool) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    assert build(tmp_path / "first", run="earlier").status == "SUCCEEDED"
    left = tmp_path / "first" / "src" / "lockgate-results"
    for target in ("src/.lockgate/runs/earlier", "src/lockgate-results"):
        (tmp_path / "second" / target).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "second" / target).symlink_to(left)
    is_an_error(build(tmp_path / "second", separate=separate, dies_early=KILLED))
    assert (left / "manifest.json").exists(), "what a link leads to is not this build's to remove"


def test_recorded_durations_are_carried_from_build_to_build(tmp_path: Path, separate: bool) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        build(tmp_path / name, separate=separate, cache=tmp_path / "cache", solution="x")
    assert (tmp_path / "cache" / "durations" / "durations.json").read_text() == "x\nx\n"


def test_a_verdict_from_outside_is_not_believed(tmp_path: Path, separate: bool) -> None:
    given = {"LOCKGATE_VERDICT": "PASSED", "LOCKGATE_MANIFEST_SHA256": "a" * 64, "LOCKGATE_RUN_ID": "x"}
    is_an_error(build(tmp_path, separate=separate, start=given, dies_early=KILLED))


def test_without_a_folder_for_the_solution_nothing_passes(tmp_path: Path) -> None:
    done = build(tmp_path, start={"LOCKGATE_SOLUTION": ""})
    assert (done.status, done.phases) == ("FAILED", {"pre_build": "FAILED"})
    assert (done.exported["LOCKGATE_VERDICT"], done.files) == ("ERROR", set())


def test_starting_a_build_can_leave_the_real_aws_out(tmp_path: Path) -> None:
    assert build(tmp_path, aws="0", start={"LOCKGATE_AWS": "0"}).status == "SUCCEEDED"
