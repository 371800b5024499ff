"""The Test project's buildspec around a `lockgate` that ends in every way: what it exports and hands on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from helpers.buildspec import Build, Builder
from helpers.cloudformation import read

LOCKGATE = """\
#!/bin/sh
if test "$1" = notify; then echo "$*" > "$TOLD"; exit 3; fi
test "$*" = "task judge --keep-key --store s3://b/runs/1 --out judged" || exit 2
mkdir -p judged/junit
echo '<testsuites><testsuite><testcase name="a"/></testsuite></testsuites>' > judged/junit/unit.xml
printf '%s\\n' LOCKGATE_VERDICT={verdict} LOCKGATE_RUN_ID=1 LOCKGATE_MANIFEST_SHA256={sha256} \\
  LOCKGATE_REASON="'it is; so \\$(false)'" LOCKGATE_COMPLETE=true > judged/variables.env
{dies}
printf %s manifest > judged/manifest.json
exit {code}
"""
DIGEST = hashlib.sha256(b"manifest").hexdigest()


def build(folder: Path, *, verdict: str, code: int, sha256: str = DIGEST, dies: str = "") -> Build:
    source, state, bin_folder = folder / "src", folder / "state", folder / "bin"
    for each in (source, state, bin_folder):
        each.mkdir()
    (source / "judged").mkdir()  # one that came with the artifact is not believed
    (source / "judged/variables.env").write_text("LOCKGATE_VERDICT=PASSED\n")
    lockgate = bin_folder / "lockgate"
    lockgate.write_text(LOCKGATE.format(verdict=verdict, code=code, sha256=sha256, dies=dies))
    lockgate.chmod(0o755)
    base = {
        "TOLD": str(folder / "told.txt"),
        "PATH": f"{bin_folder}:/usr/bin:/bin",
        "LOCKGATE_STORE": "s3://b/runs/1",
    }
    spec = read("pipeline")["Resources"]["TestProject"]["Properties"]["Source"]["BuildSpec"]
    places = (source, str(source)), (state, str(state))
    return Builder(*places, base=base, start={}, separate=False).build(spec)


@pytest.mark.parametrize(
    ("verdict", "code", "status"),
    [("PASSED", 0, "SUCCEEDED"), ("FAILED", 1, "FAILED"), ("ERROR", 3, "FAILED")],
)
def test_it_says_what_the_run_said(tmp_path: Path, verdict: str, code: int, status: str) -> None:
    done = build(tmp_path, verdict=verdict, code=code)
    assert (done.status, done.exported["LOCKGATE_VERDICT"]) == (status, verdict), done.log
    assert done.exported["LOCKGATE_MANIFEST_SHA256"] == DIGEST
    assert done.exported["LOCKGATE_REASON"] == "it is; so $(false)"
    assert {"manifest.json", "variables.env"} <= set(done.files)
    # Who passed is told to nobody; and the step's own end, here that nobody could be told, changes nothing.
    assert (tmp_path / "told.txt").read_text() == "notify lockgate-results\n"


@pytest.mark.parametrize(
    ("verdict", "code", "sha256", "dies"),
    [
        ("PASSED", 3, DIGEST, ""),
        ("FAILED", 0, DIGEST, ""),
        ("PASSED", 0, "0" * 64, ""),
        ("PASSED", 0, DIGEST, "kill -9 $$"),
        ("PASSED", 0, DIGEST, "exit 0"),
    ],
    ids=["fails-but-passed", "succeeds-but-failed", "another-manifest", "killed", "no-manifest"],
)
def test_what_does_not_fit_is_an_error(
    tmp_path: Path, verdict: str, code: int, sha256: str, dies: str
) -> None:
    done = build(tmp_path, verdict=verdict, code=code, sha256=sha256, dies=dies)
    assert done.status == "FAILED", done.log
    assert done.exported["LOCKGATE_VERDICT"] == "ERROR"
    assert done.exported["LOCKGATE_RUN_ID"] == done.exported["LOCKGATE_MANIFEST_SHA256"] == "none"
    assert done.exported["LOCKGATE_COMPLETE"] == "false"
    assert not set(done.files)
